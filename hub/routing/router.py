"""The router: match what waits with who is free, and claim each pair in a short transaction of its own.

Truth is in the database alone: a claim locks the agent's desk, then the item with its conversation, checks
both again on the locked rows, and counts last. Whatever is locked is skipped, and found by the next look.
"""

from collections.abc import Collection
from enum import Enum, auto
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import State
from hub.routing.assignment import Handing, assigned
from hub.routing.availability import hands
from hub.routing.capacity import Hand, hand_of, room
from hub.routing.items import hand_over
from hub.routing.matching import Candidate, Choice, choose
from hub.routing.models import Desk, WorkItem
from hub.routing.queries import Filled, Head, candidates, filled_queues, heads, routable
from hub.routing.queues import count
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.timeline.models import Conversation

BATCH = 100


class Outcome(Enum):
    """What became of a claim."""

    GIVEN = auto()
    AGENT_BUSY = auto()  # locked, gone or full meanwhile
    ITEM_GONE = auto()  # locked, or in other hands meanwhile


async def poll(context: AppContext, team_ids: Collection[UUID | None] | None = None) -> int:
    """Give out what can be given out from the queues of these teams, or from all; tell how many items were given.

    Whoever queued an item or freed an agent commits first, and then looks.
    """
    async with context.transaction() as session:
        filled = await filled_queues(session)
    return sum([await _serve(context, one) for one in filled if team_ids is None or one.team_id in team_ids])


async def claim(context: AppContext, head: Head, queue: Filled, choice: Choice) -> Outcome:
    """Give one item to one agent, if both are still as they were seen."""
    async with context.transaction() as session:
        if not await _lock_desk(session, choice.agent_id, queue.team_id, head):
            return Outcome.AGENT_BUSY
        found = await _lock_item(session, head.item_id)
        if found is None:
            return Outcome.ITEM_GONE
        item, conversation = found
        handing = Handing(agent_id=choice.agent_id, reasons=choice.reasons)
        await hand_over(session, item, handing)
        assigned(session, conversation, handing)
        await count(session, {item.queue_id: -1})
    return Outcome.GIVEN


async def _serve(context: AppContext, queue: Filled) -> int:
    given, fresh = 0, BATCH
    while fresh >= BATCH:
        async with context.transaction() as session:
            waiting = await heads(session, queue.queue_id, limit=BATCH)
            free = await candidates(session, queue.team_id)
        fresh = await _match(context, queue, waiting, {one.agent_id: one for one in free})
        given += fresh
    return given


async def _match(context: AppContext, queue: Filled, waiting: Collection[Head], free: dict[UUID, Candidate]) -> int:
    given = 0
    full: set[tuple[str, int]] = set()  # for these nobody has room, so the rest of them need no look
    for head in waiting:
        if (head.work_class, head.units) not in full:
            outcome = await _place(context, queue, head, free)
            given += outcome is Outcome.GIVEN
            if outcome is Outcome.AGENT_BUSY:
                full.add((head.work_class, head.units))
    return given


async def _place(context: AppContext, queue: Filled, head: Head, free: dict[UUID, Candidate]) -> Outcome:
    """Give one item to the best of those who are free; what is learnt on the way is noted in `free`."""
    while choice := _choose(queue, head, free):
        outcome = await claim(context, head, queue, choice)
        if outcome is Outcome.GIVEN:
            free[choice.agent_id] = _with(free[choice.agent_id], head)
        if outcome is not Outcome.AGENT_BUSY:
            return outcome
        del free[choice.agent_id]
    return Outcome.AGENT_BUSY


def _choose(queue: Filled, head: Head, free: dict[UUID, Candidate]) -> Choice | None:
    return choose(
        free.values(), item_id=head.item_id, work_class=head.work_class, units=head.units, team=queue.team, at=now()
    )


def _with(one: Candidate, head: Head) -> Candidate:
    """The candidate, with one more item in hand."""
    hand = hand_of(head.work_class, one.hands)
    fuller = {**one.hands, head.work_class: Hand(hand.used + head.units, hand.cap)}
    return replace(one, hands=fuller, idle_since=now())


async def _lock_desk(session: AsyncSession, agent_id: UUID, team_id: UUID | None, head: Head) -> bool:
    """Lock an agent's desk and tell whether they are still here, of the team, and have room."""
    here = routable(team_id, now()).where(Desk.agent_id == agent_id)
    locked = await session.execute(here.with_for_update(of=Desk, key_share=True, skip_locked=True))
    if locked.first() is None:
        return False
    held = await hands(session, [agent_id])
    return room(head.work_class, held[agent_id]) >= head.units


async def _lock_item(session: AsyncSession, item_id: UUID) -> tuple[WorkItem, Conversation] | None:
    found = await session.execute(
        select(WorkItem, Conversation)
        .join(Conversation, Conversation.id == WorkItem.conversation_id)
        .where(WorkItem.id == item_id, WorkItem.state == "queued", Conversation.state == State.OPEN)
        .with_for_update(of=[WorkItem, Conversation], key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = found.first()
    return (row[0], row[1]) if row else None
