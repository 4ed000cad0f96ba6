"""Signing in and out, and what everybody sees and changes about themselves."""

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
from hub.access.changes import Changes
from hub.access.cookies import cookie
from hub.access.errors import SessionNotFound
from hub.access.guard import CurrentAgent, CurrentSignIn, browser_of, from_a_page, person, somebody
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
    Theme,
)
from hub.access.sessions import Opened, SignedIn
from hub.runtime.context import AppContext
from hub.runtime.http import Context, Session
from hub.storage.database import now

Asking = Request[Any, Any, State]


def changes_of(state: State) -> Changes:
    """Find what the floors above do when people change."""
    return cast("Changes", state.changes)


async def me_of(session: AsyncSession, agent: Agent, who: SignedIn, context: AppContext, changes: Changes) -> Me:
    """Tell somebody who they are."""
    undo = int(context.settings.undo_window.total_seconds()) if agent.undo_seconds is None else agent.undo_seconds
    return Me(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        role=agent.role,
        language=cast("Language", agent.language),
        time_zone=agent.time_zone,
        theme=cast("Theme", agent.theme),
        single_keys=agent.single_keys,
        undo_seconds=undo,
        teams=await queries.teams_of(session, agent.id),
        csrf=who.csrf,
        intent=await changes.intent(session, agent.id),
        demo=await queries.has_demo(session),
        rights=tuple(sorted(who.viewer.rights)),
        has_password=agent.password_hash is not None,
    )


async def _welcome(request: Asking, context: AppContext, opened: Opened) -> Response[Me]:
    changes = changes_of(request.app.state)
    async with context.transaction() as session:
        agent = await session.get_one(Agent, opened.signed_in.viewer.agent_id)
        me = await me_of(session, agent, opened.signed_in, context, changes)
    return Response(me, cookies=[cookie(context.settings, opened)], headers={"Cache-Control": "no-store"})


class SignInController(Controller):
    """Coming in and going out: what needs no sign-in, and its end."""

    path = "/api"
    tags = ("access",)
    guards = (from_a_page,)

    @post("/session", operation_id="sign_in", status_code=200)
    async def sign_in(self, request: Asking, context: Context, data: JSONBody[SignInForm]) -> Response[Me]:
        """Sign in by e-mail address and password."""
        opened = await signing_in.by_password(context, data.email, data.password, browser_of(request))
        return await _welcome(request, context, opened)

    @delete("/session", operation_id="sign_out", status_code=204, guards=[person])
    async def sign_out(self, session: Session, context: Context, who: CurrentSignIn) -> Response[None]:
        """Sign out this browser."""
        await sessions.revoke(session, who.viewer.agent_id, _session_id(who), now())
        return Response(None, status_code=204, cookies=[cookie(context.settings, None)])

    @post("/session/link", operation_id="sign_in_by_link", status_code=200)
    async def sign_in_by_link(self, request: Asking, context: Context, data: JSONBody[LinkToken]) -> Response[Me]:
        """Sign in by a link that works once."""
        return await _welcome(request, context, await signing_in.by_link(context, data.token, browser_of(request)))

    @post("/password-resets", operation_id="ask_password_reset", status_code=202)
    async def ask_reset(self, request: Asking, context: Context, data: JSONBody[ResetAsked]) -> Response[None]:
        """Ask for a link to choose a new password; the answer is the same for every address."""
        await signing_in.ask_reset(context, browser_of(request))
        later = BackgroundTask(signing_in.mail_reset, context, changes_of(request.app.state), data.email)
        return Response(None, background=later)

    @post("/links/look", operation_id="look_at_link", status_code=200)
    async def look(self, request: Asking, context: Context, data: JSONBody[LinkToken]) -> LinkLook:
        """Tell what a link is for and whose it is."""
        purpose, agent = await signing_in.look(context, data.token, browser_of(request))
        return LinkLook(purpose=purpose, name=agent.name, email=agent.email)

    @post("/links/use", operation_id="use_link", status_code=200)
    async def use(self, request: Asking, context: Context, data: JSONBody[LinkUse]) -> Response[Me]:
        """Choose a password by an invitation or a reset, and sign in."""
        opened, agent_id = await signing_in.by_new_password(context, data, browser_of(request))
        async with context.transaction() as session:
            await changes_of(request.app.state).agent(session, agent_id)
        return await _welcome(request, context, opened)


class MeController(Controller):
    """What everybody sees and changes about themselves."""

    path = "/api"
    tags = ("access",)
    guards = (somebody,)

    @get("/me", operation_id="me")
    async def me(self, state: State, session: Session, context: Context, agent: CurrentAgent, who: CurrentSignIn) -> Me:
        """Tell who is signed in."""
        return await me_of(session, agent, who, context, changes_of(state))

    @patch("/me", operation_id="change_me", guards=[person])
    async def change(
        self,
        state: State,
        session: Session,
        context: Context,
        agent: CurrentAgent,
        who: CurrentSignIn,
        data: JSONBody[MeChange],
    ) -> Me:
        """Change one's own name and tastes."""
        change_me(agent, data)
        await session.flush()
        await changes_of(state).agent(session, agent.id)
        return await me_of(session, agent, who, context, changes_of(state))

    @post("/me/password", operation_id="change_password", status_code=204, guards=[person])
    async def password(
        self, request: Asking, context: Context, who: CurrentSignIn, data: JSONBody[PasswordChange]
    ) -> None:
        """Change one's own password; every other browser is signed out."""
        async with context.transaction() as session:
            agent = await session.get_one(Agent, who.viewer.agent_id)
        browser = browser_of(request)
        await signing_in.change_password(context, agent, data.current, data.new, browser=browser, keep=_session_id(who))

    @get("/me/sessions", operation_id="my_sessions", guards=[person])
    async def sessions(self, session: Session, context: Context, who: CurrentSignIn) -> list[SessionItem]:
        """List where one is signed in."""
        at = now()
        idle = at - context.settings.session_idle
        return await queries.sessions_of(session, who.viewer.agent_id, who.sign_in_id, now=at, idle_since=idle)

    @delete("/me/sessions", operation_id="end_my_other_sessions", status_code=204, guards=[person])
    async def end_others(self, session: Session, who: CurrentSignIn) -> None:
        """Sign out every other browser."""
        await sessions.revoke_all(session, who.viewer.agent_id, now(), but=_session_id(who))

    @delete("/me/sessions/{sign_in_id:uuid}", operation_id="end_my_session", status_code=204, guards=[person])
    async def end_one(self, session: Session, who: CurrentSignIn, sign_in_id: FromPath[UUID]) -> None:
        """Sign out one browser."""
        if not await sessions.revoke(session, who.viewer.agent_id, sign_in_id, now()):
            raise SessionNotFound


def _session_id(who: SignedIn) -> UUID:
    if who.sign_in_id is None:
        raise SessionNotFound
    return who.sign_in_id
