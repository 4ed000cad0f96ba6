"""Every error code that a client can receive, with its parameters, for the OpenAPI document."""

import pkgutil
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any

from litestar.openapi.spec import OpenAPIType, Reference, Schema

import hub
from hub.channels.send_errors import Notice, SendError
from hub.errors import CodedText, CommandError, HubError, Reason, SetupError, concrete_subclasses

KINDS = (HubError, SendError, Notice)
COMMAND_ONLY = (CommandError, SetupError)  # printed by commands and processes, in English
TYPES: dict[object, Schema | Reference] = {
    str: Schema(type=OpenAPIType.STRING),
    int: Schema(type=OpenAPIType.INTEGER),
    timedelta: Schema(type=OpenAPIType.INTEGER, description="Seconds."),
    CodedText: Reference(ref="#/components/schemas/Reason"),
    Reason: Reference(ref="#/components/schemas/Reason"),
}


@cache
def published() -> tuple[type[CodedText], ...]:
    """Return every error that can reach a client, sorted by code.

    The modules named `errors`, and `channels.provider_errors`, declare them all.
    """
    for name in _modules():
        import_module(name)
    found = {error for kind in KINDS for error in concrete_subclasses(kind) if not issubclass(error, COMMAND_ONLY)}
    return tuple(
        sorted((error for error in found if error.__module__.startswith("hub.")), key=lambda error: error.code)
    )


def schemas() -> dict[str, dict[str, Any]]:
    """Return the components `Problem`, `ErrorCode` and `ErrorParams` as JSON values."""
    codes = published()
    code = Schema(
        type=OpenAPIType.STRING,
        enum=[error.code for error in codes],
        description="What went wrong. The meaning of a code never changes; new codes may be added.",
    )
    params = Schema(
        type=OpenAPIType.OBJECT,
        description="The parameters of each code; the description of each is its English sentence.",
        properties={error.code: _params(error) for error in codes},
        required=[error.code for error in codes],
    )
    return {"ErrorCode": code.to_schema(), "ErrorParams": params.to_schema(), "Problem": _problem().to_schema()}


def _params(error: type[CodedText]) -> Schema:
    return Schema(
        type=OpenAPIType.OBJECT,
        description=error.template,
        properties={name: TYPES[kind] for name, kind in error.parameters.items()},
        required=sorted(error.parameters) or None,
    )


def _problem() -> Schema:
    text, number = Schema(type=OpenAPIType.STRING), Schema(type=OpenAPIType.INTEGER)
    param = Schema(one_of=[text, number, Reference(ref="#/components/schemas/Reason")])
    return Schema(
        type=OpenAPIType.OBJECT,
        description="The body of every failed request, as application/problem+json (RFC 9457).",
        properties={
            "type": text,
            "title": text,
            "status": number,
            "detail": Schema(type=OpenAPIType.STRING, description="The sentence for this code in English."),
            "field": Schema(type=OpenAPIType.STRING, description="The part of the input that is at fault, if any."),
            "code": Reference(ref="#/components/schemas/ErrorCode"),
            "params": Schema(
                type=OpenAPIType.OBJECT,
                description="As `ErrorParams` says for this code; absent where there are none.",
                additional_properties=param,
            ),
        },
        required=["status", "title", "detail", "code"],
    )


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(hub.__path__, f"{hub.__name__}."):
        if module.name.endswith((".errors", ".provider_errors")):
            yield module.name
