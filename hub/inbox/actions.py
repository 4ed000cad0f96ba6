"""What agents and bots do with a conversation: take, assign, resolve, reopen, snooze, wake, tag.

Each verb takes a conversation locked by `locking.locked`, writes what happened into the log, and never commits.
"""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import TeamUnknown
from hub.access.models import Agent, Team
from hub.access.rights import Right, Role, Viewer
from hub.events.definitions import ConversationReopened, ConversationResolved, ConversationSnoozed, State, TagsChanged
from hub.events.models import Entry
from hub.inbox.errors import AlreadyResolved, AssignedToColleague, AssigneeUnknown, SnoozeTooLong, WakeTimePassed
from hub.inbox.locking import note, work_class_of
from hub.inbox.requests import Assignment
from hub.inbox.tags import changed
from hub.inbox.waiting_since import waiting_since
from hub.routing import actions as routing
from hub.routing.assignment import Handing, assigned
from hub.storage.database import now
from hub.timeline.models import Conversation

LONGEST_SNOOZE = timedelta(days=2 * 365)
SLIP = timedelta(minutes=1)  # within it, what somebody did may be undone by them


async def claim(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> None:
    """Take a conversation into one's own hands; from a colleague's only with the right to reassign."""
    await _may_move(session, viewer, conversation)
    if conversation.assignee_id != viewer.agent_id:
        work_class = await work_class_of(session, conversation)
        await routing.take(session, conversation, work_class, _handing(viewer, viewer.agent_id, "claimed"))


async def assign(session: AsyncSession, viewer: Viewer, conversation: Conversation, wanted: Assignment) -> None:
    """Give a conversation to an agent or to a team's queue."""
    await _may_move(session, viewer, conversation)
    await _check(session, wanted)
    work_class = await work_class_of(session, conversation)
    team_id = conversation.team_id if isinstance(wanted.team_id, UnsetType) else wanted.team_id
    if wanted.agent_id is None and (conversation.assignee_id, conversation.team_id) != (None, team_id):
        await routing.transfer(session, conversation, work_class, team_id, by=viewer.agent_id)
    elif wanted.agent_id is not None:
        reason = "claimed" if wanted.agent_id == viewer.agent_id else "assigned"
        handing = _handing(viewer, wanted.agent_id, reason)
        await routing.take(session, conversation, work_class, handing, team_id=team_id or conversation.team_id)


async def resolve(
    session: AsyncSession,
    viewer: Viewer,
    conversation: Conversation,
    wrap_up: str | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Settle the matter; doing it twice changes nothing, except that another wrap-up replaces the first."""
    settled = conversation.state == State.RESOLVED
    if settled and wrap_up in {None, conversation.wrap_up}:
        return
    conversation.wrap_up = wrap_up
    if not settled:
        conversation.state, conversation.resolved_at = State.RESOLVED, at or now()
        conversation.snoozed_until = conversation.waiting_since = None
        await routing.release(session, conversation)
    note(session, conversation, ConversationResolved(wrap_up=wrap_up), viewer)


async def reopen(session: AsyncSession, viewer: Viewer, conversation: Conversation, *, take: bool = False) -> None:
    """Open a resolved conversation again: for oneself if it was one's own or `take` asks for it, else as it was.

    Within a minute of the resolution it was a slip, and the owner has it back wherever they are.
    """
    if conversation.state != State.RESOLVED:
        return
    slip = conversation.resolved_at is not None and now() - conversation.resolved_at < SLIP
    conversation.state, conversation.resolved_at, conversation.wrap_up = State.OPEN, None, None
    conversation.waiting_since = await waiting_since(session, conversation)
    note(session, conversation, ConversationReopened(), viewer)
    owner = viewer.agent_id if take else conversation.assignee_id
    work_class = await work_class_of(session, conversation)
    if owner and (slip or owner == viewer.agent_id):
        await routing.take(session, conversation, work_class, _handing(viewer, owner, "reopened"))
    else:
        await routing.inbound_arrived(session, conversation, work_class)


async def answered(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, *, settled: bool, at: datetime
) -> None:
    """Do what follows an answer: who answers what is nobody's has it, what was resolved is open again or settled."""
    person = viewer.kind == "person"
    nobodys = conversation.assignee_id is None and person
    if settled:
        if nobodys:
            assigned(session, conversation, _handing(viewer, viewer.agent_id, "replied"))
        await resolve(session, viewer, conversation, at=at)
    elif conversation.state == State.RESOLVED:
        await reopen(session, viewer, conversation, take=person)
    elif nobodys:
        work_class = await work_class_of(session, conversation)
        await routing.take(session, conversation, work_class, _handing(viewer, viewer.agent_id, "replied"))


async def snooze(session: AsyncSession, viewer: Viewer, conversation: Conversation, until: datetime) -> None:
    """Let a conversation sleep until then, or until the customer writes."""
    if until <= now():
        raise WakeTimePassed
    if until > now() + LONGEST_SNOOZE:
        raise SnoozeTooLong
    if conversation.state == State.RESOLVED:
        raise AlreadyResolved
    conversation.state, conversation.snoozed_until = State.SNOOZED, until
    note(session, conversation, ConversationSnoozed(until=until), viewer)
    await routing.pause(session, conversation)


async def wake(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> None:
    """Wake a sleeping conversation; one that is awake stays as it is."""
    if conversation.state == State.SNOOZED:
        await routing.wake(session, conversation, by=viewer.agent_id)


def tag(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, *, add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    """Put tags on a conversation and take tags off."""
    coming, leaving = changed(conversation.tags, add, remove)
    if coming or leaving:
        conversation.tags = [one for one in conversation.tags if one not in leaving] + coming
        note(session, conversation, TagsChanged(added=tuple(coming), removed=tuple(leaving)), viewer)


async def _may_move(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> None:
    owned = conversation.assignee_id not in {None, viewer.agent_id}
    if not owned or viewer.may(Right.CONVERSATIONS_REASSIGN) or await _just_gave(session, viewer, conversation):
        return
    raise AssignedToColleague


async def _just_gave(session: AsyncSession, viewer: Viewer, conversation: Conversation) -> bool:
    """Whether the viewer has only just given it there: a slip may be undone."""
    giver: UUID | None = await session.scalar(
        select(Entry.agent_id)
        .where(
            Entry.contact_id == conversation.contact_id,
            Entry.shown,
            Entry.at > now() - SLIP,
            Entry.conversation_id == conversation.id,
            Entry.event["type"].astext == "conversation_assigned",
        )
        .order_by(Entry.position.desc())
        .limit(1)
    )
    return giver == viewer.agent_id


async def _check(session: AsyncSession, wanted: Assignment) -> None:
    """See that work can be given there; raises BadInput."""
    if wanted.agent_id is not None:
        able = (Agent.id == wanted.agent_id) & Agent.disabled_at.is_(None) & (Agent.role != Role.AUDITOR)
        if await session.scalar(select(Agent.id).where(able)) is None:
            raise AssigneeUnknown
    if isinstance(wanted.team_id, UUID) and await session.get(Team, wanted.team_id) is None:
        raise TeamUnknown


def _handing(viewer: Viewer, agent_id: UUID, reason: str) -> Handing:
    return Handing(agent_id=agent_id, reasons=(reason,), by=viewer.agent_id)
