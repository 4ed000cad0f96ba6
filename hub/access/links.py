"""Links that work once: made from the public URL alone, with the secret in the fragment that no server logs."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.credentials import fingerprint, new_token
from hub.access.errors import LinkUsed
from hub.access.models import Agent, Link, Purpose
from hub.settings import Settings

LASTS = {
    Purpose.INVITATION: timedelta(days=3),
    Purpose.RESET: timedelta(minutes=30),
    Purpose.SIGN_IN: timedelta(hours=1),
}
PAGES = {Purpose.INVITATION: "/invitation", Purpose.RESET: "/reset", Purpose.SIGN_IN: "/sign-in/link"}
GONE = "This link has been used or has expired. Ask for a new one."


async def make(session: AsyncSession, agent_id: UUID, purpose: Purpose, *, settings: Settings, now: datetime) -> str:
    """Make a link for an agent and give its URL; earlier ones for the same purpose stop working."""
    await void(session, agent_id, now, purpose)
    token = new_token()
    link = Link(
        purpose=purpose,
        token_hash=fingerprint(token),
        agent_id=agent_id,
        expires_at=now + LASTS[purpose],
        created_at=now,
    )
    session.add(link)
    return f"{settings.base_url}{PAGES[purpose]}#token={token}"


async def void(session: AsyncSession, agent_id: UUID, now: datetime, purpose: Purpose | None = None) -> None:
    """Make an agent's open links worthless: those for one purpose, or all."""
    open_ones = update(Link).where(Link.agent_id == agent_id, Link.used_at.is_(None))
    if purpose is not None:
        open_ones = open_ones.where(Link.purpose == purpose)
    await session.execute(open_ones.values(used_at=now))


async def look(session: AsyncSession, token: str, now: datetime) -> tuple[Link, Agent]:
    """Find what a link is for and whose it is, without using it; raises NotFound."""
    found = select(Link, Agent).join(Agent, Agent.id == Link.agent_id)
    alive = (Link.token_hash == fingerprint(token), Link.used_at.is_(None), Link.expires_at > now)
    row = (await session.execute(found.where(*alive, Agent.disabled_at.is_(None)))).one_or_none()
    if row is None:
        raise LinkUsed
    return row[0], row[1]


async def use(session: AsyncSession, token: str, purposes: set[Purpose], now: datetime) -> Agent:
    """Use a link up and give its agent; of two at the same moment one gets NotFound."""
    alive = (Link.token_hash == fingerprint(token), Link.used_at.is_(None), Link.expires_at > now)
    used = update(Link).where(*alive, Link.purpose.in_(purposes)).values(used_at=now).returning(Link.agent_id)
    agent_id = (await session.execute(used)).scalar_one_or_none()
    agent = None if agent_id is None else await session.get(Agent, agent_id, with_for_update=True)
    if agent is None or agent.disabled_at is not None:
        raise LinkUsed
    return agent
