"""How a channel is doing, for people to read: what fails, in which direction, and since when."""

from uuid import UUID

from sqlalchemy import func, or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.models import Channel
from hub.delivery.errors import ChannelFails, SendingFails
from hub.errors import Reason, packed
from hub.events.definitions import ChannelChanged
from hub.events.log import record

LONGEST = 500
SELDOM = text("interval '5 seconds'")


async def report_failure(session: AsyncSession, channel_id: UUID, way: type[ChannelFails], cause: Reason) -> None:
    """Store what is wrong with a channel in this direction; an event is recorded only when it is news."""
    failure = way(cause=cause).reason
    told = failure.detail[:LONGEST]
    fails = (
        update(Channel)
        .where(Channel.id == channel_id, Channel.error.is_distinct_from(told))
        .values(error=told, reason=packed(failure), error_at=func.coalesce(Channel.error_at, func.now()))
        .returning(Channel.id)
    )
    _tell(session, channel_id, (await session.execute(fails)).first())


async def report_success(session: AsyncSession, channel_id: UUID, way: type[ChannelFails]) -> None:
    """Write down that a channel carried something, and forget what was wrong in this direction."""
    last = Channel.last_out_at if way is SendingFails else Channel.last_in_at
    await session.execute(
        update(Channel)
        .where(Channel.id == channel_id, or_(last.is_(None), last < func.now() - SELDOM))
        .values({last: func.now()}),
    )
    await mended(session, channel_id, way)


async def mended(session: AsyncSession, channel_id: UUID, way: type[ChannelFails]) -> None:
    """Forget what was wrong in this direction."""
    heals = (
        update(Channel)
        .where(Channel.id == channel_id, Channel.reason["code"].astext == way.code)
        .values(error=None, reason=None, error_at=None)
        .returning(Channel.id)
    )
    _tell(session, channel_id, (await session.execute(heals)).first())


def _tell(session: AsyncSession, channel_id: UUID, changed: object) -> None:
    if changed is not None:
        record(session, ChannelChanged(channel_id=channel_id))
