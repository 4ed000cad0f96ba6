"""Verbs of routing: put in a queue, take, release, pause, wake, move to another team.

Every verb takes a conversation whose row the caller has locked. The order of locks is conversation, desks (by
id), item, and last the queues' counters (by id); after a verb of this module a transaction locks nothing more.
The router (`claims`) begins at the desk instead, and skips whatever is locked rather than wait for it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import ConversationWoken, State
from hub.routing.assignment import Handing, assigned, note, unassigned
from hub.routing.availability import lock_desks, would_take
from hub.routing.capacity import IN_HAND, OVERDRAFT
from hub.routing.errors import ConversationClosedMeanwhile
from hub.routing.items import Tally, Waiting, begin, end, hand_over, let_go, live_item, move, requeue
from hub.routing.models import WorkItem
from hub.routing.queues import count
from hub.timeline.models import Conversation

__all__ = [
    "back_to_queue",
    "enqueue",
    "enqueue_many",
    "inbound_arrived",
    "pause",
    "release",
    "take",
    "transfer",
    "wake",
    "wake_many",
]


async def enqueue(session: AsyncSession, conversation: Conversation, work_class: str) -> WorkItem:
    """Put an open conversation where its team will find it; its last owner first, when here and with room."""
    await inbound_arrived(session, conversation, work_class)
    item = await live_item(session, conversation.id)
    if item is None:
        raise ConversationClosedMeanwhile
    return item


async def inbound_arrived(session: AsyncSession, conversation: Conversation, work_class: str) -> None:
    """See to it that a conversation in which the customer has just written is in somebody's hands, or waits."""
    await enqueue_many(session, (), returning=[(conversation, work_class)])


async def enqueue_many(
    session: AsyncSession,
    fresh: Sequence[tuple[UUID, UUID | None, str]],
    *,
    returning: Sequence[tuple[Conversation, str]] = (),
) -> None:
    """Take in a batch, last in its transaction and with all conversations locked in the order of their ids.

    `fresh` are (conversation, team, class) that are open, without an owner or in somebody's hands already (then
    nothing happens). `returning` are those that sleep or were opened again: they go back to their owner where
    that is possible. A conversation stands in one of the two.
    """
    tally: Tally = Counter()
    if owners := [conversation.assignee_id for conversation, _ in returning if conversation.assignee_id]:
        await lock_desks(session, owners)
    for conversation, work_class in returning:
        if conversation.state == State.SNOOZED:
            await _wake(session, conversation, tally, by=None, by_customer=True)
        else:
            await _arrive(session, conversation, work_class, tally)
    waiting = [Waiting(conversation_id=one, team_id=team, work_class=kind) for one, team, kind in fresh]
    await begin(session, waiting, tally)
    await count(session, tally)


async def take(
    session: AsyncSession,
    conversation: Conversation,
    work_class: str,
    handing: Handing,
    *,
    team_id: UUID | UnsetType | None = UNSET,
) -> None:
    """Put a conversation into an agent's hands, whoever had it, and into another team where one is named.

    A person decides, so the cap may be exceeded.
    """
    tally: Tally = Counter()
    item = await live_item(session, conversation.id)
    moves = not isinstance(team_id, UnsetType) and team_id != conversation.team_id
    if not isinstance(team_id, UnsetType):
        conversation.team_id = team_id
    if item is None or moves:
        await lock_desks(session, {handing.agent_id, (item and item.agent_id) or handing.agent_id})
        item = await _new_leg(session, conversation, work_class, item, tally)
    if item is not None:
        await _into_hands(session, item, handing, tally)
    assigned(session, conversation, handing, moved=moves)
    await count(session, tally)


async def release(session: AsyncSession, conversation: Conversation, *, ended: str = "done") -> None:
    """End the routing episode of a conversation: resolved (`done`), or merged away or spam (`cancelled`)."""
    tally: Tally = Counter()
    item = await live_item(session, conversation.id)
    if item is not None:
        await _lock_holder(session, item)
        await end(session, item, tally, ended)
    await count(session, tally)


async def transfer(
    session: AsyncSession, conversation: Conversation, work_class: str, team_id: UUID | None, *, by: UUID | None
) -> None:
    """Give a conversation to a team's queue: the old leg ends, and a new one begins in the old one's place."""
    tally: Tally = Counter()
    item = await live_item(session, conversation.id)
    if item is not None:
        await _lock_holder(session, item)
    conversation.team_id = team_id
    unassigned(session, conversation, ("transferred",), by=by)
    await _new_leg(session, conversation, work_class, item, tally)
    await count(session, tally)


async def pause(session: AsyncSession, conversation: Conversation) -> None:
    """Set the work of a snoozed conversation aside: the room is free again, the owner stays."""
    tally: Tally = Counter()
    await _set_aside_if_asleep(session, conversation, tally)
    await count(session, tally)


