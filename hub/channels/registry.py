"""The kinds of channels: found as folders, imported when a kind is first used."""

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, cast

import msgspec
from msgspec import Struct

import hub.channels
from hub.channels.contract import Adapter, AddVerb, Appearance, Capabilities
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

FIELD_PATH = re.compile(r" - at `\$\.(?P<field>[^`.\[]+)[^`]*`$")
FIELD_NAME = re.compile(r"field `(?P<field>[^`]+)`$")


@cache
def kinds() -> tuple[str, ...]:
    """Return the names of all kinds, sorted, without importing any."""
    return tuple(sorted(_folders_with("adapter")))


@cache
def adapter_type(kind: str) -> type[Adapter]:
    """Import the adapter class of a kind; raises NotFound."""
    if kind not in kinds():
        raise ChannelKindUnknown(kind=kind, known=", ".join(kinds()))
    module = import_module(f"{hub.channels.__name__}.{kind}.adapter")
    return only_subclass(module, Adapter)


def capabilities(kind: str) -> Capabilities:
    """Return the capabilities of a kind."""
    return adapter_type(kind).capabilities


def appearance(kind: str) -> Appearance:
    """Return the name and the icon of a kind."""
    return adapter_type(kind).appearance


def listens(kind: str) -> bool:
    """Return whether a kind fetches its items over a connection of its own (`Adapter.listen`)."""
    return adapter_type(kind).listen is not Adapter.listen


def mail_servers() -> Iterator[tuple[str, type[Any]]]:
    """Yield each kind that runs a mail server, with the class `MailServer` of its module `mail_server`."""
    for kind in sorted(_folders_with("mail_server")):
        yield kind, import_module(f"{hub.channels.__name__}.{kind}.mail_server").MailServer


def verbs() -> Iterator[tuple[str, Callable[[AddVerb], None]]]:
    """Yield each kind that has command-line verbs, with the function `add_verbs` of its module `verbs`."""
    for kind in sorted(_folders_with("verbs")):
        yield kind, import_module(f"{hub.channels.__name__}.{kind}.verbs").add_verbs


@cache
def schema(kind: str) -> Schema:
    """Return the JSON schema of a kind's account, with the fields at the top level: the administrator's form."""
    full_schema = msgspec.json.schema(adapter_type(kind).Account)
    definitions = dict(full_schema["$defs"])
    account_schema: Schema = definitions.pop(full_schema["$ref"].rpartition("/")[2])
    return {**account_schema, "$defs": definitions} if definitions else account_schema


@cache
def secret_fields(kind: str) -> frozenset[str]:
    """Return the fields that are never shown again: those with the format "password" in the schema."""
    return frozenset(name for name, field in schema(kind)["properties"].items() if _is_secret(field))


@cache
def destinations(kind: str) -> Mapping[str, Sequence[str]]:
    """Return, for each secret, the fields that name the server it is sent to: `goesTo` in the schema."""
    fields = schema(kind)["properties"]
    return {name: fields[name].get("goesTo", ()) for name in secret_fields(kind)}


def account(kind: str, form: Mapping[str, object]) -> Struct:
    """Validate an administrator's input; raises BadInput naming the field and what it should be."""
    values = {name: value for name, value in form.items() if not _is_omitted(kind, name, value)}
    try:
        return msgspec.convert(values, adapter_type(kind).Account)
    except msgspec.ValidationError as error:
        raise _setting_error(str(error), schema(kind)["properties"]) from error


def split_secrets(kind: str, account: Struct) -> tuple[dict[str, object], dict[str, object]]:
    """Split an account into its visible settings and its secrets; empty secrets are left out."""
    fields: dict[str, object] = msgspec.to_builtins(account)
    secret = secret_fields(kind)
    settings = {name: value for name, value in fields.items() if name not in secret}
    return settings, {name: value for name, value in fields.items() if name in secret and value}


def create_adapter(kind: str, account: Struct) -> Adapter:
    """Create an adapter for an account, without opening a connection."""
    adapter_class = cast("Any", adapter_type(kind))
    return cast("Adapter", adapter_class(account))


def only_subclass(module: ModuleType, base: type[Any]) -> type[Any]:
    """Return the single subclass of `base` that a module defines; raises TypeError."""
    subclasses = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == module.__name__
    ]
    if len(subclasses) != 1:
        raise TypeError(f"{module.__name__} has to define exactly one {base.__name__}, not {len(subclasses)}.")
    return subclasses[0]


def _folders_with(module: str) -> Iterator[str]:
    for folder in pkgutil.iter_modules(hub.channels.__path__):
        if folder.ispkg and find_spec(f"{hub.channels.__name__}.{folder.name}.{module}"):
            yield folder.name


def _is_secret(field: Schema) -> bool:
    return field.get("format") == "password" or any(_is_secret(option) for option in field.get("anyOf", ()))


def _may_be_null(field: Schema) -> bool:
    return any(option.get("type") == "null" for option in field.get("anyOf", ()))


def _is_omitted(kind: str, name: str, value: object) -> bool:
    """Return whether a form field has no value: null, or empty when the account needs none."""
    field = schema(kind)["properties"].get(name, {})
    return value is None or (value == "" and (_may_be_null(field) or _is_secret(field)))


def _setting_error(message: str, fields: Schema) -> BadInput:
    by_path, by_name = FIELD_PATH.search(message), FIELD_NAME.search(message)
    match = by_path or by_name
    if match is None:
        return SettingsInvalid(problem=message)
    field = match["field"]
    field_schema = fields.get(field, {})
    label = field_schema.get("title", field)
    if by_path is None:
        return (SettingMissing(label=label) if field in fields else SettingNotOfKind(name=field)).at(field)
    help_ = field_schema.get("description", "")
    if "matching regex" in message:
        return SettingMalformed(label=label, help=help_).at(field)
    problem = FIELD_PATH.sub("", message).replace("`", "")
    return SettingInvalid(label=label, problem=problem, help=help_).at(field)
