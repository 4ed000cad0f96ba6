"""The invariants of routing, under random sequences and concurrent actions, on a real database."""

import asyncio
import random
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import WorkClass
from hub.errors import Conflict
from hub.events.definitions import Intent, State
from hub.routing import actions, router
from hub.routing.assignment import Assignment
from hub.routing.availability import mark_inbox_open, set_intent
from hub.routing.models import Load, Reservation
from hub.routing.worker import sweep
from hub.storage.database import now
from hub.timeline.models import Conversation
from tests.support.company import Company

KINDS = (WorkClass.ASYNC, WorkClass.LIVE, WorkClass.RT)
INTENTS = (Intent.AVAILABLE, Intent.AVAILABLE, Intent.AWAY, Intent.OFFLINE)


class Story:
    """Random actions in a small organisation."""

    def __init__(self, company: Company, chance: random.Random, teams: list[UUID], agents: list[UUID]) -> None:
        self.company, self.chance, self.teams, self.agents = company, chance, teams, agents
        self.conversations: list[UUID] = []
        self.done: Counter[str] = Counter()

    async def step(self) -> None:
        act = self.chance.choice(
            (
                self.begin,
                self.begin,
                self.hear,
                self.look,
                self.take,
                self.resolve,
                self.snooze,
                self.transfer,
                self.presence,
                self.fall_due,
                self.sweep,
            )
        )
        with suppress(Conflict):
            await act()
            self.done[act.__name__] += 1

    async def begin(self) -> None:
        team = self.chance.choice((*self.teams, None))
        conversation = await self.company.conversation(team)
        async with self.company.session() as session:
            await actions.enqueue_many(session, [(conversation, team, self.chance.choice(KINDS))])
        self.conversations.append(conversation)  # last, because the process that queues it holds its lock

    async def hear(self) -> None:
        async with self.company.session() as session:
            if conversation := await self._one(session):
                if conversation.state == State.RESOLVED:
                    conversation.state, conversation.resolved_at = State.OPEN, None
                conversation.waiting_since = now()
                await actions.assign_or_queue(session, conversation, self.chance.choice(KINDS))

    async def look(self) -> None:
        await router.poll(self.company.context)

    async def sweep(self) -> None:
        await sweep(self.company.context)

    async def take(self) -> None:
        async with self.company.session() as session:
            if conversation := await self._one(session):
                agent = self.chance.choice(self.agents)
                assignment = Assignment(agent_id=agent, reasons=("claimed",), by=agent)
                if self.chance.random() < 0.3:
                    team = self.chance.choice((*self.teams, None))
                    await actions.take(session, conversation, WorkClass.ASYNC, assignment, team_id=team)
                else:
                    await actions.take(session, conversation, WorkClass.ASYNC, assignment)

    async def resolve(self) -> None:
        async with self.company.session() as session:
            if conversation := await self._one(session):
                conversation.state, conversation.snoozed_until = State.RESOLVED, None
                await actions.release(session, conversation)

    async def snooze(self) -> None:
        async with self.company.session() as session:
            conversation = await self._one(session)
            if conversation and conversation.state == State.OPEN:
                conversation.state, conversation.snoozed_until = State.SNOOZED, now() + timedelta(hours=1)
                await actions.pause(session, conversation)

    async def transfer(self) -> None:
        async with self.company.session() as session:
            if conversation := await self._one(session):
                team = self.chance.choice((*self.teams, None))
                await actions.transfer(session, conversation, WorkClass.ASYNC, team, by=None)

    async def presence(self) -> None:
        agent = self.chance.choice(self.agents)
        async with self.company.session() as session:
            if self.chance.random() < 0.5:
                await set_intent(
                    session,
                    agent,
                    self.chance.choice(INTENTS),
                )
            else:
                await mark_inbox_open(
                    session, self.agents, at=now() - self.chance.choice((0, 0, 120)) * timedelta(seconds=1)
                )

    async def fall_due(self) -> None:
        async with self.company.session() as session:
            conversation = await self._one(session)
            if conversation and conversation.state == State.SNOOZED:
                conversation.snoozed_until = now()

    async def _one(self, session: AsyncSession) -> Conversation | None:
        if not self.conversations:
            return None
        chosen = self.chance.choice(self.conversations)
        return await session.get_one(Conversation, chosen, with_for_update={"key_share": True})


async def story(company: Company, seed: int) -> Story:
    chance = random.Random(seed)
    teams = [await company.team(name) for name in ("Sales", "Support")]
    agents = [await company.agent(chance.choice(teams)) for _ in range(4)]
    return Story(company, chance, teams, agents)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_the_books_balance(company: Company, seed: int) -> None:
    told = await story(company, seed)
    for _ in range(80):
        await told.step()
        await company.check()
    assert sum(told.done.values()) >= 78, "hardly anything is refused when nobody else acts"


async def test_eight_acting_at_once_balance_as_well(company: Company) -> None:
    told = await story(company, 4)
    for _ in range(12):
        await told.begin()

    async def act(number: int) -> None:
        own = Story(company, random.Random(number), told.teams, told.agents)
        own.conversations = told.conversations
        for _ in range(25):
            await own.step()

    await asyncio.gather(*(act(number) for number in range(8)))
    await company.check()


async def test_eight_routers_give_each_item_once_and_nobody_too_much(company: Company) -> None:
    team = await company.team()
    agents = [await company.agent(team) for _ in range(5)]
    for agent in agents:
        await company.set_cap(agent, WorkClass.ASYNC, 6)
    fresh = [(await company.conversation(team), team, WorkClass.ASYNC) for _ in range(40)]
    async with company.session() as session:
        await actions.enqueue_many(session, fresh)
    for _ in range(5):
        await asyncio.gather(*(router.poll(company.context) for _ in range(8)))
        await company.check()
    async with company.session() as session:
        given = Counter(await session.scalars(select(Reservation.item_id)))
        used = list(await session.scalars(select(Load.used)))
    assert (len(given), max(given.values())) == (30, 1)
    assert used == [6] * 5
    assert await company.queued_count(team) == 10
