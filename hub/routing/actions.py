"""The verbs of routing: queue, take, release, transfer, pause and wake the work of a conversation.

Every verb takes a conversation whose row the caller has locked. Locks are taken in this order: conversation,
availability of agents (by id), work item, and last the counters of queues (by id); after a verb of this module a
transaction locks nothing more. The router begins with the availability instead, and skips locked rows.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, UnsetType
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import WorkClass
from hub.events.definitions import ConversationWoken, State
from hub.routing.assignment import Assignment, assign, unassign
from hub.routing.availability import can_take, lock_availability
from hub.routing.capacity import OVERDRAFT
from hub.routing.errors import ConversationClosedMeanwhile
from hub.routing.items import (
    NewItem,
    QueueChanges,
    assign_item,
    create_items,
    end_item,
    free_capacity,
    live_item,
    requeue,
    update_item,
)
from hub.routing.models import WorkItem
from hub.routing.queues import update_counters
from hub.routing.states import USES_CAPACITY, ItemState
from hub.timeline.changes import record_change
from hub.timeline.models import Conversation

__all__ = [
    "assign_or_queue",
    "enqueue",
    "enqueue_many",
    "pause",
    "release",
    "return_to_queue",
    "take",
    "transfer",
    "wake",
    "wake_many",
]


async def enqueue(session: AsyncSession, conversation: Conversation, work_class: WorkClass) -> WorkItem:
    """Queue an open conversation for its team, or assign it to its last owner if present with capacity.

    Returns its live work item. Raises Conflict when the conversation has just been closed.
    """
    await assign_or_queue(session, conversation, work_class)
    item = await live_item(session, conversation.id)
    if item is None:
        raise ConversationClosedMeanwhile
    return item


async def assign_or_queue(session: AsyncSession, conversation: Conversation, work_class: WorkClass) -> None:
    """Assign or queue a conversation in which the customer has just written, unless it has a live item already."""
    await enqueue_many(session, (), returning=[(conversation, work_class)])


async def enqueue_many(
    session: AsyncSession,
    unassigned: Sequence[tuple[UUID, UUID | None, WorkClass]],
    *,
    returning: Sequence[tuple[Conversation, WorkClass]] = (),
) -> None:
    """Route a batch of conversations; the last step of its transaction, which has locked all of them by id.

    `unassigned` are (conversation, team, class) of open conversations without an owner; those that have a live item
    already stay as they are. `returning` are snoozed or just reopened conversations: they go back to their owner
    if possible. A conversation is in one of the two only.
    """
    changes: QueueChanges = Counter()
    if owners := [conversation.assignee_id for conversation, _ in returning if conversation.assignee_id]:
        await lock_availability(session, owners)
    for conversation, work_class in returning:
        if conversation.state is State.SNOOZED:
            await _wake(session, conversation, changes, by=None, by_customer=True)
        else:
            await _return_to_work(session, conversation, work_class, changes)
    items = [
        NewItem(conversation_id=conversation_id, team_id=team, work_class=work_class)
        for conversation_id, team, work_class in unassigned
    ]
    await create_items(session, items, changes)
    await update_counters(session, changes)


async def take(
    session: AsyncSession,
    conversation: Conversation,
    work_class: WorkClass,
    assignment: Assignment,
    *,
    team_id: UUID | UnsetType | None = UNSET,
) -> None:
    """Assign a conversation to an agent, even if a colleague has it; `team_id`, if given, also changes its team.

    An agent decided this, so the assignee's cap may be exceeded.
    """
    changes: QueueChanges = Counter()
    item = await live_item(session, conversation.id)
    changes_team = not isinstance(team_id, UnsetType) and team_id != conversation.team_id
    if not isinstance(team_id, UnsetType) and changes_team:
        conversation.move_to_team(team_id)
    if item is None or changes_team:
        await lock_availability(session, {assignment.agent_id, (item and item.agent_id) or assignment.agent_id})
        item = await _replace_item(session, conversation, work_class, item, changes)
    if item is not None:
        await _assign_item(session, item, assignment, changes)
    assign(session, conversation, assignment, moved=changes_team)
    await update_counters(session, changes)


async def release(session: AsyncSession, conversation: Conversation, *, ended: ItemState = ItemState.DONE) -> None:
    """End the live work item: DONE when the conversation is resolved, CANCELLED when it is merged or spam."""
    changes: QueueChanges = Counter()
    item = await live_item(session, conversation.id)
    if item is not None:
        await _lock_agent(session, item)
        await end_item(session, item, changes, ended)
    await update_counters(session, changes)


async def transfer(
    session: AsyncSession, conversation: Conversation, work_class: WorkClass, team_id: UUID | None, *, by: UUID | None
) -> None:
    """Move a conversation to a team's queue (None: the queue of all agents): a new work item replaces the old one."""
    changes: QueueChanges = Counter()
    item = await live_item(session, conversation.id)
    if item is not None:
        await _lock_agent(session, item)
    conversation.move_to_team(team_id)
    unassign(session, conversation, ("transferred",), by=by)
    await _replace_item(session, conversation, work_class, item, changes)
    await update_counters(session, changes)


async def pause(session: AsyncSession, conversation: Conversation) -> None:
    """Pause the work of a snoozed conversation: its owner stays, and their capacity is free again."""
    changes: QueueChanges = Counter()
    await _pause_if_snoozed(session, conversation, changes)
    await update_counters(session, changes)


