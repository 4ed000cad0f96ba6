"""The HTTP interface for signing in and out and for an agent's own profile, password and sessions."""

from typing import Any, cast
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import queries, sessions
from hub.access import sign_in as signing_in
from hub.access.actions import change_me
from hub.access.cookies import session_cookie
from hub.access.errors import SessionNotFound
from hub.access.guard import (
    CurrentAgent,
    CurrentPasswords,
    CurrentSignIn,
    anyone_signed_in,
    browser_of,
    own_pages_only,
    people_only,
)
from hub.access.hooks import AccessHooks
from hub.access.models import Agent
from hub.access.schemas import (
    Language,
    LinkLook,
    LinkToken,
    LinkUse,
    Me,
    MeChange,
    PasswordChange,
    ResetAsked,
    SessionItem,
    SignInForm,
)
from hub.access.sessions import NewSession, SignedIn
from hub.runtime.context import AppContext
from hub.runtime.http import Context, Session
from hub.storage.database import now

AnyRequest = Request[Any, Any, State]


def hooks_of(state: State) -> AccessHooks:
    """Return the application's access hooks."""
    return cast("AccessHooks", state.access_hooks)


async def me_of(
    session: AsyncSession, agent: Agent, signed_in: SignedIn, context: AppContext, hooks: AccessHooks
) -> Me:
    """Return the agent who is signed in, with teams, rights and preferences. Three queries."""
    undo = int(context.settings.undo_window.total_seconds()) if agent.undo_seconds is None else agent.undo_seconds
    return Me(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        role=agent.role,
        language=cast("Language", agent.language),
        time_zone=agent.time_zone,
        theme=agent.theme,
        single_keys=agent.single_keys,
        undo_seconds=undo,
        teams=await queries.teams_of(session, agent.id),
        csrf=signed_in.csrf,
        intent=await hooks.intent(session, agent.id),
        demo=await queries.has_demo(session),
        rights=tuple(sorted(signed_in.viewer.rights)),
        has_password=agent.password_hash is not None,
    )


async def _signed_in_response(request: AnyRequest, context: AppContext, new_session: NewSession) -> Response[Me]:
    """Return the agent of a new session together with the session's cookie."""
    hooks = hooks_of(request.app.state)
    async with context.transaction() as session:
        agent = await session.get_one(Agent, new_session.signed_in.viewer.agent_id)
        me = await me_of(session, agent, new_session.signed_in, context, hooks)
    return Response(me, cookies=[session_cookie(context.settings, new_session)], headers={"Cache-Control": "no-store"})


class SignInController(Controller):
    """Signing in and out; all but signing out is open to anyone on the hub's own pages."""

    path = "/api"
    tags = ("access",)
    guards = (own_pages_only,)

    @post("/session", operation_id="sign_in", status_code=200)
    async def sign_in(
        self, request: AnyRequest, context: Context, passwords: CurrentPasswords, data: JSONBody[SignInForm]
    ) -> Response[Me]:
        """Sign in by e-mail address and password."""
        new_session = await signing_in.by_password(context, passwords, data.email, data.password, browser_of(request))
        return await _signed_in_response(request, context, new_session)

    @delete("/session", operation_id="sign_out", status_code=204, guards=[people_only])
    async def sign_out(self, session: Session, context: Context, signed_in: CurrentSignIn) -> Response[None]:
        """Sign out this browser."""
        await sessions.revoke(session, signed_in.viewer.agent_id, _sign_in_id(signed_in), now())
        return Response(None, status_code=204, cookies=[session_cookie(context.settings, None)])

    @post("/session/link", operation_id="sign_in_by_link", status_code=200)
    async def sign_in_by_link(self, request: AnyRequest, context: Context, data: JSONBody[LinkToken]) -> Response[Me]:
        """Sign in by a single-use link."""
        return await _signed_in_response(
            request, context, await signing_in.by_link(context, data.token, browser_of(request))
        )

    @post("/password-resets", operation_id="ask_password_reset", status_code=202)
    async def ask_reset(self, request: AnyRequest, context: Context, data: JSONBody[ResetAsked]) -> Response[None]:
        """Request a link for choosing a new password; the response is the same whether the address is known or not."""
        await signing_in.ask_reset(context, browser_of(request))
        mail = BackgroundTask(signing_in.mail_reset, context, hooks_of(request.app.state), data.email)
        return Response(None, background=mail)

    @post("/links/look", operation_id="look_at_link", status_code=200)
    async def look(self, request: AnyRequest, context: Context, data: JSONBody[LinkToken]) -> LinkLook:
        """Return what a single-use link is for and the name and address of its agent, without using it up."""
        purpose, agent = await signing_in.inspect_link(context, data.token, browser_of(request))
        return LinkLook(purpose=purpose, name=agent.name, email=agent.email)

    @post("/links/use", operation_id="use_link", status_code=200)
    async def use(
        self, request: AnyRequest, context: Context, passwords: CurrentPasswords, data: JSONBody[LinkUse]
    ) -> Response[Me]:
        """Choose a password by an invitation or reset link, and sign in."""
        new_session = await signing_in.by_new_password(context, passwords, data, browser_of(request))
        return await _signed_in_response(request, context, new_session)


