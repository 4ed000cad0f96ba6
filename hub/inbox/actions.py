"""The verbs of agents and bots: claim, assign, resolve, reopen, snooze, wake and tag a conversation.

Each takes a conversation locked by `locking.lock_conversation`, changes it by its own verbs (`timeline.lifecycle`),
records the event, has it routed, and never commits.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import TeamUnknown
from hub.access.models import Agent, Team
from hub.access.rights import AgentKind, Right, Role, Viewer
from hub.events.definitions import ConversationReopened, ConversationResolved, ConversationSnoozed, State, TagsChanged
from hub.events.models import Entry
from hub.inbox import requests
from hub.inbox.errors import AssignedToColleague, AssigneeUnknown, SnoozeTooLong, WakeTimePassed
from hub.inbox.locking import work_class_of
from hub.inbox.tags import changed
from hub.inbox.waiting_since import waiting_since
from hub.routing import actions as routing
from hub.routing import assignment
from hub.routing.assignment import Assignment
from hub.storage.database import now
from hub.timeline.changes import record_change
from hub.timeline.models import Conversation

MAX_SNOOZE = timedelta(days=2 * 365)
UNDO_WITHIN = timedelta(minutes=1)  # for this long after assigning or resolving an agent may undo it


async def claim(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> None:
    """Assign a conversation to the viewer; raises Forbidden for a colleague's without the right to reassign."""
    await _refuse_unless_movable(session, viewer, conversation)
    if conversation.assignee_id != viewer.agent_id:
        work_class = await work_class_of(session, conversation)
        await routing.take(session, conversation, work_class, _assignment(viewer, viewer.agent_id, "claimed"))


async def assign(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, wanted: requests.Assignment
) -> None:
    """Assign a conversation to an agent or move it to a team's queue.

    Raises Forbidden for a colleague's conversation without the right to reassign, and BadInput for an agent or a team
    that cannot have it.
    """
    await _refuse_unless_movable(session, viewer, conversation)
    await _check(session, wanted)
    work_class = await work_class_of(session, conversation)
    team_id = conversation.team_id if isinstance(wanted.team_id, UnsetType) else wanted.team_id
    if wanted.agent_id is None and (conversation.assignee_id, conversation.team_id) != (None, team_id):
        await routing.transfer(session, conversation, work_class, team_id, by=viewer.agent_id)
    elif wanted.agent_id is not None:
        reason = "claimed" if wanted.agent_id == viewer.agent_id else "assigned"
        target = _assignment(viewer, wanted.agent_id, reason)
        await routing.take(session, conversation, work_class, target, team_id=team_id or conversation.team_id)


