"""Change one work item: create, assign, queue again, pause or end it.

The caller holds the lock of the item's conversation and, before an agent's usage changes, that of their availability.
Changes to the counters of queues are only collected here (`changes`); the verbs in `actions` apply them last.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import WorkClass
from hub.routing.assignment import Assignment
from hub.routing.availability import ROUTING, add_usage, remove_usage
from hub.routing.errors import ConversationMovedMeanwhile
from hub.routing.models import LIVE, Availability, Reservation, WorkItem
from hub.routing.queues import queues_for
from hub.routing.states import LIVE_STATES, USES_CAPACITY, ItemState, ReservationState
from hub.runtime.context import publish_on_commit
from hub.storage.bulk import insert_many
from hub.storage.database import new_id, now

QueueChanges = Counter[UUID]  # queue id -> change in the number of queued items


class NewItem(Struct, frozen=True, kw_only=True):
    """A work item to create for a conversation that needs an agent."""

    conversation_id: UUID
    team_id: UUID | None
    work_class: WorkClass
    queued_at: datetime | None = None  # of the previous item, whose place in the queue is kept; None: now


async def live_item(session: AsyncSession, conversation_id: UUID) -> WorkItem | None:
    """Return the live work item of a locked conversation; there is at most one."""
    found = await session.execute(
        select(WorkItem)
        .where(WorkItem.conversation_id == conversation_id, WorkItem.state.in_(LIVE_STATES))
        .execution_options(populate_existing=True)
    )
    return found.scalar_one_or_none()


async def create_items(session: AsyncSession, items: Sequence[NewItem], changes: QueueChanges) -> None:
    """Queue the conversations that have no live item; the others stay as they are."""
    if not items:
        return
    queues = await queues_for(session, {item.team_id for item in items})
    previous = await _previous_items(session, [item.conversation_id for item in items])
    rows = [_row(item, queues[item.team_id], previous.get(item.conversation_id)) for item in items]
    rows.sort(key=lambda row: (row["queued_at"], row["id"]))
    tail = f"on conflict (conversation_id) where {LIVE} do nothing returning queue_id"
    changes.update(queue_id for (queue_id,) in await insert_many(session, WorkItem, rows, tail=tail))
    publish_on_commit(session, ROUTING, b"")


async def assign_item(session: AsyncSession, item: WorkItem, assignment: Assignment) -> None:
    """Assign an item to an agent by a reservation that is accepted at once; the agent's cap may be exceeded."""
    at, reservation_id = now(), new_id()
    assigned = update(Availability).where(Availability.agent_id == assignment.agent_id).values(assigned_at=at)
    await session.execute(assigned.execution_options(synchronize_session=False))  # first: it locks the row
    usage = await add_usage(session, assignment.agent_id, item.work_class, item.units)
    session.add(
        Reservation(
            id=reservation_id,
            item_id=item.id,
            agent_id=assignment.agent_id,
            state=ReservationState.ACCEPTED,
            reasons=list(assignment.reasons),
            closed_at=at,
        )
    )
    await update_item(
        session,
        item,
        state=ItemState.ACCEPTED,
        agent_id=assignment.agent_id,
        reservation_id=reservation_id,
        over_cap=usage.used > usage.cap,
    )


async def free_capacity(session: AsyncSession, item: WorkItem, changes: QueueChanges) -> None:
    """Free an agent's units that an item uses, or subtract it from its queue; the caller then changes its state."""
    if item.state in USES_CAPACITY and item.agent_id:
        await remove_usage(session, item.agent_id, item.work_class, item.units)
        publish_on_commit(session, ROUTING, b"")
    elif item.state is ItemState.QUEUED:
        changes[item.queue_id] -= 1


async def requeue(session: AsyncSession, item: WorkItem, changes: QueueChanges) -> None:
    """Queue an item again in its old place; its capacity has been freed."""
    await update_item(session, item, state=ItemState.QUEUED, agent_id=None, reservation_id=None, over_cap=False)
    changes[item.queue_id] += 1
    publish_on_commit(session, ROUTING, b"")


async def end_item(session: AsyncSession, item: WorkItem, changes: QueueChanges, state: ItemState) -> None:
    """Set an item to a final state and free its capacity; the availability of its agent is locked."""
    await free_capacity(session, item, changes)
    await update_item(session, item, state=state, ended_at=now())


async def update_item(session: AsyncSession, item: WorkItem, **values: object) -> None:
    """Change columns of an item, in the database and on the object. Raises Conflict if it has changed since read."""
    changed = await session.execute(
        update(WorkItem)
        .where(WorkItem.id == item.id, WorkItem.version == item.version)
        .values(version=WorkItem.version + 1, **values)
        .returning(WorkItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if changed.scalar_one_or_none() is None:
        raise ConversationMovedMeanwhile


async def _previous_items(session: AsyncSession, conversation_ids: list[UUID]) -> dict[UUID, UUID]:
    """Return the last work item of each of these conversations."""
    rows = await session.execute(
        select(WorkItem.conversation_id, WorkItem.id)
        .where(WorkItem.conversation_id.in_(conversation_ids))
        .order_by(WorkItem.sequence)
    )
    return {row.conversation_id: row.id for row in rows}


def _row(item: NewItem, queue_id: UUID, previous_id: UUID | None) -> dict[str, object]:
    queued_at = item.queued_at or now()
    return {
        "id": new_id(),
        "conversation_id": item.conversation_id,
        "queue_id": queue_id,
        "work_class": item.work_class,
        "units": 1,
        "state": ItemState.QUEUED,
        "key": queued_at,
        "queued_at": queued_at,
        "over_cap": False,
        "previous_id": previous_id,
        "version": 1,
    }
