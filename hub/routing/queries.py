"""What the router looks at: the queues in which somebody waits, their heads, and who could take them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, and_, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, Team, TeamMember
from hub.access.rights import Role
from hub.events.definitions import State
from hub.routing.availability import hands
from hub.routing.capacity import CAPS, SEEN_WITHIN, SYNCHRONOUS
from hub.routing.matching import Candidate
from hub.routing.models import Desk, Queue, WorkItem
from hub.storage.database import now
from hub.timeline.models import Conversation


class Head(Struct, frozen=True, kw_only=True):
    """An item at the head of a queue."""

    item_id: UUID
    work_class: str
    units: int


class Filled(Struct, frozen=True, kw_only=True):
    """A queue in which somebody waits, and the team whose it is (None: everybody's)."""

    queue_id: UUID
    team_id: UUID | None
    team: str | None


async def filled_queues(session: AsyncSession) -> Sequence[Filled]:
    """The queues in which somebody waits and that give work out by themselves."""
    rows = await session.execute(
        select(Queue.id, Queue.team_id, Team.name)
        .outerjoin(Team, Team.id == Queue.team_id)
        .where(Queue.waiting > 0, Queue.automatic)
        .order_by(Queue.id)
    )
    return [Filled(queue_id=queue_id, team_id=team_id, team=name) for queue_id, team_id, name in rows]


async def heads(session: AsyncSession, queue_id: UUID, *, limit: int) -> Sequence[Head]:
    """The items that come next in a queue, at most so many of each class, so that no class hides another."""
    each = [
        select(WorkItem.id, WorkItem.work_class, WorkItem.units, WorkItem.key, WorkItem.sequence)
        .where(WorkItem.queue_id == queue_id, WorkItem.work_class == kind, WorkItem.state == "queued")
        .order_by(WorkItem.key, WorkItem.sequence)
        .limit(limit)
        .subquery()
        for kind in CAPS
    ]
    merged = union_all(*(select(one) for one in each)).subquery()
    rows = await session.execute(
        select(merged.c.id, merged.c.work_class, merged.c.units).order_by(merged.c.key, merged.c.sequence)
    )
    return [Head(item_id=item_id, work_class=kind, units=units) for item_id, kind, units in rows]


async def candidates(session: AsyncSession, team_id: UUID | None, *, at: datetime | None = None) -> list[Candidate]:
    """Who of a team (None: of everybody) is available and here."""
    desks = (await session.execute(routable(team_id, at or now()))).all()
    held = await hands(session, [agent_id for agent_id, _, _ in desks])
    return [
        Candidate(agent_id=agent_id, hands=held[agent_id], idle_since=max(assigned_at or intent_at, intent_at))
        for agent_id, assigned_at, intent_at in desks
    ]


def routable(team_id: UUID | None, at: datetime) -> Select[UUID, datetime | None, datetime]:
    """The desks of a team (None: of everybody) to which work may be given."""
    found = (
        select(Desk.agent_id, Desk.assigned_at, Desk.intent_at)
        .join(Agent, Agent.id == Desk.agent_id)
        .where(
            Desk.intent == "available",
            Desk.seen_at >= at - SEEN_WITHIN,
            Agent.disabled_at.is_(None),
            Agent.role != Role.AUDITOR,
        )
    )
    if team_id is None:
        return found
    return found.join(TeamMember, (TeamMember.agent_id == Desk.agent_id) & (TeamMember.team_id == team_id))


def due_snoozes(at: datetime, *, limit: int = 1) -> Select[Conversation]:
    """The next snoozed conversations whose time has come and that nobody has locked."""
    return (
        select(Conversation)
        .where(Conversation.state == State.SNOOZED, Conversation.snoozed_until <= at)
        .order_by(Conversation.snoozed_until)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )


async def next_snooze_at(session: AsyncSession, after: datetime) -> datetime | None:
    """When the next snoozed conversation is due; those that were due before are somebody's already, or locked."""
    wanted = select(func.min(Conversation.snoozed_until))
    found = await session.execute(wanted.where(Conversation.state == State.SNOOZED, Conversation.snoozed_until > after))
    return found.scalar_one()


def deserted(at: datetime) -> Select[Conversation]:
    """The next conversation, not locked, whose agent is disabled, or has gone while a customer waits there live."""
    gone = and_(
        WorkItem.work_class.in_(SYNCHRONOUS),
        Agent.kind == "person",
        Conversation.waiting_since.is_not(None),
        or_(Desk.seen_at.is_(None), Desk.seen_at < at - SEEN_WITHIN),
    )
    return (
        select(Conversation)
        .join(WorkItem, WorkItem.conversation_id == Conversation.id)
        .join(Agent, Agent.id == WorkItem.agent_id)
        .outerjoin(Desk, Desk.agent_id == WorkItem.agent_id)
        .where(WorkItem.state == "accepted", or_(Agent.disabled_at.is_not(None), gone))
        .limit(1)
        .with_for_update(of=Conversation, key_share=True, skip_locked=True)
    )
