"""Convert msgspec's validation messages into errors with a code. Pure."""

import re

from hub.errors import BadInput
from hub.runtime.errors import FieldInvalid, FieldMissing, FieldTooLong, FieldTooShort, FieldUnknown

MISSING_OR_UNKNOWN = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]+)`")
WRONG_LENGTH = re.compile(r"Expected `(?:str|array|bytes)` of length (?P<sign><=|>=) (?P<number>\d+)")
PATH_SUFFIX = re.compile(r" - at `[^`]*`$")


def field_error(message: str, field: str | None) -> BadInput:
    """Return the error for a message of msgspec (version 0.22); `field` None means the whole body."""
    error = _error_for(message)
    return error.at(field) if field else error


def _error_for(message: str) -> BadInput:
    if match := MISSING_OR_UNKNOWN.match(message):
        name = match["name"]
        return FieldMissing(name=name) if match["what"] == "missing required" else FieldUnknown(name=name)
    if match := WRONG_LENGTH.match(message):
        limit = int(match["number"])
        return FieldTooLong(most=limit) if match["sign"] == "<=" else FieldTooShort(least=limit)
    problem = PATH_SUFFIX.sub("", message).replace("`", "").rstrip(".")
    return FieldInvalid(problem=problem[:1].lower() + problem[1:])
