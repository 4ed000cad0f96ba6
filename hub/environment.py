"""Read a Struct of settings from environment variables, with errors that say how to correct them."""

import difflib
import re
import types
import typing
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from hub.errors import SetupError

SECRET = {"secret": True}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
S = TypeVar("S", bound=Struct)


class SettingUnknown(SetupError):
    """There is no setting {name}. `hub settings` lists all of them."""

    name: str


class SettingMisspelt(SetupError):
    """There is no setting {name}. Did you mean {near}?"""

    name: str
    near: str


class SettingTwice(SetupError):
    """{name} and {name}_FILE are both set. Keep one of them."""

    name: str


class SettingFileUnreadable(SetupError):
    """{name}_FILE={file} cannot be read: {problem}."""

    name: str
    file: str
    problem: str


class SettingValueInvalid(SetupError):
    """{setting} cannot be used: {problem}. {help}"""

    setting: str
    problem: str
    help: str


class Setting(Struct, frozen=True, kw_only=True):
    """The documentation of one setting."""

    variable: str
    default: str
    help: str
    secret: bool

    @property
    def row(self) -> str:
        """The setting as a row of the Markdown table in docs/operations.md."""
        return f"| `{self.variable}` | {f'`{self.default}`' if self.default else ''} | {self.help} |"


class Reader(Struct, frozen=True, kw_only=True):
    """Reads variables named `prefix` + field; `checks` parse single fields and raise ValueError with the problem."""

    prefix: str
    checks: Mapping[str, Callable[[str], object]]

    def read(self, kind: type[S], environ: Mapping[str, str]) -> S:
        """Return a Struct with the values of the variables; raises SetupError naming the variable and the problem."""
        self._refuse_unknown(kind, environ)
        values: dict[str, object] = {}
        for field, hint in _fields(kind).items():
            text = self._raw_value(field, hint, environ)
            if text is not None:
                values[field] = self._parse_value(field, hint, text)
        return msgspec.convert(values, kind)

    def describe(self, kind: type[S], defaults: S) -> list[Setting]:
        """Return the documentation of every field, with its default as one writes it in the environment."""
        return [
            Setting(
                variable=self._variable(field),
                default=_format_default(getattr(defaults, field)),
                help=self._help(field, hint),
                secret=_is_secret(hint),
            )
            for field, hint in _fields(kind).items()
        ]

    def _variable(self, field: str) -> str:
        return self.prefix + field.upper()

    def _help(self, field: str, hint: object) -> str:
        sentence = next(meta.description for meta in _metadata(hint) if meta.description)
        file = f" May be kept in a file named by {self._variable(field)}_FILE." if _is_secret(hint) else ""
        return sentence + file

    def _refuse_unknown(self, kind: type[Struct], environ: Mapping[str, str]) -> None:
        known = {self._variable(field) for field in _fields(kind)}
        known |= {f"{self._variable(field)}_FILE" for field, hint in _fields(kind).items() if _is_secret(hint)}
        for name in sorted(environ):
            if name.startswith(self.prefix) and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                raise (SettingMisspelt(name=name, near=near[0]) if near else SettingUnknown(name=name)).at(name)

    def _raw_value(self, field: str, hint: object, environ: Mapping[str, str]) -> str | None:
        """Return the text of a variable, or of the file named by its _FILE variable; None when unset or empty."""
        name = self._variable(field)
        direct = environ.get(name, "").strip()
        file = environ.get(f"{name}_FILE", "").strip() if _is_secret(hint) else ""
        if direct and file:
            raise SettingTwice(name=name).at(name)
        if not file:
            return direct or None
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingFileUnreadable(name=name, file=file, problem=str(error)).at(name) from error

    def _parse_value(self, field: str, hint: object, text: str) -> object:
        try:
            value = self.checks.get(field, _parser(hint))(text)
            return msgspec.convert(value, hint, strict=False)
        except (ValueError, msgspec.ValidationError) as error:
            name, shown = self._variable(field), "" if _is_secret(hint) else f"={text}"
            help_ = self._help(field, hint)
            raise SettingValueInvalid(setting=f"{name}{shown}", problem=_problem(error), help=help_).at(name) from error


def parse_duration(text: str) -> timedelta:
    """Parse a length of time such as 10s, 30m, 12h or 7d; raises ValueError."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if match is None:
        raise ValueError("a length of time is written 10s, 30m, 12h or 7d")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def _parser(hint: object) -> Callable[[str], object]:
    bare = _bare_type(hint)
    if typing.get_origin(bare) is Literal:
        return lambda text: _one_of(text, typing.get_args(bare))
    if typing.get_origin(bare) is tuple:
        return lambda text: tuple(part.strip() for part in text.split(",") if part.strip())
    return {timedelta: parse_duration, int: _whole_number}.get(bare, str) if isinstance(bare, type) else str


def _one_of(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise ValueError(f"it is none of {', '.join(choices)}")
    return text


def _whole_number(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise ValueError("it is no whole number")
    return int(text)


def _problem(error: Exception) -> str:
    message = str(error).removesuffix(".").replace("`", "")
    return message[:1].lower() + message[1:]


def _format_default(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit = next(unit for unit in ("d", "h", "m", "s") if seconds % UNITS[unit] == 0)
        return f"{seconds // UNITS[unit]}{unit}"
    return "" if value in (None, ()) else str(value)


def _fields(kind: type[Struct]) -> dict[str, object]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field: hints[field] for field in kind.__struct_fields__}


def _metadata(hint: object) -> list[Meta]:
    return [part for part in typing.get_args(hint) if isinstance(part, Meta)]


def _is_secret(hint: object) -> bool:
    return any((meta.extra or {}).get("secret") for meta in _metadata(hint))


def _bare_type(hint: object) -> object:
    """Return a type hint without Annotated and `| None`."""
    if typing.get_origin(hint) is Annotated:
        return _bare_type(typing.get_args(hint)[0])
    if typing.get_origin(hint) in {types.UnionType, typing.Union}:
        return _bare_type(next(option for option in typing.get_args(hint) if option is not types.NoneType))
    return hint