async def wake(
    session: AsyncSession, conversation: Conversation, *, by: UUID | None = None, by_customer: bool = False
) -> None:
    """Reopen a snoozed conversation, woken by an agent (`by`), by a customer's message, or because it is due.

    Its owner keeps it; after a customer's message only if the owner is present with capacity, because a new message
    must not wait for an agent who is away.
    """
    changes: QueueChanges = Counter()
    await _wake(session, conversation, changes, by=by, by_customer=by_customer)
    await update_counters(session, changes)


async def wake_many(session: AsyncSession, conversations: Sequence[Conversation]) -> None:
    """Reopen locked, snoozed conversations that are due; each stays with its owner."""
    changes: QueueChanges = Counter()
    owners = {conversation.assignee_id for conversation in conversations if conversation.assignee_id}
    if len(owners) > 1:
        await lock_availability(session, owners)
    for conversation in conversations:
        conversation.wake()
        await _resume_item(session, conversation, changes, by_customer=False)
    await update_counters(session, changes)
    for conversation in conversations:  # stored with the commit: work prepared ahead of time is recorded on time
        record_change(session, conversation, ConversationWoken(by_customer=False), by=None)


async def return_to_queue(session: AsyncSession, conversation: Conversation, reasons: tuple[str, ...]) -> None:
    """Unassign a conversation and queue its work item again in its old place."""
    changes: QueueChanges = Counter()
    item = await live_item(session, conversation.id)
    if item is not None and item.state in USES_CAPACITY:
        await _lock_agent(session, item)
        await free_capacity(session, item, changes)
        await requeue(session, item, changes)
        unassign(session, conversation, reasons, by=None)
    await update_counters(session, changes)


async def _return_to_work(
    session: AsyncSession, conversation: Conversation, work_class: WorkClass, changes: QueueChanges
) -> None:
    if await live_item(session, conversation.id) is None:
        await create_items(session, [_new_item(conversation, work_class)], changes)
        item = await live_item(session, conversation.id)
        if item is not None and conversation.assignee_id:
            await _return_to_owner(session, conversation, item, conversation.assignee_id, changes)


async def _wake(
    session: AsyncSession, conversation: Conversation, changes: QueueChanges, *, by: UUID | None, by_customer: bool
) -> None:
    conversation.wake()
    record_change(session, conversation, ConversationWoken(by_customer=by_customer), by=by)
    await _resume_item(session, conversation, changes, by_customer=by_customer)


async def _resume_item(
    session: AsyncSession, conversation: Conversation, changes: QueueChanges, *, by_customer: bool
) -> None:
    item = await live_item(session, conversation.id)
    if item is None or item.state is not ItemState.PAUSED:
        return
    owner = item.agent_id
    if owner and not by_customer:
        await assign_item(session, item, Assignment(agent_id=owner, reasons=("woken",)))
        return
    await requeue(session, item, changes)
    if owner:
        await _return_to_owner(session, conversation, item, owner, changes)


async def _return_to_owner(
    session: AsyncSession, conversation: Conversation, item: WorkItem, owner_id: UUID, changes: QueueChanges
) -> None:
    """Assign a queued item to its previous owner if they have capacity; otherwise leave it queued and unassigned."""
    owner = (await lock_availability(session, [owner_id]))[owner_id]
    if await can_take(session, owner, item.work_class, item.units, overdraft=OVERDRAFT):
        assignment = Assignment(agent_id=owner_id, reasons=("owner",))
        await _assign_item(session, item, assignment, changes)
        assign(session, conversation, assignment)
    else:
        unassign(session, conversation, ("owner_not_free",), by=None)


async def _replace_item(
    session: AsyncSession,
    conversation: Conversation,
    work_class: WorkClass,
    old: WorkItem | None,
    changes: QueueChanges,
) -> WorkItem | None:
    """End the live item and queue a new one for the conversation's team, in the old one's place.

    Returns the new item; None when the conversation is resolved and needs none.
    """
    if old is not None:
        await end_item(session, old, changes, ItemState.CANCELLED if old.agent_id is None else ItemState.DONE)
    if conversation.state is State.RESOLVED:
        return None
    replacement = _new_item(conversation, old.work_class if old else work_class, old.queued_at if old else None)
    await create_items(session, [replacement], changes)
    await _pause_if_snoozed(session, conversation, changes)
    return await live_item(session, conversation.id)


async def _assign_item(session: AsyncSession, item: WorkItem, assignment: Assignment, changes: QueueChanges) -> None:
    """Assign an item in any live state; a paused one stays paused, with another owner."""
    await lock_availability(session, {assignment.agent_id, item.agent_id or assignment.agent_id})
    if item.state is ItemState.PAUSED:
        await update_item(session, item, agent_id=assignment.agent_id)
    elif item.agent_id != assignment.agent_id:
        await free_capacity(session, item, changes)
        await assign_item(session, item, assignment)


async def _pause_if_snoozed(session: AsyncSession, conversation: Conversation, changes: QueueChanges) -> None:
    item = await live_item(session, conversation.id)
    if item is not None and item.state is not ItemState.PAUSED and conversation.state is State.SNOOZED:
        await _lock_agent(session, item)
        await free_capacity(session, item, changes)
        await update_item(session, item, state=ItemState.PAUSED, over_cap=False)


async def _lock_agent(session: AsyncSession, item: WorkItem) -> None:
    if item.agent_id:
        await lock_availability(session, [item.agent_id])


def _new_item(conversation: Conversation, work_class: WorkClass, queued_at: datetime | None = None) -> NewItem:
    return NewItem(
        conversation_id=conversation.id, team_id=conversation.team_id, work_class=work_class, queued_at=queued_at
    )
