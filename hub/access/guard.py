"""Authentication of requests and sockets: guards, dependencies and the handshake check for the controllers."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler

from hub.access.cookies import cookie_name, is_own_origin
from hub.access.credentials import SharedPasswordChecker
from hub.access.errors import (
    CsrfTokenWrong,
    ForeignPage,
    NotSignedIn,
    PeopleOnly,
    RightMissing,
    SessionEnded,
    TokenInvalid,
    TwoCredentials,
)
from hub.access.limits import client_address
from hub.access.models import Agent
from hub.access.rights import Right, Viewer
from hub.access.session_lookup import SessionLookup
from hub.access.sessions import Browser, SignedIn, resume, resume_bot
from hub.runtime.context import AppContext
from hub.runtime.http import Session, context_of
from hub.storage.database import now

Connection = ASGIConnection[Any, Any, Any, State]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_TOKEN_LENGTH = 200
CSRF_HEADER = "x-csrf-token"
STATE_KEY = "hub.signed_in"  # under which a request's state caches the agent who sent it


async def signed_in(connection: Connection) -> SignedIn:
    """Return the agent who sent a request, looked up once per request; raises Unauthenticated, Forbidden.

    With a cookie, a request that changes something must also come from a page of the hub and carry the session's
    CSRF token. One query, and two updates at most once a minute.
    """
    cached = connection.scope["state"].get(STATE_KEY)
    if isinstance(cached, SignedIn):
        return cached
    sign_in = await _authenticate(connection)
    if sign_in.sign_in_id is not None and connection.scope.get("method", "GET") not in SAFE_METHODS:
        _check_page(connection, sign_in.csrf)
    connection.scope["state"][STATE_KEY] = sign_in
    return sign_in


async def viewer_of_socket(connection: Connection) -> SignedIn:
    """Return the agent who opens a socket: a browser by cookie from a page of the hub, a bot by its Bearer token.

    Concurrent cookies are looked up in batches. Raises Unauthenticated, Forbidden.
    """
    sign_in = await _authenticate(connection, batched=True)
    if sign_in.sign_in_id is not None and not is_own_origin(
        *_origin(connection), context_of(connection.app.state).settings
    ):
        raise ForeignPage
    return sign_in


async def own_pages_only(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: refuse browsers on other sites' pages; for requests that need no sign-in."""
    origin, host = _origin(connection)
    cross_site = connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    if cross_site or (origin and not is_own_origin(origin, host, context_of(connection.app.state).settings)):
        raise ForeignPage


async def anyone_signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: allow every agent who is signed in."""
    await signed_in(connection)


def needs(*rights: Right) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """Return a guard that requires all of these rights."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        viewer = (await signed_in(connection)).viewer
        missing = [right for right in rights if not viewer.may(right)]
        if missing:
            raise RightMissing(right=missing[0].value)

    return guard


async def people_only(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: allow only people in a browser, not bots; for example to change a password."""
    if (await signed_in(connection)).sign_in_id is None:
        raise PeopleOnly


def browser_of(connection: Connection) -> Browser:
    """Return the browser that sent a request: its address, user agent and session cookie."""
    settings = context_of(connection.app.state).settings
    peer = connection.client.host if connection.client else None
    forwarded = ",".join(connection.headers.getall("x-forwarded-for", [])).split(",")
    return Browser(
        address=client_address(peer, forwarded, settings.trusted_proxies),
        user_agent=connection.headers.get("user-agent", ""),
        token=connection.cookies.get(cookie_name(settings)),
    )


async def _authenticate(connection: Connection, *, batched: bool = False) -> SignedIn:
    context = context_of(connection.app.state)
    cookie, bearer = connection.cookies.get(cookie_name(context.settings)), _bearer(connection)
    if cookie and bearer:
        raise TwoCredentials
    token = cookie or bearer
    if not token or len(token) > MAX_TOKEN_LENGTH:
        raise NotSignedIn
    if batched and not bearer:
        sign_in = await provide_session_lookup(connection.app.state).find(token)
    else:
        sign_in = await _find(context, token, bot=bool(bearer))
    if sign_in is None:
        raise SessionEnded if cookie else TokenInvalid
    return sign_in


async def _find(context: AppContext, token: str, *, bot: bool) -> SignedIn | None:
    async with context.transaction() as session:
        if bot:
            return await resume_bot(session, token, now=now())
        return await resume(session, token, settings=context.settings, now=now())


def _bearer(connection: Connection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return (token.strip() or "-") if scheme.lower() == "bearer" else None


def _origin(connection: Connection) -> tuple[str | None, str | None]:
    return connection.headers.get("origin"), connection.headers.get("host")


def _check_page(connection: Connection, csrf: str) -> None:
    """Refuse a request from another site's page or without the session's CSRF token; raises Forbidden."""
    origin, host = _origin(connection)
    site = connection.headers.get("sec-fetch-site")
    own_page = (
        is_own_origin(origin, host, context_of(connection.app.state).settings) if origin else site == "same-origin"
    )
    if not own_page or site not in {None, "same-origin"}:
        raise ForeignPage
    if not hmac.compare_digest(connection.headers.get(CSRF_HEADER, "").encode(), csrf.encode()):
        raise CsrfTokenWrong


def provide_session_lookup(state: State) -> SessionLookup:
    """Return the look-up of sessions that the sockets of this process share."""
    return context_of(state).shared(SessionLookup)


def provide_passwords(state: State) -> SharedPasswordChecker:
    """Return the password checker of this process."""
    return context_of(state).shared(SharedPasswordChecker)


async def provide_signed_in(request: Request[Any, Any, State]) -> SignedIn:
    """Return the agent who sent the request, with session or token."""
    return await signed_in(request)


async def provide_viewer(request: Request[Any, Any, State]) -> Viewer:
    """Return the rights of the agent who sent the request."""
    return (await signed_in(request)).viewer


async def provide_agent(request: Request[Any, Any, State], session: Session) -> Agent:
    """Return the row of the agent who sent the request. One query."""
    viewer = (await signed_in(request)).viewer
    return await session.get_one(Agent, viewer.agent_id)


CurrentSignIn = NamedDependency[SignedIn]
CurrentViewer = NamedDependency[Viewer]
CurrentAgent = NamedDependency[Agent]
CurrentPasswords = NamedDependency[SharedPasswordChecker]
DEPENDENCIES = {
    "passwords": Provide(provide_passwords, sync_to_thread=False),
    "signed_in": Provide(provide_signed_in),
    "viewer": Provide(provide_viewer),
    "agent": Provide(provide_agent),
}
