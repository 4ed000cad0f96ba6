"""A small organisation in a real database, and helpers to query it."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, Team, TeamMember
from hub.access.rights import Role, Viewer
from hub.channels.contract import WorkClass
from hub.channels.models import Channel
from hub.events.definitions import Event, Intent
from hub.events.log import event_of
from hub.events.models import Entry
from hub.routing import actions
from hub.routing.assignment import Assignment
from hub.routing.models import Availability, Load, Queue, Reservation, WorkItem
from hub.routing.states import LIVE_STATES, USES_CAPACITY
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.database import new_id, now
from hub.timeline.models import Contact, ContactPoint, Conversation
from tests.support.database import empty


@dataclass
class Company:
    """The context, and shorthands for the steps of a test."""

    context: AppContext

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        async with self.context.transaction() as session:
            yield session

    async def team(self, name: str = "Sales") -> UUID:
        async with self.session() as session:
            team = Team(id=new_id(), name=name)
            session.add(team)
        return team.id

    async def agent(self, *teams: UUID, role: Role = Role.AGENT, intent: Intent = Intent.AVAILABLE) -> UUID:
        """Create an agent with the inbox open."""
        agent_id = new_id()
        async with self.session() as session:
            session.add(Agent(id=agent_id, name="Ann", role=role, email=f"{agent_id}@hub.test"))
            await session.flush()
            session.add_all(TeamMember(team_id=team, agent_id=agent_id) for team in teams)
            session.add(Availability(agent_id=agent_id, intent=intent, seen_at=now()))
        return agent_id

    async def cap(self, agent_id: UUID, work_class: WorkClass, cap: int) -> None:
        async with self.session() as session:
            session.add(Load(agent_id=agent_id, work_class=work_class, cap=cap))

    async def channel(self, kind: str = "email", address: str = "help@hub.test") -> UUID:
        async with self.session() as session:
            settings = {"address": address} if kind == "email" else {}
            channel = Channel(kind=kind, name="Help", address=address, settings=settings)
            session.add(channel)
        return channel.id

    async def conversation(self, team: UUID | None = None, **values: object) -> UUID:
        """Create an open conversation of a new customer, in no queue yet."""
        key = new_id().hex[:26]
        async with self.session() as session:
            contact = Contact(name="Cleo")
            session.add(contact)
            await session.flush()
            session.add(ContactPoint(contact_id=contact.id, scheme="mailto", value=f"{key}@customer.test", display=key))
            conversation = Conversation(contact_id=contact.id, reply_key=key, team_id=team)
            for name, value in values.items():
                setattr(conversation, name, value)
            session.add(conversation)
        return conversation.id

    async def point(self, conversation_id: UUID) -> UUID:
        async with self.session() as session:
            contact = select(Conversation.contact_id).where(Conversation.id == conversation_id).scalar_subquery()
            return (await session.scalars(select(ContactPoint.id).where(ContactPoint.contact_id == contact))).one()

    async def the(self, conversation_id: UUID) -> Conversation:
        async with self.session() as session:
            return await session.get_one(Conversation, conversation_id)

    async def item(self, conversation_id: UUID) -> WorkItem | None:
        """Return the live work item."""
        async with self.session() as session:
            found = select(WorkItem).where(WorkItem.conversation_id == conversation_id, WorkItem.state.in_(LIVE_STATES))
            return (await session.scalars(found)).one_or_none()

    async def used(self, agent_id: UUID, work_class: WorkClass = WorkClass.ASYNC) -> int:
        async with self.session() as session:
            load = await session.get(Load, (agent_id, work_class))
            return load.used if load else 0

    async def waiting(self, team: UUID | None) -> int:
        async with self.session() as session:
            same = Queue.team_id == team if team else Queue.team_id.is_(None)
            return await session.scalar(select(Queue.waiting).where(same)) or 0

    async def events(self, conversation_id: UUID | None = None) -> list[Event]:
        async with self.session() as session:
            found = select(Entry).order_by(Entry.position)
            if conversation_id:
                found = found.where(Entry.conversation_id == conversation_id)
            return [event_of(row) for row in await session.scalars(found)]

    async def leaves(self, agent_id: UUID, ago: timedelta = timedelta(minutes=5)) -> None:
        """Close an agent's inbox, this long ago."""
        async with self.session() as session:
            await session.execute(
                update(Availability).where(Availability.agent_id == agent_id).values(seen_at=now() - ago)
            )

    async def arrive(self, conversation_id: UUID, work_class: WorkClass = WorkClass.ASYNC) -> None:
        """Store a message of the customer."""
        async with self._held(conversation_id) as (session, conversation):
            await actions.inbound_arrived(session, conversation, work_class)

    async def assign_to(self, conversation_id: UUID, agent_id: UUID, work_class: WorkClass = WorkClass.ASYNC) -> None:
        async with self._held(conversation_id) as (session, conversation):
            assignment = Assignment(agent_id=agent_id, reasons=("claimed",), by=agent_id)
            await actions.take(session, conversation, work_class, assignment)

    async def snooze(self, conversation_id: UUID) -> None:
        """Snooze the conversation for an hour."""
        async with self._held(conversation_id) as (session, conversation):
            conversation.snooze(now() + timedelta(hours=1))
            await actions.pause(session, conversation)

    @asynccontextmanager
    async def _held(self, conversation_id: UUID) -> AsyncIterator[tuple[AsyncSession, Conversation]]:
        async with self.session() as session:
            yield session, await session.get_one(Conversation, conversation_id, with_for_update={"key_share": True})

    async def check(self) -> None:
        """Assert the invariants that hold at any moment: I1-I4, I11 and I14 of the router's semantics."""
        async with self.session() as session:
            await _check_items(session)
            await _check_counts(session)
            await _check_conversations(session)
            await _check_router(session)


