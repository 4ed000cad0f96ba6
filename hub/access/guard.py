"""Who is asking, and may they: the guards, dependencies and handshake check that the controllers use."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler

from hub.access.cookies import cookie_name, is_ours
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
from hub.access.session_cache import Resumes
from hub.access.sessions import Browser, SignedIn, resume, resume_bot
from hub.runtime.context import AppContext
from hub.runtime.http import Session, context_of
from hub.storage.database import now

Connection = ASGIConnection[Any, Any, Any, State]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_TOKEN = 200
CSRF_HEADER = "x-csrf-token"
KEPT = "hub.signed_in"
ELSEWHERE = (
    "This came from a page at another address than the hub's own. Open the hub at its address, "
    "or have HUB_PUBLIC_URL set to the address that you use."
)


async def signed_in(connection: Connection) -> SignedIn:
    """Find who is asking, once for each request; raises Unauthenticated or Forbidden.

    With a cookie, every change must also come from a page of ours and carry the session's own token.
    """
    kept = connection.scope["state"].get(KEPT)
    if isinstance(kept, SignedIn):
        return kept
    who = await _resume(connection)
    if who.sign_in_id is not None and connection.scope.get("method", "GET") not in SAFE:
        _check_page(connection, who.csrf)
    connection.scope["state"][KEPT] = who
    return who


async def viewer_of_socket(connection: Connection) -> SignedIn:
    """Find who opens a socket: a browser by cookie from a page of ours, a bot by its Bearer token."""
    who = await _resume(connection, together=True)
    if who.sign_in_id is not None and not is_ours(*_origin(connection), context_of(connection.app.state).settings):
        raise ForeignPage
    return who


async def from_a_page(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard a door that needs no sign-in: a browser may knock only from a page of ours."""
    origin, host = _origin(connection)
    away = connection.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    if away or (origin and not is_ours(origin, host, context_of(connection.app.state).settings)):
        raise ForeignPage


async def somebody(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard what everybody who is signed in may do."""
    await signed_in(connection)


def needs(*rights: Right) -> Callable[[Connection, BaseRouteHandler], Awaitable[None]]:
    """Guard what needs all of these rights."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        who = await signed_in(connection)
        missing = [right for right in rights if not who.viewer.may(right)]
        if missing:
            raise RightMissing(right=missing[0].value)

    return guard


async def person(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard what only a person at a browser may do, such as changing a password."""
    if (await signed_in(connection)).sign_in_id is None:
        raise PeopleOnly


def browser_of(connection: Connection) -> Browser:
    """Tell where a request comes from, and the cookie it carries."""
    settings = context_of(connection.app.state).settings
    peer = connection.client.host if connection.client else None
    forwarded = ",".join(connection.headers.getall("x-forwarded-for", [])).split(",")
    return Browser(
        address=client_address(peer, forwarded, settings.trusted_proxies),
        user_agent=connection.headers.get("user-agent", ""),
        token=connection.cookies.get(cookie_name(settings)),
    )


async def _resume(connection: Connection, *, together: bool = False) -> SignedIn:
    context = context_of(connection.app.state)
    cookie, bearer = connection.cookies.get(cookie_name(context.settings)), _bearer(connection)
    if cookie and bearer:
        raise TwoCredentials
    token = cookie or bearer
    if not token or len(token) > LONGEST_TOKEN:
        raise NotSignedIn
    who = await _holder(context, token, bot=bool(bearer), together=together)
    if who is None:
        raise SessionEnded if cookie else TokenInvalid
    return who


async def _holder(context: AppContext, token: str, *, bot: bool, together: bool) -> SignedIn | None:
    if together and not bot:
        return await context.one(Resumes).who(token)
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
    origin, host = _origin(connection)
    site = connection.headers.get("sec-fetch-site")
    same = is_ours(origin, host, context_of(connection.app.state).settings) if origin else site == "same-origin"
    if not same or site not in {None, "same-origin"}:
        raise ForeignPage
    if not hmac.compare_digest(connection.headers.get(CSRF_HEADER, "").encode(), csrf.encode()):
        raise CsrfTokenWrong


async def provide_who(request: Request[Any, Any, State]) -> SignedIn:
    """Hand a handler who is asking, and by which session."""
    return await signed_in(request)


async def provide_viewer(request: Request[Any, Any, State]) -> Viewer:
    """Hand a handler who is asking, as far as rights go."""
    return (await signed_in(request)).viewer


async def provide_agent(request: Request[Any, Any, State], session: Session) -> Agent:
    """Hand a handler the row of the agent who is asking."""
    who = await signed_in(request)
    return await session.get_one(Agent, who.viewer.agent_id)


CurrentSignIn = NamedDependency[SignedIn]
CurrentViewer = NamedDependency[Viewer]
CurrentAgent = NamedDependency[Agent]
DEPENDENCIES = {"who": Provide(provide_who), "viewer": Provide(provide_viewer), "agent": Provide(provide_agent)}
