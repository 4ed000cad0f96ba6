"""The HTTP interface for administrators: agents, bots and their tokens, and teams."""

from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import actions, links, queries
from hub.access.api import hooks_of
from hub.access.guard import CurrentViewer, needs
from hub.access.hooks import AccessHooks, StaffMail
from hub.access.idempotency import Repeatable, run_once
from hub.access.models import Agent, Purpose
from hub.access.rights import AgentKind, Right
from hub.access.schemas import (
    AgentAdmin,
    AgentChange,
    AgentMade,
    Invitation,
    NewAgent,
    NewToken,
    TeamAdmin,
    TeamForm,
    TokenItem,
    TokenMade,
)
from hub.access.sign_in import send_mail
from hub.runtime.context import AppContext
from hub.runtime.http import Context, Session
from hub.storage.database import now

WRITE_GUARDS = [needs(Right.AGENTS_WRITE)]


async def create_password_link(session: AsyncSession, context: AppContext, agent: Agent) -> str:
    """Create a link for choosing a password and return its URL: an invitation, or a reset if a password exists."""
    purpose = Purpose.RESET if agent.password_hash else Purpose.INVITATION
    return await links.create(session, agent.id, purpose, settings=context.settings, now=now())


def _invitation_mail(hooks: AccessHooks, agent: AgentAdmin, url: str | None) -> BackgroundTask | None:
    if agent.email is None or not url:
        return None
    purpose = Purpose.INVITATION
    mail = StaffMail(purpose=purpose, email=agent.email, name=agent.name, language=agent.language, url=url)
    return BackgroundTask(send_mail, hooks, mail)


def _without_url(response: AgentMade) -> AgentMade:
    return msgspec.structs.replace(response, invitation_url=None)


def _without_secret(response: TokenMade) -> TokenMade:
    return msgspec.structs.replace(response, token="")


class AgentController(Controller):
    """Agents: people and bots."""

    path = "/api/agents"
    tags = ("access",)
    guards = (needs(Right.AGENTS_READ),)

    @get("/", operation_id="list_agents")
    async def list_agents(self, session: Session) -> list[AgentAdmin]:
        """List all people and bots by name."""
        return await queries.agents(session)

    @post("/", operation_id="add_agent", guards=WRITE_GUARDS)
    async def add(
        self,
        state: State,
        session: Session,
        context: Context,
        viewer: CurrentViewer,
        request_key: Repeatable,
        data: JSONBody[NewAgent],
    ) -> Response[AgentMade]:
        """Invite a person, or create a bot."""

        async def create() -> AgentMade:
            agent = await actions.add_agent(session, viewer, data)
            url = await create_password_link(session, context, agent) if agent.kind is AgentKind.PERSON else None
            return AgentMade(agent=(await queries.agents(session, agent.id))[0], invitation_url=url)

        response = await run_once(session, request_key, AgentMade, create, redact=_without_url)
        return Response(response, background=_invitation_mail(hooks_of(state), response.agent, response.invitation_url))

    @patch("/{agent_id:uuid}", operation_id="change_agent", guards=WRITE_GUARDS)
    async def change(
        self,
        session: Session,
        viewer: CurrentViewer,
        agent_id: FromPath[UUID],
        data: JSONBody[AgentChange],
    ) -> AgentAdmin:
        """Change an agent's name, role, teams or language, or disable or enable the agent."""
        agent = await actions.change_agent(session, viewer, agent_id, data, now())
        await session.flush()
        return (await queries.agents(session, agent.id))[0]

    @post("/{agent_id:uuid}/invitation", operation_id="invite_again", guards=WRITE_GUARDS, status_code=200)
    async def again(
        self, session: Session, context: Context, viewer: CurrentViewer, agent_id: FromPath[UUID]
    ) -> Invitation:
        """Create a new link by which a person chooses a password; earlier links stop working."""
        agent = await actions.lock_invitable(session, viewer, agent_id)
        return Invitation(await create_password_link(session, context, agent))

    @get("/{agent_id:uuid}/tokens", operation_id="list_tokens", guards=WRITE_GUARDS)
    async def tokens(self, session: Session, agent_id: FromPath[UUID]) -> list[TokenItem]:
        """List a bot's tokens, the oldest first."""
        return await queries.tokens_of(session, agent_id)

    @post("/{agent_id:uuid}/tokens", operation_id="add_token", guards=WRITE_GUARDS)
    async def add_token(
        self, session: Session, request_key: Repeatable, agent_id: FromPath[UUID], data: JSONBody[NewToken]
    ) -> TokenMade:
        """Create a token for a bot; only this response contains its secret."""

        async def create() -> TokenMade:
            token, secret = await actions.add_token(session, agent_id, data, now())
            return TokenMade(**msgspec.structs.asdict(queries.token_item(token)), token=secret)

        return await run_once(session, request_key, TokenMade, create, redact=_without_secret)

    @delete(
        "/{agent_id:uuid}/tokens/{token_id:uuid}", operation_id="revoke_token", status_code=204, guards=WRITE_GUARDS
    )
    async def revoke_token(self, session: Session, agent_id: FromPath[UUID], token_id: FromPath[UUID]) -> None:
        """Revoke a bot's token."""
        await actions.revoke_token(session, agent_id, token_id, now())


class TeamController(Controller):
    """Teams and their members."""

    path = "/api/teams"
    tags = ("access",)
    guards = (needs(Right.AGENTS_READ),)

    @get("/", operation_id="list_teams")
    async def list_teams(self, session: Session) -> list[TeamAdmin]:
        """List all teams by name."""
        return await queries.teams(session)

    @post("/", operation_id="add_team", guards=WRITE_GUARDS)
    async def add(self, session: Session, request_key: Repeatable, data: JSONBody[TeamForm]) -> TeamAdmin:
        """Create a team."""

        async def create() -> TeamAdmin:
            team = await actions.add_team(session, data.name)
            return TeamAdmin(id=team.id, name=team.name, member_ids=())

        return await run_once(session, request_key, TeamAdmin, create)

    @patch("/{team_id:uuid}", operation_id="rename_team", guards=WRITE_GUARDS)
    async def rename(self, session: Session, team_id: FromPath[UUID], data: JSONBody[TeamForm]) -> TeamAdmin:
        """Rename a team."""
        await actions.rename_team(session, team_id, data.name)
        return (await queries.teams(session, team_id))[0]

    @delete("/{team_id:uuid}", operation_id="remove_team", status_code=204, guards=WRITE_GUARDS)
    async def remove(self, session: Session, team_id: FromPath[UUID]) -> None:
        """Delete a team; its members stay agents."""
        await actions.remove_team(session, team_id)