async def _check_items(session: AsyncSession) -> None:
    items = list(await session.scalars(select(WorkItem)))
    live = Counter(item.conversation_id for item in items if item.state in LIVE_STATES)
    assert max(live.values(), default=0) <= 1, "one live item for each conversation"
    assert {item.state for item in items} <= {*LIVE_STATES, "done", "abandoned", "cancelled", "overflowed"}
    assert all(item.agent_id for item in items if item.state in USES_CAPACITY), "in hand means in somebody's hands"
    assert not [item for item in items if item.state == "queued" and item.agent_id]
    opened = await session.scalars(select(Reservation.item_id).where(Reservation.state == "open"))
    assert set(opened) == {item.id for item in items if item.state == "reserved"}


async def _check_router(session: AsyncSession) -> None:
    """Assert that the router overloads no agent, and offers a team's work to the team only (I5, I6)."""
    rows = await session.execute(
        select(Reservation.reasons, WorkItem.over_cap, Reservation.agent_id, Queue.team_id)
        .join(WorkItem, WorkItem.reservation_id == Reservation.id)
        .join(Queue, Queue.id == WorkItem.queue_id)
    )
    members = {(one.team_id, one.agent_id) for one in await session.scalars(select(TeamMember))}
    for reasons, over_cap, agent_id, team_id in rows:
        if reasons[0].startswith(("member_of", "anyone")):
            assert not over_cap
            assert team_id is None or (team_id, agent_id) in members


async def _check_counts(session: AsyncSession) -> None:
    held = select(WorkItem.agent_id, WorkItem.work_class, func.sum(WorkItem.units))
    sums = await session.execute(
        held.where(WorkItem.state.in_(USES_CAPACITY)).group_by(WorkItem.agent_id, WorkItem.work_class)
    )
    should = {(agent, kind): int(units) for agent, kind, units in sums}
    loads = await session.scalars(select(Load).where(Load.used > 0))
    assert {(load.agent_id, load.work_class): load.used for load in loads} == should, "used is the sum of the units"
    queued = select(WorkItem.queue_id, func.count()).where(WorkItem.state == "queued").group_by(WorkItem.queue_id)
    counted = {row[0]: row[1] for row in await session.execute(queued)}
    queues = {queue.id: queue.waiting for queue in await session.scalars(select(Queue)) if queue.waiting}
    assert queues == counted, "the counter is the number of those who wait"


async def _check_conversations(session: AsyncSession) -> None:
    rows = await session.execute(
        select(
            Conversation.state, Conversation.assignee_id, WorkItem.state, WorkItem.agent_id, Conversation.team_id
        ).outerjoin(WorkItem, (WorkItem.conversation_id == Conversation.id) & WorkItem.state.in_(LIVE_STATES))
    )
    for state, assignee, item_state, holder, _ in rows:
        if item_state:
            assert assignee == holder, "the conversation and its work are in the same hands"
            assert (state == "snoozed") == (item_state == "paused"), (state, item_state, assignee)
            assert state != "resolved"


def viewer(agent_id: UUID, *teams: UUID, role: Role = Role.AGENT) -> Viewer:
    return Viewer(agent_id=agent_id, role=role, team_ids=frozenset(teams))


@asynccontextmanager
async def open_company(url: str, folder: Path) -> AsyncIterator[Company]:
    """Create an empty company."""
    settings = Settings(data_dir=folder, secret_key="00" * 32)
    async with open_context(settings, database_url=url) as context:
        await empty(context.engine)
        yield Company(context)
