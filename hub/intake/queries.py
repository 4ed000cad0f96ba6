"""Queries behind the list of quarantined arrivals, limited to the channels that the viewer may see."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Select, Uuid, cast, func, null, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.access.scope import visible
from hub.channels.models import Channel
from hub.errors import Reason
from hub.intake.errors import ArrivalBytesGone, ArrivalNotFound
from hub.intake.models import Arrival, ArrivalState
from hub.runtime.page_keys import page_key, parse_row_key
from hub.storage.files import Files
from hub.timeline import blobs


class ArrivalItem(Struct, frozen=True, kw_only=True):
    """A quarantined arrival; `size` is in bytes, `error` says why it could not be processed."""

    id: UUID
    channel_id: UUID
    received_at: datetime
    attempts: int
    error: str | None
    reason: Reason | None
    size: int


class ArrivalPage(Struct, frozen=True, kw_only=True):
    """A page of arrivals, newest first; `next` is the value of `after` for the next page, None on the last."""

    items: tuple[ArrivalItem, ...]
    next: str | None


async def arrivals(
    session: AsyncSession,
    viewer: Viewer,
    state: ArrivalState,
    *,
    after: str | None,
    limit: int,
) -> ArrivalPage:
    """Return a page of the arrivals in a state, newest first; raises BadInput for an unknown key. One query."""
    wanted = _visible_arrivals(viewer).where(Arrival.state == state)
    if after is not None:
        wanted = wanted.where(tuple_(Arrival.received_at, Arrival.id) < tuple_(*parse_row_key(after)))
    wanted = wanted.order_by(Arrival.received_at.desc(), Arrival.id.desc()).limit(limit + 1)
    rows = (await session.execute(wanted)).scalars().all()
    items = tuple(msgspec.convert(row, ArrivalItem, from_attributes=True) for row in rows[:limit])
    return ArrivalPage(items=items, next=page_key(items[-1].received_at, items[-1].id) if len(rows) > limit else None)


async def arrival(session: AsyncSession, viewer: Viewer, arrival_id: UUID) -> Arrival:
    """Return a quarantined arrival; raises NotFound. One query."""
    wanted = _visible_arrivals(viewer).where(Arrival.id == arrival_id, Arrival.state == ArrivalState.QUARANTINED)
    found = (await session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise ArrivalNotFound
    return found


async def raw_of(session: AsyncSession, files: Files, found: Arrival) -> bytes:
    """Return an arrival's bytes; raises NotFound if they are deleted, Unavailable if they cannot be read now."""
    if found.digest is None:
        raise ArrivalBytesGone
    return await blobs.read(session, files, found.digest)


def _visible_arrivals(viewer: Viewer) -> Select[Arrival]:
    no_assignee = func.coalesce(cast(null(), Uuid))
    return (
        select(Arrival)
        .join(Channel, Channel.id == Arrival.channel_id)
        .where(
            visible(viewer, Channel.team_id, no_assignee),
        )
    )
