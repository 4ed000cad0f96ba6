"""The loop that outlives lost bells: gives out what waits, wakes what slept, takes back what was deserted."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Unavailable
from hub.routing.actions import back_to_queue, wake_many
from hub.routing.availability import ROUTING
from hub.routing.queries import deserted, due_snoozes, next_snooze_at
from hub.routing.router import poll
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.timeline.models import Conversation

PERIOD = 1.0  # seconds; the floor under every bell
TOGETHER = 20  # so many wake in one transaction
SHORTEST = 0.002  # seconds; a timer that fires early does not spin
LONGEST_AHEAD = timedelta(milliseconds=20)  # an open transaction holds back the live feed
log = structlog.get_logger("hub.routing")

Step = Callable[[AsyncSession], Awaitable[int]]


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Look at every bell, sweep each second, and wake each snoozed conversation on time, until `stop` is set."""
    alarms = asyncio.create_task(_wake_on_time(context, Alarm()))
    try:
        await _route(context, stop)
    finally:
        await _cancelled(alarms)


async def _route(context: AppContext, stop: asyncio.Event) -> None:
    bell = await context.signals.subscribe(ROUTING)
    loop = asyncio.get_running_loop()
    ends = asyncio.create_task(stop.wait())
    swept_at = 0.0
    try:
        while not stop.is_set():
            rings = asyncio.create_task(bell.batch())
            due = loop.time() >= swept_at + PERIOD
            await _carefully(context, sweep if due else poll)
            swept_at = loop.time() if due else swept_at
            await asyncio.wait({rings, ends}, timeout=PERIOD, return_when=asyncio.FIRST_COMPLETED)
            await _cancelled(rings)
    finally:
        await _cancelled(ends)
        await context.signals.unsubscribe(bell)


async def sweep(context: AppContext) -> int:
    """Wake what is due, take back what was deserted, and give out all that can be; tell how much was moved."""
    woken = await _until_done(context, wake_due, TOGETHER)
    returned = await _until_done(context, return_deserted)
    return woken + returned + await poll(context)


async def wake_due(session: AsyncSession) -> int:
    """Wake some of the snoozed conversations whose time has come, the oldest first; tell how many."""
    due = (await session.execute(due_snoozes(now(), limit=TOGETHER))).scalars().all()
    await wake_many(session, due)
    return len(due)


async def return_deserted(session: AsyncSession) -> bool:
    """Put one conversation, in which a customer waits for an agent who has gone, back in its queue."""
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
    """Wakes what is snoozed on time: it begins as long before as it lately took, and commits when the time has come."""

    def __init__(self) -> None:
        """Begin without knowing how long it takes."""
        self.ahead = timedelta()

    async def ring(self, context: AppContext) -> float:
        """Wake what is due; tell for how many seconds nobody has to be woken, at most the period."""
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
    """Sleep until the next conversation is due, and wake it; what is snoozed meanwhile is seen within the period."""
    while True:
        pause = await _carefully(context, alarm.ring)
        await asyncio.sleep(PERIOD if pause is None else pause)


async def _until_done(context: AppContext, step: Step, at_once: int = 1) -> int:
    """Do a step, each in its transaction, until it moves less than it could at once; tell how much was moved."""
    done = 0
    while True:
        async with context.transaction() as session:
            moved = await step(session)
        done += moved
        if moved < at_once:
            return done


async def _carefully(context: AppContext, act: Callable[[AppContext], Awaitable[float]]) -> float | None:
    """Outlive any one failure: the next sweep finds what this one left; None then."""
    try:
        return await act(context)
    except Unavailable:
        log.warning("routing.postponed", reason="the database does not answer")
    except Exception:
        log.exception("routing.failed")
    return None


async def _cancelled(task: "asyncio.Task[object]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
