"""The routing loop: offer waiting work, wake snoozed conversations, return work of agents who have gone."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.routing.actions import back_to_queue, wake_many
from hub.routing.availability import ROUTING
from hub.routing.queries import deserted, due_snoozes, next_snooze_at
from hub.routing.router import poll
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel, failures_logged, wake_on
from hub.storage.database import now
from hub.timeline.models import Conversation

PERIOD = 1.0  # seconds between sweeps, which also make up for lost signals
TOGETHER = 20  # conversations woken in one transaction
SHORTEST = 0.002  # seconds; a timer that fires early does not spin
LONGEST_AHEAD = timedelta(milliseconds=20)  # an open transaction holds back the live feed
log = structlog.get_logger("hub.routing")

Step = Callable[[AsyncSession], Awaitable[int]]


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Poll at every signal, sweep each second, and wake each snoozed conversation on time, until `stop` is set."""
    alarms = asyncio.create_task(_wake_on_time(context, Alarm()))
    try:
        await _route(context, stop)
    finally:
        await cancel(alarms)


async def _route(context: AppContext, stop: asyncio.Event) -> None:
    swept_at = 0.0
    async with wake_on(context.signals, ROUTING, stop=stop) as wakeup:
        while not stop.is_set():
            due = monotonic() >= swept_at + PERIOD
            with failures_logged(log, "routing.failed"):
                await (sweep if due else poll)(context)
            swept_at = monotonic() if due else swept_at
            await wakeup.wait(PERIOD)


async def sweep(context: AppContext) -> int:
    """Wake due conversations, return deserted ones, and offer what can be offered; return how many were moved."""
    woken = await _until_done(context, wake_due, TOGETHER)
    returned = await _until_done(context, return_deserted)
    return woken + returned + await poll(context)


async def wake_due(session: AsyncSession) -> int:
    """Wake up to `TOGETHER` snoozed conversations that are due, the oldest first; return how many."""
    due = (await session.execute(due_snoozes(now(), limit=TOGETHER))).scalars().all()
    await wake_many(session, due)
    return len(due)


async def return_deserted(session: AsyncSession) -> bool:
    """Put one conversation, whose customer waits for an agent who has gone, back in its queue; False: there is none."""
    wanted = deserted(now())
    conversation = (await session.execute(wanted)).scalars().first()
    if conversation is None:
        return False
    # Its work may have moved between being seen and the lock: only what is seen under the lock counts.
    still = await session.execute(wanted.where(Conversation.id == conversation.id))
    if still.first() is not None:
        await back_to_queue(session, conversation, ("owner_gone",))
    return True


class Alarm:
    """Wakes snoozed conversations on time: starts ahead by the time it lately took, and commits when they are due."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    async def ring(self, context: AppContext) -> float:
        """Wake due conversations; return for how many seconds no other is due, at most the period."""
        async with context.transaction() as session:
            began_at = now()
            horizon = began_at + self.ahead
            due = (await session.execute(due_snoozes(horizon, limit=TOGETHER))).scalars().all()
            last = max((one.snoozed_until for one in due if one.snoozed_until), default=began_at)
            next_at = await next_snooze_at(session, horizon)
            await wake_many(session, due)
            took = now() - began_at
            await asyncio.sleep((last - now()).total_seconds())
        if due:
            self.ahead = min((self.ahead + took) / 2, LONGEST_AHEAD)
        if len(due) == TOGETHER:
            return 0.0
        wait = PERIOD if next_at is None else (next_at - self.ahead - now()).total_seconds()
        return min(PERIOD, max(SHORTEST, wait))


async def _wake_on_time(context: AppContext, alarm: Alarm) -> None:
    """Sleep until the next conversation is due and wake it; one snoozed meanwhile is noticed within the period."""
    while True:
        seconds = PERIOD
        with failures_logged(log, "routing.alarm_failed"):
            seconds = await alarm.ring(context)
        await asyncio.sleep(seconds)


async def _until_done(context: AppContext, step: Step, at_once: int = 1) -> int:
    """Repeat a step, each in its transaction, until it moves fewer than `at_once`; return how many were moved."""
    done = 0
    while True:
        async with context.transaction() as session:
            moved = await step(session)
        done += moved
        if moved < at_once:
            return done