async def resolve(
    session: AsyncSession,
    viewer: Viewer,
    conversation: Conversation,
    wrap_up: str | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Resolve a conversation; `at` None: now.

    Resolving a resolved one changes nothing, except that another wrap-up replaces the first.
    """
    if conversation.state is not State.RESOLVED:
        conversation.resolve(at=at or now(), wrap_up=wrap_up)
        await routing.release(session, conversation)
    elif wrap_up in {None, conversation.wrap_up}:
        return
    else:
        conversation.change_wrap_up(wrap_up)
    record_change(session, conversation, ConversationResolved(wrap_up=wrap_up), by=viewer.agent_id)


async def reopen(session: AsyncSession, viewer: Viewer, conversation: Conversation, *, take: bool = False) -> None:
    """Reopen a resolved conversation; any other stays as it is.

    With `take`, or if it was the viewer's own, it is assigned to the viewer. Otherwise it returns to its owner if they
    are present with capacity; within a minute of the resolution, probably a mistake, in any case.
    """
    if conversation.state is not State.RESOLVED:
        return
    resolved_just_now = conversation.resolved_at is not None and now() - conversation.resolved_at < UNDO_WITHIN
    conversation.reopen(waiting_since=await waiting_since(session, conversation))
    record_change(session, conversation, ConversationReopened(), by=viewer.agent_id)
    owner = viewer.agent_id if take else conversation.assignee_id
    work_class = await work_class_of(session, conversation)
    if owner and (resolved_just_now or owner == viewer.agent_id):
        await routing.take(session, conversation, work_class, _assignment(viewer, owner, "reopened"))
    else:
        await routing.assign_or_queue(session, conversation, work_class)


async def apply_reply(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, *, resolves: bool, at: datetime
) -> None:
    """Apply a reply's side effects: assign an unassigned conversation to its author; reopen a resolved one.

    With `resolves` the reply resolves the conversation, at the time `at`. A bot is not assigned.
    """
    person = viewer.kind is AgentKind.PERSON
    unassigned = conversation.assignee_id is None and person
    if resolves:
        if unassigned:
            assignment.assign(session, conversation, _assignment(viewer, viewer.agent_id, "replied"))
        await resolve(session, viewer, conversation, at=at)
    elif conversation.state is State.RESOLVED:
        await reopen(session, viewer, conversation, take=person)
    elif unassigned:
        work_class = await work_class_of(session, conversation)
        await routing.take(session, conversation, work_class, _assignment(viewer, viewer.agent_id, "replied"))


async def snooze(session: AsyncSession, viewer: Viewer, conversation: Conversation, until: datetime) -> None:
    """Snooze a conversation until a moment, or until the customer writes.

    Raises BadInput for a moment that has passed or is too far ahead, and AlreadyResolved.
    """
    if until <= now():
        raise WakeTimePassed
    if until > now() + MAX_SNOOZE:
        raise SnoozeTooLong
    conversation.snooze(until)
    record_change(session, conversation, ConversationSnoozed(until=until), by=viewer.agent_id)
    await routing.pause(session, conversation)


async def wake(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> None:
    """Wake a snoozed conversation; any other stays as it is."""
    if conversation.state is State.SNOOZED:
        await routing.wake(session, conversation, by=viewer.agent_id)


def tag(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, *, add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    """Add tags to a conversation and remove others. Raises BadInput for tags that are not allowed."""
    added, removed = changed(conversation.tags, add, remove)
    if added or removed:
        conversation.change_tags(added=added, removed=removed)
        event = TagsChanged(added=tuple(added), removed=tuple(removed))
        record_change(session, conversation, event, by=viewer.agent_id)


async def _refuse_unless_movable(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> None:
    owned = conversation.assignee_id not in {None, viewer.agent_id}
    if not owned or viewer.may(Right.CONVERSATIONS_REASSIGN) or await _has_just_assigned(session, viewer, conversation):
        return
    raise AssignedToColleague


async def _has_just_assigned(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> bool:
    """Return whether the viewer made the last assignment within the last minute: a mistake may be undone."""
    author: UUID | None = await session.scalar(
        select(Entry.agent_id)
        .where(
            Entry.contact_id == conversation.contact_id,
            Entry.shown,
            Entry.at > now() - UNDO_WITHIN,
            Entry.conversation_id == conversation.id,
            Entry.event["type"].astext == "conversation_assigned",
        )
        .order_by(Entry.position.desc())
        .limit(1)
    )
    return author == viewer.agent_id


async def _check(session: AsyncSession, wanted: requests.Assignment) -> None:
    """Raise BadInput unless the agent and the team exist and can have conversations."""
    if wanted.agent_id is not None:
        able = (Agent.id == wanted.agent_id) & Agent.disabled_at.is_(None) & (Agent.role != Role.AUDITOR)
        if await session.scalar(select(Agent.id).where(able)) is None:
            raise AssigneeUnknown
    if isinstance(wanted.team_id, UUID) and await session.get(Team, wanted.team_id) is None:
        raise TeamUnknown


def _assignment(viewer: Viewer, agent_id: UUID, reason: str) -> Assignment:
    return Assignment(agent_id=agent_id, reasons=(reason,), by=viewer.agent_id)
