"""The loop wakes snoozed conversations at their due time, not only at its next poll."""

import asyncio
import time
from datetime import timedelta

from sqlalchemy import func, select

from hub.events.definitions import State
from hub.events.models import Entry
from hub.routing import worker
from hub.storage.database import now
from hub.timeline.models import Conversation
from tests.support.company import Company


async def all_woken(company: Company) -> bool:
    async with company.session() as session:
        asleep = select(func.count()).where(Conversation.state == State.SNOOZED)
        return await session.scalar(asleep) == 0


async def test_snoozes_are_woken_when_they_fall_due_and_not_at_the_next_sweep(company: Company) -> None:
    due = [now() + timedelta(seconds=1 + 0.37 * n) for n in range(5)]
    ids = [await company.conversation(state=State.SNOOZED, snoozed_until=at) for at in due]
    stop = asyncio.Event()
    loop = asyncio.create_task(worker.run(company.context, stop))
    async with asyncio.timeout(20):
        while not await all_woken(company):
            await asyncio.sleep(0.05)
    stop.set()
    await loop
    async with company.session() as session:
        woken = dict((await session.execute(select(Entry.conversation_id, Entry.at))).all())
    late = sorted(woken[id_] - at for id_, at in zip(ids, due, strict=True))
    assert late[0] >= timedelta(), "none is woken early"
    assert late[2] < timedelta(seconds=0.4), "by its own timer, not by the sweep of each second"


async def test_waking_begins_before_its_time_and_is_seen_when_it_has_come(company: Company) -> None:
    alarm = worker.Alarm()
    alarm.ahead = timedelta(seconds=30)
    due = now() + timedelta(seconds=1)
    id_ = await company.conversation(state=State.SNOOZED, snoozed_until=due)
    rings = asyncio.create_task(alarm.ring(company.context))
    while now() < due - timedelta(seconds=0.1):
        assert (await company.the(id_)).state == State.SNOOZED
        await asyncio.sleep(0.01)
    await rings
    assert now() >= due
    assert (await company.the(id_)).state == State.OPEN, "one ring sufficed: it began before the time had come"
    assert alarm.ahead == worker.LONGEST_AHEAD, "however long it took, it does not begin earlier than that"


async def test_many_that_fall_due_together_are_all_woken_once(company: Company) -> None:
    at = now() - timedelta(seconds=1)
    ann = await company.agent()
    for n in range(worker.TOGETHER * 2 + 3):
        await company.conversation(state=State.SNOOZED, snoozed_until=at, assignee_id=ann if n % 2 else None)
    assert await worker.sweep(company.context) == worker.TOGETHER * 2 + 3
    assert await worker.sweep(company.context) == 0
    assert len(await company.events()) == worker.TOGETHER * 2 + 3
    await company.check()


async def test_the_loop_reacts_to_signals_and_stops_when_told(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    stop = asyncio.Event()
    loop = asyncio.create_task(worker.run(company.context, stop))
    took = []
    for _ in range(5):
        conversation = await company.conversation(team)
        began = time.monotonic()
        await company.arrive(conversation)
        async with asyncio.timeout(5):
            while (await company.the(conversation)).assignee_id != ann:
                await asyncio.sleep(0.005)
        took.append(time.monotonic() - began)
    stop.set()
    async with asyncio.timeout(2):
        await loop
    assert sorted(took)[2] < 0.6, "by the bell, not by the sweep"
