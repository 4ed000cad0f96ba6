"""The log: record what happened, read it without missing a line."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, ColumnElement, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events import definitions as events
from hub.events.definitions import OLD_TAGS, Event
from hub.events.models import Entry
from hub.runtime.context import RECORDED
from hub.storage.database import Xid

SHOWN = (
    events.ConversationOpened,
    events.ConversationAssigned,
    events.ConversationResolved,
    events.ConversationReopened,
    events.ConversationSnoozed,
    events.ConversationWoken,
    events.TagsChanged,
    events.ContactsMerged,
    events.ContactsUnmerged,
)
HORIZON = text("pg_snapshot_xmin(pg_current_snapshot())")


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in the log: after this line of this transaction. On the wire "XID.POSITION"."""

    xid: int
    line: int

    def __str__(self) -> str:
        """Write it as clients see it."""
        return f"{self.xid}.{self.line}"

    @classmethod
    def parse(cls, written: str) -> "Position | None":
        """Read what a client sent back; None when it is no cursor of ours."""
        xid, _, line = written.partition(".")
        if not (xid.isascii() and xid.isdigit() and line.isascii() and line.isdigit()):
            return None
        position = cls(int(xid), int(line))
        return position if position.xid < 2**63 and position.line < 2**63 else None


def entry(
    event: Event,
    *,
    conversation_id: UUID | None = None,
    contact_id: UUID | None = None,
    agent_id: UUID | None = None,
    private_to: UUID | None = None,
) -> dict[str, Any]:
    """Make a row of the log for a batch insert."""
    return {
        "conversation_id": conversation_id,
        "contact_id": contact_id,
        "agent_id": agent_id,
        "private_to": private_to,
        "shown": isinstance(event, SHOWN),
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
    """Write what happened into the log, in the same transaction as the change itself.

    `agent_id` is who did it (None: a customer or the hub); `private_to` the only agent who may see it.
    """
    session.add(
        Entry(
            **entry(
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


def _after(place: Position) -> ColumnElement[bool]:
    return tuple_(Entry.xid, Entry.position) > tuple_(literal(place.xid, Xid()), literal(place.line, BigInteger()))


async def now_at(session: AsyncSession) -> Position:
    """Tell the place from which a reader must go on who looks at the tables after this."""
    xmin = (await session.execute(select(HORIZON))).scalar_one()
    return Position(int(xmin), 0)


async def since(session: AsyncSession, after: Position, *, limit: int = 500) -> Sequence[Entry]:
    """Read the lines after a place, in order, and only those that no running transaction can still precede."""
    found = await session.execute(
        select(Entry).where(_after(after), Entry.xid < HORIZON).order_by(Entry.xid, Entry.position).limit(limit),
    )
    return found.scalars().all()


async def behind(session: AsyncSession, after: Position, *, limit: int) -> int:
    """Count how many lines lie after a place, but not beyond `limit`."""
    lines = select(Entry.position).where(_after(after))
    return int((await session.execute(select(func.count()).select_from(lines.limit(limit).subquery()))).scalar_one())
