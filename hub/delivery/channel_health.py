"""Records the health of channels: what fails, in which direction, and since when."""

from uuid import UUID

from sqlalchemy import func, or_, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.models import Channel
from hub.delivery.errors import ChannelFails, SendingFails
from hub.errors import Reason, reason_to_json
from hub.events.definitions import ChannelChanged
from hub.events.log import record

MAX_LENGTH = 500  # characters of an error
SUCCESS_INTERVAL = text("interval '5 seconds'")  # how often a success is written at most


async def report_failure(
    session: AsyncSession, channel_id: UUID, failure_kind: type[ChannelFails], cause: Reason
) -> None:
    """Store a channel's error, and record an event if it changed. One query.

    `failure_kind` is the direction: SendingFails or ReceivingFails.
    """
    failure = failure_kind(cause=cause).reason
    error = failure.detail[:MAX_LENGTH]
    change = (
        update(Channel)
        .where(Channel.id == channel_id, Channel.error.is_distinct_from(error))
        .values(error=error, reason=reason_to_json(failure), error_at=func.coalesce(Channel.error_at, func.now()))
        .returning(Channel.id)
    )
    _record_if_changed(session, channel_id, (await session.execute(change)).first())


async def report_success(session: AsyncSession, channel_id: UUID, failure_kind: type[ChannelFails]) -> None:
    """Store that a channel carried a message, and clear its error in this direction. Two queries."""
    last = Channel.last_out_at if failure_kind is SendingFails else Channel.last_in_at
    await session.execute(
        update(Channel)
        .where(Channel.id == channel_id, or_(last.is_(None), last < func.now() - SUCCESS_INTERVAL))
        .values({last: func.now()}),
    )
    await report_recovery(session, channel_id, failure_kind)


async def report_recovery(session: AsyncSession, channel_id: UUID, failure_kind: type[ChannelFails]) -> None:
    """Clear a channel's error in this direction, and record an event if there was one. One query."""
    change = (
        update(Channel)
        .where(Channel.id == channel_id, Channel.reason["code"].astext == failure_kind.code)
        .values(error=None, reason=None, error_at=None)
        .returning(Channel.id)
    )
    _record_if_changed(session, channel_id, (await session.execute(change)).first())


def _record_if_changed(session: AsyncSession, channel_id: UUID, changed_row: object) -> None:
    if changed_row is not None:
        record(session, ChannelChanged(channel_id=channel_id))
