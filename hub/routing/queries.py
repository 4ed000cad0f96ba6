"""Queries of the router: queues with work, the items next in line, the agents who could take them, and due times."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, and_, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, Team, TeamMember
from hub.access.rights import AgentKind, Role
from hub.channels.contract import WorkClass
from hub.events.definitions import Intent, State
from hub.routing.availability import usage_by_agent
from hub.routing.capacity import CAPS, SEEN_WITHIN, SYNCHRONOUS
from hub.routing.matching import Candidate
from hub.routing.models import Availability, Queue, WorkItem
from hub.routing.states import ItemState
from hub.storage.database import now
from hub.timeline.models import Conversation


class Head(Struct, frozen=True, kw_only=True):
    """An item at the head of a queue."""

    item_id: UUID
    work_class: WorkClass
    units: int


class FilledQueue(Struct, frozen=True, kw_only=True):
    """A queue with work, and its team (None: the queue of all agents)."""

    queue_id: UUID
    team_id: UUID | None
    team: str | None


async def filled_queues(session: AsyncSession) -> Sequence[FilledQueue]:
    """Return the queues that have work and are served by the router."""
    rows = await session.execute(
        select(Queue.id, Queue.team_id, Team.name)
        .outerjoin(Team, Team.id == Queue.team_id)
        .where(Queue.waiting > 0, Queue.automatic)
        .order_by(Queue.id)
    )
    return [FilledQueue(queue_id=queue_id, team_id=team_id, team=name) for queue_id, team_id, name in rows]


async def queue_heads(session: AsyncSession, queue_id: UUID, *, limit: int) -> Sequence[Head]:
    """Return the next items of a queue: at most `limit` of each class, so that no class hides another."""
    heads_by_class = [
        select(WorkItem.id, WorkItem.work_class, WorkItem.units, WorkItem.key, WorkItem.sequence)
        .where(WorkItem.queue_id == queue_id, WorkItem.work_class == work_class, WorkItem.state == ItemState.QUEUED)
        .order_by(WorkItem.key, WorkItem.sequence)
        .limit(limit)
        .subquery()
        for work_class in CAPS
    ]
    merged = union_all(*(select(items_of_class) for items_of_class in heads_by_class)).subquery()
    rows = await session.execute(
        select(merged.c.id, merged.c.work_class, merged.c.units).order_by(merged.c.key, merged.c.sequence)
    )
    return [Head(item_id=item_id, work_class=work_class, units=units) for item_id, work_class, units in rows]


async def candidates(session: AsyncSession, team_id: UUID | None, *, at: datetime | None = None) -> list[Candidate]:
    """Return the agents of a team (None: of all teams) who are available and present; `at` None: now."""
    found = (await session.execute(routable_agents(team_id, at or now()))).all()
    usage = await usage_by_agent(session, [agent_id for agent_id, _, _ in found])
    return [
        Candidate(agent_id=agent_id, usage=usage[agent_id], idle_since=max(assigned_at or intent_at, intent_at))
        for agent_id, assigned_at, intent_at in found
    ]


def routable_agents(team_id: UUID | None, at: datetime) -> Select[UUID, datetime | None, datetime]:
    """Select the agents of a team (None: of all teams) to whom the router may assign work at a time.

    Columns: agent id, time of the last assignment, time since which the agent is available.
    """
    found = (
        select(Availability.agent_id, Availability.assigned_at, Availability.intent_at)
        .join(Agent, Agent.id == Availability.agent_id)
        .where(
            Availability.intent == Intent.AVAILABLE,
            Availability.seen_at >= at - SEEN_WITHIN,
            Agent.disabled_at.is_(None),
            Agent.role != Role.AUDITOR,
        )
    )
    if team_id is None:
        return found
    member = (TeamMember.agent_id == Availability.agent_id) & (TeamMember.team_id == team_id)
    return found.join(TeamMember, member)


def due_snoozes(at: datetime, *, limit: int = 1) -> Select[Conversation]:
    """Select and lock the next snoozed conversations that are due at a time, skipping locked ones."""
    return (
        select(Conversation)
        .where(Conversation.state == State.SNOOZED, Conversation.snoozed_until <= at)
        .order_by(Conversation.snoozed_until)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )


async def next_snooze_at(session: AsyncSession, after: datetime) -> datetime | None:
    """Return when the next snoozed conversation is due after a time; None: none is snoozed.

    Those due earlier are being woken by another process, or are locked.
    """
    wanted = select(func.min(Conversation.snoozed_until))
    found = await session.execute(wanted.where(Conversation.state == State.SNOOZED, Conversation.snoozed_until > after))
    return found.scalar_one()


def left_by_agent(at: datetime) -> Select[Conversation]:
    """Select and lock a conversation whose agent is disabled, or absent while the customer waits in a chat or call."""
    owner_absent = and_(
        WorkItem.work_class.in_(SYNCHRONOUS),
        Agent.kind == AgentKind.PERSON,
        Conversation.waiting_since.is_not(None),
        or_(Availability.seen_at.is_(None), Availability.seen_at < at - SEEN_WITHIN),
    )
    return (
        select(Conversation)
        .join(WorkItem, WorkItem.conversation_id == Conversation.id)
        .join(Agent, Agent.id == WorkItem.agent_id)
        .outerjoin(Availability, Availability.agent_id == WorkItem.agent_id)
        .where(WorkItem.state == ItemState.ACCEPTED, or_(Agent.disabled_at.is_not(None), owner_absent))
        .limit(1)
        .with_for_update(of=Conversation, key_share=True, skip_locked=True)
    )