class MeController(Controller):
    """The profile, password and sessions of the agent who is signed in."""

    path = "/api"
    tags = ("access",)
    guards = (anyone_signed_in,)

    @get("/me", operation_id="me")
    async def me(
        self, state: State, session: Session, context: Context, agent: CurrentAgent, signed_in: CurrentSignIn
    ) -> Me:
        """Return the agent who is signed in."""
        return await me_of(session, agent, signed_in, context, hooks_of(state))

    @patch("/me", operation_id="change_me", guards=[people_only])
    async def change(
        self,
        state: State,
        session: Session,
        context: Context,
        agent: CurrentAgent,
        signed_in: CurrentSignIn,
        data: JSONBody[MeChange],
    ) -> Me:
        """Change one's own name and preferences."""
        change_me(session, agent, data)
        await session.flush()
        return await me_of(session, agent, signed_in, context, hooks_of(state))

    @post("/me/password", operation_id="change_password", status_code=204, guards=[people_only])
    async def password(
        self,
        request: AnyRequest,
        context: Context,
        passwords: CurrentPasswords,
        signed_in: CurrentSignIn,
        data: JSONBody[PasswordChange],
    ) -> None:
        """Change one's own password and sign out every other browser."""
        async with context.transaction() as session:
            agent = await session.get_one(Agent, signed_in.viewer.agent_id)
        browser, keep = browser_of(request), _sign_in_id(signed_in)
        await signing_in.change_password(
            context, passwords, agent, data.current, data.new, browser=browser, kept_id=keep
        )

    @get("/me/sessions", operation_id="my_sessions", guards=[people_only])
    async def sessions(self, session: Session, context: Context, signed_in: CurrentSignIn) -> list[SessionItem]:
        """List the browsers in which one is signed in, the last used first."""
        at = now()
        idle_since = at - context.settings.session_idle
        return await queries.sessions_of(
            session, signed_in.viewer.agent_id, signed_in.sign_in_id, now=at, idle_since=idle_since
        )

    @delete("/me/sessions", operation_id="end_my_other_sessions", status_code=204, guards=[people_only])
    async def end_others(self, session: Session, signed_in: CurrentSignIn) -> None:
        """Sign out every other browser."""
        await sessions.revoke_all(session, signed_in.viewer.agent_id, now(), kept_id=_sign_in_id(signed_in))

    @delete("/me/sessions/{sign_in_id:uuid}", operation_id="end_my_session", status_code=204, guards=[people_only])
    async def end_one(self, session: Session, signed_in: CurrentSignIn, sign_in_id: FromPath[UUID]) -> None:
        """Sign out one of one's browsers."""
        if not await sessions.revoke(session, signed_in.viewer.agent_id, sign_in_id, now()):
            raise SessionNotFound


def _sign_in_id(signed_in: SignedIn) -> UUID:
    """Return the id of the browser's session; raises NotFound for a bot."""
    if signed_in.sign_in_id is None:
        raise SessionNotFound
    return signed_in.sign_in_id
