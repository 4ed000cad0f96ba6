"""Queries for agents, teams, sessions and tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import AccessToken, Agent, SignIn, Team, TeamMember
from hub.access.rights import AgentKind, Role
from hub.access.schemas import AgentAdmin, SessionItem, TeamAdmin, TeamName, TokenItem

_team_ids = select(func.array_agg(TeamMember.team_id)).where(TeamMember.agent_id == Agent.id).scalar_subquery()
_member_ids = select(func.array_agg(TeamMember.agent_id)).where(TeamMember.team_id == Team.id).scalar_subquery()


async def by_email(session: AsyncSession, email: str) -> Agent | None:
    """Return the agent with this e-mail address, ignoring case, or None. One query."""
    return await session.scalar(select(Agent).where(Agent.email == email.strip().lower()))


async def agents(session: AsyncSession, agent_id: UUID | None = None) -> list[AgentAdmin]:
    """List all agents by name, or only the one with this id. One query."""
    query = select(Agent, _team_ids).order_by(func.lower(Agent.name), Agent.id)
    if agent_id is not None:
        query = query.where(Agent.id == agent_id)
    return [agent_item(agent, team_ids or ()) for agent, team_ids in await session.execute(query)]


def agent_item(agent: Agent, team_ids: list[UUID] | tuple[UUID, ...]) -> AgentAdmin:
    """Return the wire item of an agent."""
    return AgentAdmin(
        id=agent.id,
        name=agent.name,
        email=agent.email,
        kind=agent.kind,
        role=agent.role,
        team_ids=tuple(sorted(team_ids)),
        language=agent.language,
        disabled=agent.disabled_at is not None,
        invited=agent.kind is AgentKind.PERSON and agent.password_hash is None and agent.last_seen_at is None,
        last_seen_at=agent.last_seen_at,
    )


async def teams(session: AsyncSession, team_id: UUID | None = None) -> list[TeamAdmin]:
    """List all teams by name with their members, or only the one with this id. One query."""
    query = select(Team.id, Team.name, _member_ids.label("member_ids")).order_by(func.lower(Team.name), Team.id)
    if team_id is not None:
        query = query.where(Team.id == team_id)
    rows = await session.execute(query)
    return [TeamAdmin(id=row.id, name=row.name, member_ids=tuple(sorted(row.member_ids or ()))) for row in rows]


async def teams_of(session: AsyncSession, agent_id: UUID) -> tuple[TeamName, ...]:
    """List the teams of an agent by name. One query."""
    query = select(Team.id, Team.name).join(TeamMember, TeamMember.team_id == Team.id)
    rows = await session.execute(query.where(TeamMember.agent_id == agent_id).order_by(func.lower(Team.name)))
    return tuple(TeamName(row.id, row.name) for row in rows)


async def has_demo(session: AsyncSession) -> bool:
    """Return whether sample data is present. One query."""
    return bool(await session.scalar(select(select(Agent.id).where(Agent.demo).exists())))


async def sessions_of(
    session: AsyncSession, agent_id: UUID, current: UUID | None, *, now: datetime, idle_since: datetime
) -> list[SessionItem]:
    """List an agent's valid sessions, the last used first. One query.

    `current` is the session that sends the request (None: none); sessions unused since `idle_since` have ended.
    """
    is_valid = (SignIn.revoked_at.is_(None), SignIn.expires_at > now, SignIn.last_seen_at > idle_since)
    query = select(SignIn).where(SignIn.agent_id == agent_id, *is_valid).order_by(SignIn.last_seen_at.desc())
    return [
        SessionItem(
            id=row.id,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            user_agent=row.user_agent,
            address=row.address,
            current=row.id == current,
        )
        for row in await session.scalars(query)
    ]


async def tokens_of(session: AsyncSession, agent_id: UUID) -> list[TokenItem]:
    """List a bot's tokens that are not revoked, the oldest first. One query."""
    query = select(AccessToken).where(AccessToken.agent_id == agent_id, AccessToken.revoked_at.is_(None))
    return [token_item(row) for row in await session.scalars(query.order_by(AccessToken.created_at))]


def token_item(row: AccessToken) -> TokenItem:
    """Return the wire item of a token, without its secret."""
    return TokenItem(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes),
        prefix=row.prefix,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )


async def lock_owners(session: AsyncSession) -> list[Agent]:
    """Lock and return the owners who are not disabled, so that concurrent changes cannot remove the last owner."""
    query = select(Agent).where(Agent.role == Role.OWNER, Agent.disabled_at.is_(None)).order_by(Agent.id)
    return list(await session.scalars(query.with_for_update()))
