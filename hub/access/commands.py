"""Create agents and sign-in links for the command line, without rights checks: its user owns the machine."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import actions, links, queries
from hub.access.errors import AgentNameInvalid, RoleUnknown, TeamNameUnknown
from hub.access.models import Agent, Purpose, Team
from hub.access.rights import AgentKind, Role
from hub.access.schemas import NewAgent
from hub.settings import Settings
from hub.storage.database import now


async def owner_link(
    session: AsyncSession, settings: Settings, *, name: str = "Owner", email: str = "owner@localhost"
) -> tuple[Agent, str]:
    """Return the first owner, created if there is none, and the URL of a single-use sign-in link."""
    owner = await first_owner(session, name=name, email=email)
    return owner, await links.create(session, owner.id, Purpose.SIGN_IN, settings=settings, now=now())


async def first_owner(session: AsyncSession, *, name: str = "Owner", email: str = "owner@localhost") -> Agent:
    """Return the owner created first, or create one with this name and address if there is none."""
    owners = await queries.lock_owners(session)
    owner = min(owners, key=lambda agent: (agent.created_at, agent.id), default=None)
    if owner is None:
        owner = await actions.add_agent(session, None, NewAgent(name=name, role=Role.OWNER, email=email))
    return owner


async def add_agent(
    session: AsyncSession,
    settings: Settings,
    *,
    name: str,
    email: str | None,
    role: str,
    teams: Sequence[str] = (),
    language: str = "en",
) -> tuple[Agent, str | None]:
    """Create an agent; return it and the URL of its invitation (None for a bot).

    `teams` are names of existing teams. Raises BadInput, Conflict.
    """
    kind = AgentKind.BOT if role == Role.BOT else AgentKind.PERSON
    new = NewAgent(
        name=_name(name),
        role=_role(role),
        email=email,
        kind=kind,
        team_ids=tuple([await _team_id(session, team) for team in teams]),
        language="es" if language == "es" else "en",
    )
    agent = await actions.add_agent(session, None, new)
    if kind is AgentKind.BOT:
        return agent, None
    return agent, await links.create(session, agent.id, Purpose.INVITATION, settings=settings, now=now())


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise AgentNameInvalid
    return text


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as error:
        known_roles = ", ".join(Role)
        raise RoleUnknown(role=text, known=known_roles) from error


async def _team_id(session: AsyncSession, name: str) -> UUID:
    team_id = await session.scalar(select(Team.id).where(Team.name == name))
    if team_id is None:
        raise TeamNameUnknown(name=name)
    return team_id
