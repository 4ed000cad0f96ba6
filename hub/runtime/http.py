"""What all HTTP handlers share: the session of a request, problem+json, downloads."""

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

from hub.errors import HubError, TooLarge, TooMany, Unavailable
from hub.runtime.context import AppContext
from hub.storage.database import is_outage

PROBLEM = "application/problem+json"
HARMLESS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
log = structlog.get_logger("hub.http")


def context_of(state: State) -> AppContext:
    """Return the open parts of this process from the application's state."""
    return cast("AppContext", state.context)


async def provide_session(state: State) -> AsyncIterator[AsyncSession]:
    """Open the one transaction of a request; it commits before the response is sent."""
    async with context_of(state).transaction() as session:
        yield session


async def provide_context(state: State) -> AppContext:
    """Return the open parts of this process."""
    return context_of(state)


Session = NamedDependency[AsyncSession]
Context = NamedDependency[AppContext]
DEPENDENCIES = {"session": Provide(provide_session), "context": Provide(provide_context)}


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A problem as RFC 9457 describes it, with a sentence for people and a code for programs."""

    status: int
    title: str
    detail: str
    type: str = "about:blank"
    field: str | None = None
    code: str | None = None


def _answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[Any]:
    """Return a problem as a response. It sets its own safety headers: where no route was found, no middleware runs."""
    return Response(problem, status_code=problem.status, media_type=PROBLEM, headers={**HARMLESS, **(headers or {})})


def on_hub_error(_: Request[Any, Any, Any], error: HubError) -> Response[Any]:
    """Return one of our own errors as a problem."""
    headers = (
        {"Retry-After": str(max(1, round(error.retry_after.total_seconds())))} if isinstance(error, TooMany) else {}
    )
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    code = getattr(error, "code", None)
    return _answer(
        Problem(status=error.status, title=error.title, detail=error.detail, field=error.field, code=code),
        headers,
    )


def on_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Return an error of the framework as a problem: no route, wrong method, an invalid body."""
    if isinstance(error, ValidationException):
        return _answer(_invalid(error))
    if error.status_code == TooLarge.status:
        return _answer(Problem(status=413, title=TooLarge.title, detail="The request is too large."))
    return _answer(Problem(status=error.status_code, title=error.detail or "Error", detail=error.detail or "Error"))


def _invalid(error: ValidationException) -> Problem:
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    first = first if isinstance(first, dict) else {}
    detail = str(first.get("message") or error.detail)
    return Problem(status=422, title="This cannot be used", detail=detail, field=str(first.get("key") or "") or None)


def on_any_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Log an unforeseen error, and return a problem that says no more than that.

    An error of the commit comes wrapped in a group, since the framework commits after the handler has returned.
    """
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, HubError):
        return on_hub_error(request, error)
    if is_outage(error):
        detail = "The database does not answer just now; nothing was changed. Try again in a moment."
        return _answer(Problem(status=503, title="Not available just now", detail=detail), {"Retry-After": "5"})
    log.error("unforeseen", path=request.url.path, method=request.method, exc_info=error)
    detail = "Something went wrong on our side; nothing was changed. It has been written to the log."
    return _answer(Problem(status=500, title="Something went wrong", detail=detail))


ERROR_HANDLERS: dict[Any, Any] = {
    HubError: on_hub_error,
    HTTPException: on_http_error,
    Exception: on_any_error,
}


def download(body: bytes, *, filename: str, media_type: str = "application/octet-stream") -> Response[bytes]:
    """Return a file of unknown origin so that a browser saves it and never shows it."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(filename, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store",
    }
    return Response(body, media_type=media_type or MediaType.TEXT, headers=headers)