async def wake(
    session: AsyncSession, conversation: Conversation, *, by: UUID | None = None, by_customer: bool = False
) -> None:
    """Open a snoozed conversation again.

    When its time has come or a person wakes it, it is back in its owner's hands; when the customer has written,
    only if the owner is here and has room: nothing new waits silently at an empty desk.
    """
    tally: Tally = Counter()
    await _wake(session, conversation, tally, by=by, by_customer=by_customer)
    await count(session, tally)


async def wake_many(session: AsyncSession, conversations: Sequence[Conversation]) -> None:
    """Open snoozed conversations whose time has come, all of them locked; each is back in its owner's hands."""
    tally: Tally = Counter()
    owners = {one.assignee_id for one in conversations if one.assignee_id}
    if len(owners) > 1:
        await lock_desks(session, owners)
    for conversation in conversations:
        await _rouse(session, conversation, tally, by_customer=False)
    await count(session, tally)
    for conversation in conversations:  # written with the commit: what has been prepared ahead is told with its time
        note(session, conversation, ConversationWoken(by_customer=False), None)


async def back_to_queue(session: AsyncSession, conversation: Conversation, reasons: tuple[str, ...]) -> None:
    """Take work out of an agent's hands and let it wait again, in its old place."""
    tally: Tally = Counter()
    item = await live_item(session, conversation.id)
    if item is not None and item.state in IN_HAND:
        await _lock_holder(session, item)
        await let_go(session, item, tally)
        await requeue(session, item, tally)
        unassigned(session, conversation, reasons, by=None)
    await count(session, tally)


async def _arrive(session: AsyncSession, conversation: Conversation, work_class: str, tally: Tally) -> None:
    if await live_item(session, conversation.id) is None:
        await begin(session, [_waiting(conversation, work_class)], tally)
        item = await live_item(session, conversation.id)
        if item is not None and conversation.assignee_id:
            await _to_owner(session, conversation, item, conversation.assignee_id, tally)


async def _wake(
    session: AsyncSession, conversation: Conversation, tally: Tally, *, by: UUID | None, by_customer: bool
) -> None:
    note(session, conversation, ConversationWoken(by_customer=by_customer), by)
    await _rouse(session, conversation, tally, by_customer=by_customer)


async def _rouse(session: AsyncSession, conversation: Conversation, tally: Tally, *, by_customer: bool) -> None:
    conversation.state, conversation.snoozed_until = State.OPEN, None
    conversation.version += 1
    item = await live_item(session, conversation.id)
    if item is None or item.state != "paused":
        return
    owner = item.agent_id
    if owner and not by_customer:
        await hand_over(session, item, Handing(agent_id=owner, reasons=("woken",)))
        return
    await requeue(session, item, tally)
    if owner:
        await _to_owner(session, conversation, item, owner, tally)


async def _to_owner(
    session: AsyncSession, conversation: Conversation, item: WorkItem, owner_id: UUID, tally: Tally
) -> None:
    """Hand a queued item back to its owner if they would take it; otherwise it is nobody's and waits."""
    desk = (await lock_desks(session, [owner_id]))[owner_id]
    if await would_take(session, desk, item.work_class, item.units, overdraft=OVERDRAFT):
        handing = Handing(agent_id=owner_id, reasons=("owner",))
        await _into_hands(session, item, handing, tally)
        assigned(session, conversation, handing)
    else:
        unassigned(session, conversation, ("owner_not_free",), by=None)


async def _new_leg(
    session: AsyncSession, conversation: Conversation, work_class: str, old: WorkItem | None, tally: Tally
) -> WorkItem | None:
    """End the running leg and begin one in the queue of the conversation's team, in the old one's place."""
    if old is not None:
        await end(session, old, tally, "cancelled" if old.agent_id is None else "done")
    if conversation.state == State.RESOLVED:
        return None
    leg = _waiting(conversation, old.work_class if old else work_class, old.queued_at if old else None)
    await begin(session, [leg], tally)
    await _set_aside_if_asleep(session, conversation, tally)
    return await live_item(session, conversation.id)


async def _into_hands(session: AsyncSession, item: WorkItem, handing: Handing, tally: Tally) -> None:
    """Hand an item over, whatever it is doing; one that is set aside stays so, with another owner."""
    await lock_desks(session, {handing.agent_id, item.agent_id or handing.agent_id})
    if item.state == "paused":
        await move(session, item, agent_id=handing.agent_id)
    elif item.agent_id != handing.agent_id:
        await let_go(session, item, tally)
        await hand_over(session, item, handing)


async def _set_aside_if_asleep(session: AsyncSession, conversation: Conversation, tally: Tally) -> None:
    item = await live_item(session, conversation.id)
    if item is not None and item.state != "paused" and conversation.state == State.SNOOZED:
        await _lock_holder(session, item)
        await let_go(session, item, tally)
        await move(session, item, state="paused", over_cap=False)


async def _lock_holder(session: AsyncSession, item: WorkItem) -> None:
    if item.agent_id:
        await lock_desks(session, [item.agent_id])


def _waiting(conversation: Conversation, work_class: str, queued_at: datetime | None = None) -> Waiting:
    return Waiting(
        conversation_id=conversation.id, team_id=conversation.team_id, work_class=work_class, queued_at=queued_at
    )
