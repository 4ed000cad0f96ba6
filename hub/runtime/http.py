"""Helpers of all HTTP handlers: the session of a request, problem+json, downloads."""

from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import quote

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, ValidationException
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import HubError, Reason, TooMany, Unavailable
from hub.runtime.context import AppContext
from hub.runtime.errors import (
    InternalError,
    MethodNotAllowed,
    RequestInvalid,
    RequestRefused,
    RequestTooLarge,
    RouteNotFound,
)
from hub.runtime.field_errors import field_error
from hub.storage.database import is_outage
from hub.storage.errors import DatabaseUnavailable

PROBLEM = "application/problem+json"
RESTRICTIVE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
log = structlog.get_logger("hub.http")


def context_of(state: State) -> AppContext:
    """Return the context of this process from the application's state."""
    return cast("AppContext", state.context)


async def provide_session(state: State) -> AsyncIterator[AsyncSession]:
    """Open the one transaction of a request; it commits before the response is sent."""
    async with context_of(state).transaction() as session:
        yield session


async def provide_context(state: State) -> AppContext:
    """Return the context of this process."""
    return context_of(state)


Session = NamedDependency[AsyncSession]
Context = NamedDependency[AppContext]
DEPENDENCIES = {"session": Provide(provide_session), "context": Provide(provide_context)}


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A failed request (RFC 9457). `code` and `params` are for programs, `detail` is the same in English."""

    status: int
    title: str
    detail: str
    type: str = "about:blank"
    field: str | None = None
    code: str
    params: dict[str, str | int | Reason] = {}


def _problem_response(error: HubError, *, status: int | None = None) -> Response[Any]:
    """Return an error as problem+json.

    No middleware runs when no route is found, so the response carries its own restrictive headers.
    """
    reason, status = error.reason, status or error.status
    problem = Problem(
        status=status,
        title=error.title,
        detail=reason.detail,
        field=error.field,
        code=reason.code,
        params=reason.params,
    )
    return Response(
        problem, status_code=status, media_type=PROBLEM, headers={**RESTRICTIVE_HEADERS, **_retry_after(error)}
    )


def _retry_after(error: HubError) -> dict[str, str]:
    if isinstance(error, TooMany):
        return {"Retry-After": str(max(1, round(error.retry_after.total_seconds())))}
    return {"Retry-After": "5"} if isinstance(error, Unavailable) else {}


def on_hub_error(_: Request[Any, Any, Any], error: HubError) -> Response[Any]:
    """Return the response for one of our own errors."""
    return _problem_response(error)


def on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Return the response for an error of Litestar: no route, wrong method, an invalid body."""
    if isinstance(error, ValidationException):
        return _problem_response(_validation_error(error))
    by_status: dict[int, type[HubError]] = {404: RouteNotFound, 405: MethodNotAllowed, 413: RequestTooLarge}
    if error.status_code in by_status:
        return _problem_response(by_status[error.status_code]())
    problem = (error.detail or "no reason given").rstrip(".")
    hub_error = (
        RequestInvalid(problem=problem)
        if error.status_code == RequestInvalid.status
        else RequestRefused(problem=problem)
    )
    return _problem_response(hub_error, status=error.status_code)


def _validation_error(error: ValidationException) -> HubError:
    detail = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    detail = detail if isinstance(detail, dict) else {}
    return field_error(str(detail.get("message") or error.detail), str(detail.get("key") or "") or None)


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Log an unexpected error in full, and return a response without its details.

    An error during the commit of a request arrives in an ExceptionGroup: Litestar commits after the handler returned.
    """
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, HubError):
        return _problem_response(error)
    if is_outage(error):
        return _problem_response(DatabaseUnavailable())
    log.error("unforeseen", path=request.url.path, method=request.method, exc_info=error)
    return _problem_response(InternalError())


ERROR_HANDLERS: dict[Any, Any] = {
    HubError: on_hub_error,
    HTTPException: on_http_error,
    Exception: on_any_error,
}


def download(body: bytes, *, filename: str, media_type: str = "application/octet-stream") -> Response[bytes]:
    """Return a response with a file of unknown origin, which a browser saves and never shows."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }
    return Response(body, media_type=media_type or MediaType.TEXT, headers=headers)
