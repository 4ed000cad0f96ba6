"""The routing loop: assign queued work, wake snoozed conversations, requeue the work of absent or disabled agents."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.routing.actions import return_to_queue, wake_many
from hub.routing.availability import ROUTING
from hub.routing.queries import due_snoozes, left_by_agent, next_snooze_at
from hub.routing.router import poll
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel, failures_logged, wake_on
from hub.storage.database import now
from hub.timeline.models import Conversation

PERIOD = 1.0  # seconds between sweeps, which also make up for lost signals
WAKE_BATCH = 20  # conversations woken in one transaction
MIN_SLEEP = 0.002  # seconds; a timer that fires early does not spin
MAX_LEAD = timedelta(milliseconds=20)  # an open transaction holds back the live feed
log = structlog.get_logger("hub.routing")

Step = Callable[[AsyncSession], Awaitable[int]]


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Assign work at every signal, sweep each second, and wake snoozed conversations on time, until `stop` is set."""
    snooze_timer = asyncio.create_task(_wake_on_time(context, SnoozeTimer()))
    try:
        await _route(context, stop)
    finally:
        await cancel(snooze_timer)


async def _route(context: AppContext, stop: asyncio.Event) -> None:
    swept_at = 0.0
    async with wake_on(context.signals, ROUTING, stop=stop) as wakeup:
        while not stop.is_set():
            sweep_due = monotonic() >= swept_at + PERIOD
            with failures_logged(log, "routing.failed"):
                await (sweep if sweep_due else poll)(context)
            swept_at = monotonic() if sweep_due else swept_at
            await wakeup.wait(PERIOD)


async def sweep(context: AppContext) -> int:
    """Wake due conversations, requeue those left by their agents, assign queued work; return how many were changed."""
    woken = await _until_done(context, wake_due, WAKE_BATCH)
    returned = await _until_done(context, requeue_left_by_agent)
    return woken + returned + await poll(context)


async def wake_due(session: AsyncSession) -> int:
    """Wake up to `WAKE_BATCH` snoozed conversations that are due, the oldest first; return how many."""
    due = (await session.execute(due_snoozes(now(), limit=WAKE_BATCH))).scalars().all()
    await wake_many(session, due)
    return len(due)


async def requeue_left_by_agent(session: AsyncSession) -> bool:
    """Return one conversation whose agent is disabled or absent to its queue; False: there is none."""
    wanted = left_by_agent(now())
    conversation = (await session.execute(wanted)).scalars().first()
    if conversation is None:
        return False
    # The work may have moved between the query and the lock: check again under the lock.
    confirmed = await session.execute(wanted.where(Conversation.id == conversation.id))
    if confirmed.first() is not None:
        await return_to_queue(session, conversation, ("owner_gone",))
    return True


class SnoozeTimer:
    """Wakes snoozed conversations on time: starts early by the duration of recent runs, and commits when they are due.

    `lead` is how early the next run starts.
    """

    def __init__(self) -> None:
        self.lead = timedelta()

    async def wake_due(self, context: AppContext) -> float:
        """Wake due conversations; return the seconds until the next run, at most `PERIOD`."""
        async with context.transaction() as session:
            began_at = now()
            horizon = began_at + self.lead
            due = (await session.execute(due_snoozes(horizon, limit=WAKE_BATCH))).scalars().all()
            last_due_at = max(
                (conversation.snoozed_until for conversation in due if conversation.snoozed_until), default=began_at
            )
            next_at = await next_snooze_at(session, horizon)
            await wake_many(session, due)
            duration = now() - began_at
            await asyncio.sleep((last_due_at - now()).total_seconds())
        if due:
            self.lead = min((self.lead + duration) / 2, MAX_LEAD)
        if len(due) == WAKE_BATCH:
            return 0.0
        wait = PERIOD if next_at is None else (next_at - self.lead - now()).total_seconds()
        return min(PERIOD, max(MIN_SLEEP, wait))


async def _wake_on_time(context: AppContext, timer: SnoozeTimer) -> None:
    """Sleep until the next conversation is due and wake it; one snoozed meanwhile is noticed within `PERIOD`."""
    while True:
        seconds = PERIOD
        with failures_logged(log, "routing.alarm_failed"):
            seconds = await timer.wake_due(context)
        await asyncio.sleep(seconds)


async def _until_done(context: AppContext, step: Step, batch_size: int = 1) -> int:
    """Repeat a step, each in its own transaction, until it changes fewer than `batch_size`; return the total."""
    total = 0
    while True:
        async with context.transaction() as session:
            moved = await step(session)
        total += moved
        if moved < batch_size:
            return total
