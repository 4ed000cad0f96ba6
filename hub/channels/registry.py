"""The kinds of channels there are: found as folders, loaded when a kind is first used."""

import pkgutil
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, cast

import msgspec
from msgspec import Struct

import hub.channels
from hub.channels.contract import Adapter, Capabilities
from hub.channels.errors import (
    ChannelKindUnknown,
    SettingInvalid,
    SettingMalformed,
    SettingMissing,
    SettingNotOfKind,
    SettingsInvalid,
)
from hub.errors import BadInput

Schema = dict[str, Any]

AT_FIELD = re.compile(r" - at `\$\.(?P<field>[^`.\[]+)[^`]*`$")
NAMED_FIELD = re.compile(r"field `(?P<field>[^`]+)`$")


@cache
def kinds() -> tuple[str, ...]:
    """Name the kinds there are, without loading any."""
    return tuple(sorted(_folders_with("adapter")))


@cache
def adapter_type(kind: str) -> type[Adapter]:
    """Load the adapter of a kind; raises NotFound."""
    if kind not in kinds():
        raise ChannelKindUnknown(kind=kind, known=", ".join(kinds()))
    module = import_module(f"{hub.channels.__name__}.{kind}.adapter")
    return one_of_its_own(module, Adapter)


def capabilities(kind: str) -> Capabilities:
    """Tell what a kind can carry."""
    return adapter_type(kind).capabilities


def listens(kind: str) -> bool:
    """Tell whether a kind holds a line open."""
    return adapter_type(kind).listen is not Adapter.listen


def called_back(kind: str) -> bool:
    """Tell whether a kind understands what its provider calls back with."""
    return adapter_type(kind).parse is not Adapter.parse


def doors() -> Iterator[tuple[str, type[Any]]]:
    """Give every kind that has a door of its own, with the class `Door` of its module `door`."""
    for kind in sorted(_folders_with("door")):
        yield kind, import_module(f"{hub.channels.__name__}.{kind}.door").Door


@cache
def schema(kind: str) -> Schema:
    """Describe what an administrator fills in, as a JSON schema with the fields at its top."""
    whole = msgspec.json.schema(adapter_type(kind).Account)
    definitions = dict(whole["$defs"])
    top: Schema = definitions.pop(whole["$ref"].rpartition("/")[2])
    return {**top, "$defs": definitions} if definitions else top


@cache
def secret_fields(kind: str) -> frozenset[str]:
    """Name the fields that are never shown again: the schema marks them with the format "password"."""
    return frozenset(name for name, field in schema(kind)["properties"].items() if _is_secret(field))


@cache
def destinations(kind: str) -> Mapping[str, Sequence[str]]:
    """Name, for each secret, the fields that tell where it is sent: `goesTo` in the schema."""
    fields = schema(kind)["properties"]
    return {name: fields[name].get("goesTo", ()) for name in secret_fields(kind)}


def account(kind: str, filled_in: Mapping[str, object]) -> Struct:
    """Read what an administrator filled in; raises BadInput naming the field and what it should be."""
    given = {name: value for name, value in filled_in.items() if not _left_out(kind, name, value)}
    try:
        return msgspec.convert(given, adapter_type(kind).Account)
    except msgspec.ValidationError as error:
        raise _in_words(str(error), schema(kind)["properties"]) from error


def split(kind: str, filled: Struct) -> tuple[dict[str, object], dict[str, object]]:
    """Part an account into what may be shown and what may not."""
    everything: dict[str, object] = msgspec.to_builtins(filled)
    secret = secret_fields(kind)
    shown = {name: value for name, value in everything.items() if name not in secret}
    return shown, {name: value for name, value in everything.items() if name in secret and value}


def connect(kind: str, filled: Struct) -> Adapter:
    """Make an adapter for an account; nothing is connected yet."""
    make = cast("Any", adapter_type(kind))
    return cast("Adapter", make(filled))


def one_of_its_own(module: ModuleType, base: type[Any]) -> type[Any]:
    """Find the one class a module defines below `base`."""
    own = [
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, base) and found.__module__ == module.__name__
    ]
    if len(own) != 1:
        raise TypeError(f"{module.__name__} has to define exactly one {base.__name__}, not {len(own)}.")
    return own[0]


def _folders_with(module: str) -> Iterator[str]:
    for folder in pkgutil.iter_modules(hub.channels.__path__):
        if folder.ispkg and find_spec(f"{hub.channels.__name__}.{folder.name}.{module}"):
            yield folder.name


def _is_secret(field: Schema) -> bool:
    return field.get("format") == "password" or any(_is_secret(one) for one in field.get("anyOf", ()))


def _may_be_null(field: Schema) -> bool:
    return any(one.get("type") == "null" for one in field.get("anyOf", ()))


def _left_out(kind: str, name: str, value: object) -> bool:
    """An empty form field counts as left out where the account can do without a value."""
    field = schema(kind)["properties"].get(name, {})
    return value is None or (value == "" and (_may_be_null(field) or _is_secret(field)))


def _in_words(told: str, fields: Schema) -> BadInput:
    at, named = AT_FIELD.search(told), NAMED_FIELD.search(told)
    found = at or named
    if found is None:
        return SettingsInvalid(problem=told)
    field = found["field"]
    described = fields.get(field, {})
    label = described.get("title", field)
    if at is None:
        return (SettingMissing(label=label) if field in fields else SettingNotOfKind(name=field)).at(field)
    help_ = described.get("description", "")
    if "matching regex" in told:
        return SettingMalformed(label=label, help=help_).at(field)
    problem = AT_FIELD.sub("", told).replace("`", "")
    return SettingInvalid(label=label, problem=problem, help=help_).at(field)
