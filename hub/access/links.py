"""Create and redeem single-use links; the secret is in the fragment, which browsers send to no server."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.credentials import fingerprint, new_token
from hub.access.errors import LinkUsed
from hub.access.models import Agent, Link, Purpose
from hub.settings import Settings

LIFETIMES = {
    Purpose.INVITATION: timedelta(days=3),
    Purpose.RESET: timedelta(minutes=30),
    Purpose.SIGN_IN: timedelta(hours=1),
}
PAGE_PATHS = {Purpose.INVITATION: "/invitation", Purpose.RESET: "/reset", Purpose.SIGN_IN: "/sign-in/link"}


async def create(session: AsyncSession, agent_id: UUID, purpose: Purpose, *, settings: Settings, now: datetime) -> str:
    """Create a link for an agent and return its URL; earlier links for the same purpose stop working."""
    await invalidate(session, agent_id, now, purpose)
    token = new_token()
    link = Link(
        purpose=purpose,
        token_hash=fingerprint(token),
        agent_id=agent_id,
        expires_at=now + LIFETIMES[purpose],
        created_at=now,
    )
    session.add(link)
    return f"{settings.base_url}{PAGE_PATHS[purpose]}#token={token}"


async def invalidate(session: AsyncSession, agent_id: UUID, now: datetime, purpose: Purpose | None = None) -> None:
    """Invalidate an agent's unused links for a purpose; None: for every purpose."""
    statement = update(Link).where(Link.agent_id == agent_id, Link.used_at.is_(None))
    if purpose is not None:
        statement = statement.where(Link.purpose == purpose)
    await session.execute(statement.values(used_at=now))


async def find(session: AsyncSession, token: str, now: datetime) -> tuple[Link, Agent]:
    """Return a valid link and its agent without using the link up; raises NotFound. One query."""
    query = select(Link, Agent).join(Agent, Agent.id == Link.agent_id)
    is_valid = (Link.token_hash == fingerprint(token), Link.used_at.is_(None), Link.expires_at > now)
    row = (await session.execute(query.where(*is_valid, Agent.disabled_at.is_(None)))).one_or_none()
    if row is None:
        raise LinkUsed
    return row[0], row[1]


async def use(session: AsyncSession, token: str, purposes: set[Purpose], now: datetime) -> Agent:
    """Use a link up and return its agent, locked; raises NotFound, also for the slower of two concurrent uses."""
    is_valid = (Link.token_hash == fingerprint(token), Link.used_at.is_(None), Link.expires_at > now)
    statement = update(Link).where(*is_valid, Link.purpose.in_(purposes)).values(used_at=now).returning(Link.agent_id)
    agent_id = (await session.execute(statement)).scalar_one_or_none()
    agent = None if agent_id is None else await session.get(Agent, agent_id, with_for_update=True)
    if agent is None or agent.disabled_at is not None:
        raise LinkUsed
    return agent
