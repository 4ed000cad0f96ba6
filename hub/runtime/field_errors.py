"""Turns msgspec's complaint about a value into an error with a code; pure."""

import re

from hub.errors import BadInput
from hub.runtime.errors import FieldInvalid, FieldMissing, FieldTooLong, FieldTooShort, FieldUnknown

NAMED = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]+)`")
LENGTH = re.compile(r"Expected `(?:str|array|bytes)` of length (?P<sign><=|>=) (?P<number>\d+)")
PLACE = re.compile(r" - at `[^`]*`$")


def field_error(message: str, field: str | None) -> BadInput:
    """Return the error for a message of msgspec (version 0.22) about a field; None: about the body as a whole."""
    found = _error_for(message)
    return found.at(field) if field else found


def _error_for(message: str) -> BadInput:
    if named := NAMED.match(message):
        name = named["name"]
        return FieldMissing(name=name) if named["what"] == "missing required" else FieldUnknown(name=name)
    if length := LENGTH.match(message):
        number = int(length["number"])
        return FieldTooLong(most=number) if length["sign"] == "<=" else FieldTooShort(least=number)
    problem = PLACE.sub("", message).replace("`", "").rstrip(".")
    return FieldInvalid(problem=problem[:1].lower() + problem[1:])
