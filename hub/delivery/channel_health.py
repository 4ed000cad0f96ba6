"""How a channel is doing, for people to read: what fails, in which direction, and since when."""

from typing import Literal
from uuid import UUID

from sqlalchemy import func, or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.models import Channel
from hub.events.definitions import ChannelChanged
from hub.events.log import record

Way = Literal["Sending", "Receiving"]

LONGEST = 500
SELDOM = text("interval '5 seconds'")


async def report_failure(session: AsyncSession, channel_id: UUID, way: Way, detail: str) -> None:
    """Write down what is wrong with a channel; told to everybody only when it is news."""
    told = f"{way}: {detail}"[:LONGEST]
    fails = (
        update(Channel)
        .where(Channel.id == channel_id, Channel.error.is_distinct_from(told))
        .values(error=told, error_at=func.coalesce(Channel.error_at, func.now()))
        .returning(Channel.id)
    )
    _tell(session, channel_id, (await session.execute(fails)).first())


async def report_success(session: AsyncSession, channel_id: UUID, way: Way) -> None:
    """Write down that a channel carried something, and forget what was wrong in this direction."""
    last = Channel.last_out_at if way == "Sending" else Channel.last_in_at
    await session.execute(
        update(Channel)
        .where(Channel.id == channel_id, or_(last.is_(None), last < func.now() - SELDOM))
        .values({last: func.now()}),
    )
    await mended(session, channel_id, way)


async def mended(session: AsyncSession, channel_id: UUID, way: Way) -> None:
    """Forget what was wrong in this direction."""
    heals = (
        update(Channel)
        .where(Channel.id == channel_id, Channel.error.startswith(f"{way}: "))
        .values(error=None, error_at=None)
        .returning(Channel.id)
    )
    _tell(session, channel_id, (await session.execute(heals)).first())


def _tell(session: AsyncSession, channel_id: UUID, changed: object) -> None:
    if changed is not None:
        record(session, ChannelChanged(channel_id=channel_id))
