"""People, bots and their tokens, and teams, as administrators see and change them."""

from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, patch, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import actions, links, queries
from hub.access.api import changes_of
from hub.access.changes import Changes, Letter
from hub.access.doors import send
from hub.access.guard import CurrentViewer, needs
from hub.access.idempotency import Repeatable, once
from hub.access.models import Agent, Purpose
from hub.access.rights import Right
from hub.access.wire import (
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
from hub.database import now
from hub.ground import Ground
from hub.http import Grounded, Session

CHANGING = [needs(Right.AGENTS_WRITE)]


async def invite(session: AsyncSession, ground: Ground, agent: Agent) -> str:
    """Make the link that lets somebody in: an invitation, or a new password for who had one."""
    purpose = Purpose.RESET if agent.password_hash else Purpose.INVITATION
    return await links.make(session, agent.id, purpose, settings=ground.settings, now=now())


def _letter(changes: Changes, agent: AgentAdmin, url: str | None) -> BackgroundTask | None:
    if agent.email is None or not url:
        return None
    purpose = Purpose.INVITATION
    letter = Letter(purpose=purpose, email=agent.email, name=agent.name, language=agent.language, url=url)
    return BackgroundTask(send, changes, letter)


class AgentController(Controller):
    """People and bots."""

    path = "/api/agents"
    tags = ("access",)
    guards = (needs(Right.AGENTS_READ),)

    @get("/", operation_id="list_agents")
    async def everybody(self, session: Session) -> list[AgentAdmin]:
        """List everybody."""
        return await queries.agents(session)

    @post("/", operation_id="add_agent", guards=CHANGING)
    async def add(
        self,
        state: State,
        session: Session,
        ground: Grounded,
        viewer: CurrentViewer,
        asked: Repeatable,
        data: JSONBody[NewAgent],
    ) -> Response[AgentMade]:
        """Invite a person, or add a bot."""

        async def make() -> AgentMade:
            agent = await actions.add_agent(session, viewer, data)
            url = await invite(session, ground, agent) if agent.kind == "person" else None
            await changes_of(state).agent(session, agent.id)
            return AgentMade(agent=(await queries.agents(session, agent.id))[0], invitation_url=url)

        made = await once(
            session, asked, AgentMade, make, keep=lambda made: msgspec.structs.replace(made, invitation_url=None)
        )
        return Response(made, background=_letter(changes_of(state), made.agent, made.invitation_url))

    @patch("/{agent_id:uuid}", operation_id="change_agent", guards=CHANGING)
    async def change(
        self,
        state: State,
        session: Session,
        viewer: CurrentViewer,
        agent_id: FromPath[UUID],
        data: JSONBody[AgentChange],
    ) -> AgentAdmin:
        """Change somebody's name, role, teams, or whether they may come in at all."""
        agent, moved = await actions.change_agent(session, viewer, agent_id, data, now())
        await session.flush()
        await changes_of(state).agent(session, agent.id)
        for team_id in sorted(moved):
            await changes_of(state).team(session, team_id)
        return (await queries.agents(session, agent.id))[0]

    @post("/{agent_id:uuid}/invitation", operation_id="invite_again", guards=CHANGING, status_code=200)
    async def again(
        self, session: Session, ground: Grounded, viewer: CurrentViewer, agent_id: FromPath[UUID]
    ) -> Invitation:
        """Make a fresh link that lets somebody in; the earlier one stops working."""
        agent = await actions.may_let_in(session, viewer, agent_id)
        return Invitation(await invite(session, ground, agent))

    @get("/{agent_id:uuid}/tokens", operation_id="list_tokens", guards=CHANGING)
    async def tokens(self, session: Session, agent_id: FromPath[UUID]) -> list[TokenItem]:
        """List a bot's tokens."""
        return await queries.tokens_of(session, agent_id)

    @post("/{agent_id:uuid}/tokens", operation_id="add_token", guards=CHANGING)
    async def add_token(
        self, session: Session, asked: Repeatable, agent_id: FromPath[UUID], data: JSONBody[NewToken]
    ) -> TokenMade:
        """Make a token for a bot; its secret is shown this once."""

        async def make() -> TokenMade:
            kept, secret = await actions.add_token(session, agent_id, data, now())
            return TokenMade(**msgspec.structs.asdict(queries.token_view(kept)), token=secret)

        return await once(session, asked, TokenMade, make, keep=lambda made: msgspec.structs.replace(made, token=""))

    @delete("/{agent_id:uuid}/tokens/{token_id:uuid}", operation_id="revoke_token", status_code=204, guards=CHANGING)
    async def revoke_token(self, session: Session, agent_id: FromPath[UUID], token_id: FromPath[UUID]) -> None:
        """End a bot's token."""
        await actions.revoke_token(session, agent_id, token_id, now())


class TeamController(Controller):
    """Teams."""

    path = "/api/teams"
    tags = ("access",)
    guards = (needs(Right.AGENTS_READ),)

    @get("/", operation_id="list_teams")
    async def all_teams(self, session: Session) -> list[TeamAdmin]:
        """List all teams."""
        return await queries.teams(session)

    @post("/", operation_id="add_team", guards=CHANGING)
    async def add(self, state: State, session: Session, asked: Repeatable, data: JSONBody[TeamForm]) -> TeamAdmin:
        """Make a team."""

        async def make() -> TeamAdmin:
            team = await actions.add_team(session, data.name)
            await changes_of(state).team(session, team.id)
            return TeamAdmin(id=team.id, name=team.name, member_ids=())

        return await once(session, asked, TeamAdmin, make)

    @patch("/{team_id:uuid}", operation_id="rename_team", guards=CHANGING)
    async def rename(
        self, state: State, session: Session, team_id: FromPath[UUID], data: JSONBody[TeamForm]
    ) -> TeamAdmin:
        """Give a team another name."""
        await actions.rename_team(session, team_id, data.name)
        await changes_of(state).team(session, team_id)
        return (await queries.teams(session, team_id))[0]

    @delete("/{team_id:uuid}", operation_id="remove_team", status_code=204, guards=CHANGING)
    async def remove(self, state: State, session: Session, team_id: FromPath[UUID]) -> None:
        """Remove a team; its members stay."""
        await actions.remove_team(session, team_id)
        await changes_of(state).team(session, team_id)
