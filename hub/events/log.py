"""The event log: record events, and read them in order without missing one."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import OLD_TAGS, Event
from hub.events.models import Entry
from hub.runtime.context import RECORDED
from hub.storage.database import Xid

# The oldest transaction that may still be running: entries from it on may still be joined by earlier ones.
HORIZON = text("pg_snapshot_xmin(pg_current_snapshot())")


class Position(msgspec.Struct, frozen=True, order=True):
    """A position in the log: just after entry `line` of transaction `xid`. On the wire "XID.LINE"."""

    xid: int
    line: int

    def __str__(self) -> str:
        """Return the cursor that clients keep."""
        return f"{self.xid}.{self.line}"

    @classmethod
    def parse(cls, cursor: str) -> "Position | None":
        """Parse a cursor that a client sent; None when it is malformed."""
        xid, _, line = cursor.partition(".")
        if not (xid.isascii() and xid.isdigit() and line.isascii() and line.isdigit()):
            return None
        position = cls(int(xid), int(line))
        return position if position.xid < 2**63 and position.line < 2**63 else None


def entry_values(
    event: Event,
    *,
    conversation_id: UUID | None = None,
    contact_id: UUID | None = None,
    agent_id: UUID | None = None,
    private_to: UUID | None = None,
) -> dict[str, Any]:
    """Return the column values of an entry, for a bulk insert; the parameters are those of `record`."""
    return {
        "conversation_id": conversation_id,
        "contact_id": contact_id,
        "agent_id": agent_id,
        "private_to": private_to,
        "shown": event.shown,
        "event": msgspec.to_builtins(event),
    }


def record(
    session: AsyncSession,
    event: Event,
    *,
    conversation_id: UUID | None = None,
    contact_id: UUID | None = None,
    agent_id: UUID | None = None,
    private_to: UUID | None = None,
) -> None:
    """Write an event to the log, in the same transaction as the change that it describes.

    `agent_id` is the agent who made the change (None: a customer or the hub); `private_to` the only agent who may
    see the event (None: every agent who may see the conversation).
    """
    session.add(
        Entry(
            **entry_values(
                event,
                conversation_id=conversation_id,
                contact_id=contact_id,
                agent_id=agent_id,
                private_to=private_to,
            )
        )
    )
    session.info[RECORDED] = True


def event_of(row: Entry) -> Event:
    """Return the event of an entry."""
    return parse_event(row.event)


def parse_event(stored: dict[str, Any]) -> Event:
    """Return an event as it was stored, also under a tag that has since been replaced."""
    tag = OLD_TAGS.get(stored["type"])
    return cast("Event", msgspec.convert(stored if tag is None else {**stored, "type": tag}, Event))


def position_of(row: Entry) -> Position:
    """Return the position just after an entry."""
    return Position(row.xid, row.position)


def _after(position: Position) -> ColumnElement[bool]:
    place = tuple_(literal(position.xid, Xid()), literal(position.line, BigInteger()))
    return tuple_(Entry.xid, Entry.position) > place


async def current_position(session: AsyncSession) -> Position:
    """Return the end of the log as this transaction sees it; reading on after it misses no later commit."""
    xmin = (await session.execute(select(HORIZON))).scalar_one()
    return Position(int(xmin), 0)


async def read_after(session: AsyncSession, after: Position, *, limit: int = 500) -> Sequence[Entry]:
    """Return up to `limit` entries after a position, in order; omits those that a running transaction may precede."""
    return (await session.execute(select_after(after, limit=limit))).scalars().all()


def select_after(after: Position, *, limit: int) -> Select[Entry]:
    """Return the query of up to `limit` entries after a position. It is served by the index `entry_reader_idx`."""
    query = select(Entry).where(_after(after), Entry.xid < HORIZON)
    return query.order_by(Entry.xid, Entry.position).limit(limit)


async def count_after(session: AsyncSession, after: Position, *, limit: int) -> int:
    """Count the entries after a position up to `limit`, including those that `read_after` omits."""
    positions = select(Entry.position).where(_after(after))
    return int(
        (await session.execute(select(func.count()).select_from(positions.limit(limit).subquery()))).scalar_one()
    )
