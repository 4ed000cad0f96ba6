"""How one work item moves: begun, handed over, let go, queued again, set aside, ended.

Whoever changes an item holds the lock of its conversation, and before a hand changes, the lock of its desk.
Changes to queues' counters are only noted in a tally here; the verbs in `actions` apply them last.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.routing.assignment import Handing
from hub.routing.availability import ROUTING, give_room, take_room
from hub.routing.capacity import IN_HAND, LIVE_STATES
from hub.routing.errors import ConversationMovedMeanwhile
from hub.routing.models import LIVE, Desk, Reservation, WorkItem
from hub.routing.queues import queues_for
from hub.runtime.context import publish_on_commit
from hub.storage.bulk import insert_many
from hub.storage.database import new_id, now

Tally = Counter[UUID]


class Waiting(Struct, frozen=True, kw_only=True):
    """A conversation that needs somebody."""

    conversation_id: UUID
    team_id: UUID | None
    work_class: str
    queued_at: datetime | None = None  # of an earlier leg, whose place in the queue is kept


async def live_item(session: AsyncSession, conversation_id: UUID) -> WorkItem | None:
    """Find the one live work item of a locked conversation."""
    found = await session.execute(
        select(WorkItem)
        .where(WorkItem.conversation_id == conversation_id, WorkItem.state.in_(LIVE_STATES))
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def begin(session: AsyncSession, waiting: Sequence[Waiting], tally: Tally) -> None:
    """Queue conversations that have no live item; the others are left as they are."""
    if not waiting:
        return
    queues = await queues_for(session, {one.team_id for one in waiting})
    previous = await _previous(session, [one.conversation_id for one in waiting])
    rows = [_row(one, queues[one.team_id], previous.get(one.conversation_id)) for one in waiting]
    rows.sort(key=lambda row: (row["queued_at"], row["id"]))
    tail = f"on conflict (conversation_id) where {LIVE} do nothing returning queue_id"
    tally.update(queue_id for (queue_id,) in await insert_many(session, WorkItem, rows, tail=tail))
    publish_on_commit(session, ROUTING, b"")


async def hand_over(session: AsyncSession, item: WorkItem, handing: Handing) -> None:
    """Open a reservation and accept it at once; the conversation is locked, and the desks where there are several."""
    at, reservation_id = now(), new_id()
    desk = update(Desk).where(Desk.agent_id == handing.agent_id).values(assigned_at=at)
    await session.execute(desk.execution_options(synchronize_session=False))  # first: it locks the desk
    hand = await take_room(session, handing.agent_id, item.work_class, item.units)
    session.add(
        Reservation(
            id=reservation_id,
            item_id=item.id,
            agent_id=handing.agent_id,
            state="accepted",
            reasons=list(handing.reasons),
            closed_at=at,
        )
    )
    await move(
        session,
        item,
        state="accepted",
        agent_id=handing.agent_id,
        reservation_id=reservation_id,
        over_cap=hand.used > hand.cap,
    )


async def let_go(session: AsyncSession, item: WorkItem, tally: Tally) -> None:
    """Free what an item takes up: room in a hand, or a place in a queue; the caller moves it on."""
    if item.state in IN_HAND and item.agent_id:
        await give_room(session, item.agent_id, item.work_class, item.units)
        publish_on_commit(session, ROUTING, b"")
    elif item.state == "queued":
        tally[item.queue_id] -= 1


async def requeue(session: AsyncSession, item: WorkItem, tally: Tally) -> None:
    """Let an item wait in its old place; what it took up has been freed."""
    await move(session, item, state="queued", agent_id=None, reservation_id=None, over_cap=False)
    tally[item.queue_id] += 1
    publish_on_commit(session, ROUTING, b"")


async def end(session: AsyncSession, item: WorkItem, tally: Tally, state: str) -> None:
    """Bring an item to a final state; the desk of its agent is locked."""
    await let_go(session, item, tally)
    await move(session, item, state=state, ended_at=now())


async def move(session: AsyncSession, item: WorkItem, **values: object) -> None:
    """Change an item that is still as it was read, and give the new state to the object."""
    changed = await session.execute(
        update(WorkItem)
        .where(WorkItem.id == item.id, WorkItem.version == item.version)
        .values(version=WorkItem.version + 1, **values)
        .returning(WorkItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if changed.scalar_one_or_none() is None:
        raise ConversationMovedMeanwhile


async def _previous(session: AsyncSession, conversation_ids: list[UUID]) -> dict[UUID, UUID]:
    """The last work item each of these conversations has had."""
    rows = await session.execute(
        select(WorkItem.conversation_id, WorkItem.id)
        .where(WorkItem.conversation_id.in_(conversation_ids))
        .order_by(WorkItem.sequence)
    )
    return {row.conversation_id: row.id for row in rows}


def _row(waiting: Waiting, queue_id: UUID, previous_id: UUID | None) -> dict[str, object]:
    queued_at = waiting.queued_at or now()
    return {
        "id": new_id(),
        "conversation_id": waiting.conversation_id,
        "queue_id": queue_id,
        "work_class": waiting.work_class,
        "units": 1,
        "state": "queued",
        "key": queued_at,
        "queued_at": queued_at,
        "over_cap": False,
        "previous_id": previous_id,
        "version": 1,
    }
