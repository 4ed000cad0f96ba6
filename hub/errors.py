'''Errors with a stable code, and the kinds of errors with their HTTP status.

CodedText                    a code, named parameters and one English sentence made from them
└── HubError                 an error that somebody can correct
    ├── BadInput        422  the input cannot be used; names the field and how to correct it
    ├── Unauthenticated 401  the request carries no valid sign-in
    ├── Forbidden       403  signed in, but not allowed
    │   └── Forged      403  a signature or a token does not match
    ├── NotFound        404  it does not exist, or is not visible to the caller
    ├── Conflict        409  the request does not fit the present state
    ├── TooLarge        413  more bytes than the limit
    ├── TooMany         429  too many requests; carries `retry_after`
    ├── Unavailable     503  storage or database fail at the moment; the client may retry
    ├── Internal        500  a bug in the hub, or corrupt data
    ├── CommandError    n/a  arguments of a `hub` command are wrong: the command prints the error
    └── SetupError      n/a  a setting or the machine is wrong: the process prints the error and stops

The kinds are abstract. Each error that is raised is a small class of its own, in the room that raises it: its
docstring is the English sentence, its annotations are the parameters, and its name in snake case is the code.

    class UploadTooLarge(TooLarge):
        """The file is too large. A file can have up to {limit_mb} MB."""

        limit_mb: int

    raise UploadTooLarge(limit_mb=25)      # code "upload_too_large", params {"limit_mb": 25}

Clients look up the sentence for a code in a dictionary of their language; `detail` is the English sentence, for
clients without one.
A parameter whose name ends in `_bytes` is shown as a size; a timedelta is sent as whole seconds.
'''

import math
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from inspect import get_annotations
from typing import ClassVar, Self, TypeAlias, dataclass_transform, get_origin

import msgspec
from msgspec import Struct

Param: TypeAlias = "str | int | timedelta | CodedText | Reason"
KIB, MIB = 1 << 10, 1 << 20
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Reason(Struct, frozen=True, kw_only=True):
    """An error as data: its code, its parameters, and its English sentence for clients without a dictionary."""

    code: str
    params: dict[str, "str | int | Reason"] = {}
    detail: str


class CodedText:
    """A sentence with a stable code and named parameters.

    The docstring of a class that is not abstract is the English template; it names every parameter in braces.
    """

    code: ClassVar[str]
    template: ClassVar[str]
    parameters: ClassVar[Mapping[str, object]] = {}  # name → type
    abstract: ClassVar[bool] = True

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        """Collect the annotated parameters, and derive code and template from the name and the docstring."""
        super().__init_subclass__()
        hints: dict[str, object] = get_annotations(cls)
        declared = {name: hint for name, hint in hints.items() if name != "field" and get_origin(hint) is not ClassVar}
        cls.parameters = {**cls.parameters, **declared}
        cls.abstract = abstract
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        cls.template = " ".join((cls.__doc__ or "").split())

    def __init__(self, **params: Param) -> None:
        """Store the parameters; raises TypeError when one is missing or unknown, or the class is abstract."""
        if self.abstract or params.keys() != self.parameters.keys():
            raise TypeError(f"{type(self).__name__} takes {sorted(self.parameters)}, not {sorted(params)}.")
        vars(self).update(params)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.detail

    def __repr__(self) -> str:
        """Return the class name with the parameters."""
        params = ", ".join(f"{name}={value!r}" for name, value in self._own_params())
        return f"{type(self).__name__}({params})"

    @property
    def detail(self) -> str:
        """The English sentence, with the parameters in place."""
        return self.template.format(**{name: _format_param(name, value) for name, value in self._own_params()})

    @property
    def reason(self) -> Reason:
        """The error as data."""
        params = {name: _json_param(value) for name, value in self._own_params()}
        return Reason(code=self.code, params=params, detail=self.detail)

    def _own_params(self) -> Iterator[tuple[str, Param]]:
        return ((name, vars(self)[name]) for name in self.parameters)


@dataclass_transform(kw_only_default=True, eq_default=False)
class HubError(CodedText, Exception, abstract=True):
    """An error that somebody can correct; `field` names the part of the input at fault, where there is one."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    field: str | None = None

    def at(self, field: str) -> Self:
        """Set the field at fault, for an error class that several fields share; return the error itself."""
        self.field = field
        return self


class BadInput(HubError, abstract=True):
    """The input cannot be used."""

    status = 422
    title = "Invalid input"


class Unauthenticated(HubError, abstract=True):
    """The request carries no valid sign-in."""

    status = 401
    title = "Sign-in required"


class Forbidden(HubError, abstract=True):
    """Signed in, but not allowed."""

    status = 403
    title = "Not allowed"


class Forged(Forbidden, abstract=True):
    """A signature or a token does not match."""

    title = "Signature mismatch"


class NotFound(HubError, abstract=True):
    """It does not exist, or is not visible to the caller."""

    status = 404
    title = "Not found"


class Conflict(HubError, abstract=True):
    """The request does not fit the present state."""

    status = 409
    title = "Conflict"


class TooLarge(HubError, abstract=True):
    """More bytes than the limit."""

    status = 413
    title = "Too large"


class TooMany(HubError, abstract=True):
    """Too many requests; another may be made after `retry_after`."""

    status = 429
    title = "Too many requests"
    retry_after: timedelta


class Unavailable(HubError, abstract=True):
    """Storage or database fail at the moment; the client may retry."""

    status = 503
    title = "Temporarily unavailable"


class Internal(HubError, abstract=True):
    """A bug in the hub, or corrupt data."""


class CommandError(HubError, abstract=True):
    """Arguments of a `hub` command are wrong; the command prints the error."""


class SetupError(HubError, abstract=True):
    """A setting or the machine is wrong; the process prints the error and stops."""


def reason_to_json(reason: Reason | None) -> dict[str, object] | None:
    """Return a reason as plain JSON values, for a JSONB column."""
    return None if reason is None else {**msgspec.to_builtins(reason)}


def concrete_subclasses(kind: type[CodedText]) -> Iterator[type[CodedText]]:
    """Yield every subclass of `kind` that can be raised, among the modules imported so far."""
    for subclass in kind.__subclasses__():
        if not subclass.abstract:
            yield subclass
        yield from concrete_subclasses(subclass)


def _format_param(name: str, value: Param) -> str:
    if isinstance(value, timedelta):
        return _format_duration(value)
    if name.endswith("_bytes") and isinstance(value, int):
        return _format_bytes(value)
    return value.detail if isinstance(value, Reason) else str(value)


def _json_param(value: Param) -> str | int | Reason:
    if isinstance(value, timedelta):
        return max(1, math.ceil(value.total_seconds()))
    return value.reason if isinstance(value, CodedText) else value


def _format_duration(length: timedelta) -> str:
    seconds = max(1, math.ceil(length.total_seconds()))
    size, unit = next((size, unit) for size, unit in UNITS if seconds >= size)
    number = math.ceil(seconds / size)
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _format_bytes(size: int) -> str:
    if size >= MIB:
        return f"{size / MIB:.1f} MB"
    return f"{size / KIB:.0f} KB" if size >= KIB else f"{size} bytes"
