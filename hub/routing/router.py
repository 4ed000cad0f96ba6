"""The router: match queued items with free agents, and claim each pair in a short transaction of its own.

A claim locks the agent's availability, then the item with its conversation, checks both again on the locked rows,
and changes the counters last. Locked rows are skipped; the next poll finds them.
"""

from collections.abc import Collection
from enum import Enum, auto
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import WorkClass
from hub.events.definitions import State
from hub.routing.assignment import Assignment, assign
from hub.routing.availability import usage_by_agent
from hub.routing.capacity import Usage, free_units, usage_of
from hub.routing.items import assign_item
from hub.routing.matching import Candidate, Choice, choose
from hub.routing.models import Availability, WorkItem
from hub.routing.queries import FilledQueue, Head, candidates, filled_queues, queue_heads, routable_agents
from hub.routing.queues import update_counters
from hub.routing.states import ItemState
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.timeline.models import Conversation

BATCH = 100  # items of a work class read from a queue at a time


class Outcome(Enum):
    """The result of a claim."""

    ASSIGNED = auto()
    AGENT_BUSY = auto()  # locked, absent or without capacity by now
    ITEM_GONE = auto()  # locked or assigned by now


async def poll(context: AppContext, team_ids: Collection[UUID | None] | None = None) -> int:
    """Assign as much work as possible from the queues of these teams (None: of all); return how many items.

    Work just queued and capacity just freed count only once they are committed.
    """
    async with context.transaction() as session:
        filled = await filled_queues(session)
    return sum(
        [await _assign_from(context, queue) for queue in filled if team_ids is None or queue.team_id in team_ids]
    )


async def claim(context: AppContext, head: Head, queue: FilledQueue, choice: Choice) -> Outcome:
    """Assign an item to an agent, if both are still as they were read."""
    async with context.transaction() as session:
        if not await _lock_agent(session, choice.agent_id, queue.team_id, head):
            return Outcome.AGENT_BUSY
        found = await _lock_item(session, head.item_id)
        if found is None:
            return Outcome.ITEM_GONE
        item, conversation = found
        assignment = Assignment(agent_id=choice.agent_id, reasons=choice.reasons)
        await assign_item(session, item, assignment)
        assign(session, conversation, assignment)
        await update_counters(session, {item.queue_id: -1})
    return Outcome.ASSIGNED


async def _assign_from(context: AppContext, queue: FilledQueue) -> int:
    assigned, batch_assigned = 0, BATCH
    while batch_assigned >= BATCH:
        async with context.transaction() as session:
            waiting = await queue_heads(session, queue.queue_id, limit=BATCH)
            free = await candidates(session, queue.team_id)
        batch_assigned = await _assign_heads(
            context, queue, waiting, {candidate.agent_id: candidate for candidate in free}
        )
        assigned += batch_assigned
    return assigned


async def _assign_heads(
    context: AppContext, queue: FilledQueue, waiting: Collection[Head], free: dict[UUID, Candidate]
) -> int:
    assigned = 0
    full: set[tuple[WorkClass, int]] = set()  # no agent has capacity for these
    for head in waiting:
        if (head.work_class, head.units) not in full:
            outcome = await _assign_to_best(context, queue, head, free)
            assigned += outcome is Outcome.ASSIGNED
            if outcome is Outcome.AGENT_BUSY:
                full.add((head.work_class, head.units))
    return assigned


async def _assign_to_best(context: AppContext, queue: FilledQueue, head: Head, free: dict[UUID, Candidate]) -> Outcome:
    """Assign an item to the best free agent; `free` is updated with the result."""
    while choice := _choose(queue, head, free):
        outcome = await claim(context, head, queue, choice)
        if outcome is Outcome.ASSIGNED:
            free[choice.agent_id] = _with_item(free[choice.agent_id], head)
        if outcome is not Outcome.AGENT_BUSY:
            return outcome
        del free[choice.agent_id]
    return Outcome.AGENT_BUSY


def _choose(queue: FilledQueue, head: Head, free: dict[UUID, Candidate]) -> Choice | None:
    return choose(
        free.values(), item_id=head.item_id, work_class=head.work_class, units=head.units, team=queue.team, at=now()
    )


def _with_item(candidate: Candidate, head: Head) -> Candidate:
    """Return the candidate with one more item."""
    usage = usage_of(head.work_class, candidate.usage)
    usage_after = {**candidate.usage, head.work_class: Usage(usage.used + head.units, usage.cap)}
    return replace(candidate, usage=usage_after, idle_since=now())


async def _lock_agent(session: AsyncSession, agent_id: UUID, team_id: UUID | None, head: Head) -> bool:
    """Lock an agent's availability; return whether they are still present, of the team, and have capacity."""
    present = routable_agents(team_id, now()).where(Availability.agent_id == agent_id)
    locked = await session.execute(present.with_for_update(of=Availability, key_share=True, skip_locked=True))
    if locked.first() is None:
        return False
    usage = await usage_by_agent(session, [agent_id])
    return free_units(head.work_class, usage[agent_id]) >= head.units


async def _lock_item(session: AsyncSession, item_id: UUID) -> tuple[WorkItem, Conversation] | None:
    found = await session.execute(
        select(WorkItem, Conversation)
        .join(Conversation, Conversation.id == WorkItem.conversation_id)
        .where(WorkItem.id == item_id, WorkItem.state == ItemState.QUEUED, Conversation.state == State.OPEN)
        .with_for_update(of=[WorkItem, Conversation], key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = found.first()
    return (row[0], row[1]) if row else None
