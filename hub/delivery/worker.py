"""The loop that sends: claim what is due, send it with no transaction open, settle what became of it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.delivery.attempt import attempt
from hub.delivery.claims import LEASE, Claim, claim, claim_expired, claim_looks, next_due_in, renew
from hub.delivery.outcome import settle
from hub.delivery.retry import Decision
from hub.errors import Unavailable
from hub.runtime.context import AppContext
from hub.signals import Subscription
from hub.storage.database import is_outage

TOPIC = "deliveries"  # rung when something new is due
POLL = 1.0
SHORTEST = 0.002  # seconds; a timer that fires early does not spin
BREATH = 0.01  # seconds in which several free places are gathered for one claim
SWEEP = 2.0  # seconds between looks for what a dead process held, and for doubtful messages
GRACE = 10.0  # seconds that what is under way gets when the process is told to stop
LONGEST_PAUSE = 5.0

log = structlog.get_logger("hub.delivery")


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Send what is due until told to stop; what is under way then has ten seconds to finish."""
    wake = asyncio.Event()
    bell = await context.signals.subscribe(TOPIC)
    watchers = [asyncio.create_task(_on_bell(bell, wake)), asyncio.create_task(_on(stop.wait, wake))]
    sender = Sender(context, wake)
    try:
        while not stop.is_set():
            wake.clear()
            pause = await sender.round()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await wake.wait()
                    await asyncio.sleep(BREATH)
    finally:
        await _cancel(watchers)
        await context.signals.unsubscribe(bell)
        await sender.close()


class Sender:
    """What one process has under way."""

    def __init__(self, context: AppContext, wake: asyncio.Event) -> None:
        """Begin with nothing; `wake` is set whenever a place becomes free."""
        self.context = context
        self._wake = wake
        self._under_way: dict[asyncio.Task[None], Claim] = {}
        self._sweep_at = 0.0
        self._renewing = asyncio.create_task(self._renew())

    async def round(self) -> float:
        """Claim and start what there is; tell for how many seconds there is nothing to do."""
        try:
            return await self._round()
        except Exception as error:
            if not isinstance(error, Unavailable) and not is_outage(error):
                log.exception("delivery.round_failed")
            return POLL

    async def close(self) -> None:
        """Let what is under way finish for a while; the rest is taken over when its lease runs out."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=GRACE)
            await _cancel(list(late))
        await _cancel([self._renewing])

    async def _round(self) -> float:
        free = self.context.settings.deliveries - len(self._under_way)
        if free <= 0:
            return POLL
        async with self.context.transaction() as session:
            held = await self._swept(session, free)
            held += await claim(session, free=free - len(held), busy=self._busy(), full=self._full())
            wait = await next_due_in(session)
        for one in held:
            self._start(one)
        return min(POLL, POLL if wait is None else max(wait, SHORTEST))

    async def _swept(self, session: AsyncSession, free: int) -> list[Claim]:
        if monotonic() < self._sweep_at:
            return []
        self._sweep_at = monotonic() + SWEEP
        orphans = await claim_expired(session, free=free)
        return orphans + await claim_looks(session, free=free - len(orphans))

    def _busy(self) -> Counter[UUID]:
        return Counter(one.delivery.channel_id for one in self._under_way.values())

    def _full(self) -> set[UUID]:
        busy = self._busy()
        sending = [one for one in self._under_way.values() if busy[one.delivery.channel_id] >= one.lines]
        return {one.delivery.channel_id for one in sending}

    def _start(self, held: Claim) -> None:
        task = asyncio.create_task(self._carry(held))
        self._under_way[task] = held
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._wake.set()

    async def _carry(self, held: Claim) -> None:
        try:
            decision = await attempt(self.context, held)
            if decision is not None:
                await self._settle(held, decision)
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.exception("delivery.broke", delivery_id=str(held.delivery.id))

    async def _settle(self, held: Claim, decision: Decision) -> None:
        """Write down what became of it, however long the database is away: what has gone, has gone."""
        pause = 0.1
        while True:
            try:
                async with self.context.transaction() as session:
                    await settle(session, held, decision)
                return
            except Unavailable:
                pause = min(pause * 2, LONGEST_PAUSE)
                await asyncio.sleep(pause)

    async def _renew(self) -> None:
        """Keep the leases while sends take long."""
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            leases = {one.lease for one in self._under_way.values()}
            if leases:
                with suppress(Exception):
                    async with self.context.transaction() as session:
                        await renew(session, leases)


async def _on(happens: Callable[[], Awaitable[object]], wake: asyncio.Event) -> None:
    await happens()
    wake.set()


async def _on_bell(bell: Subscription, wake: asyncio.Event) -> None:
    while True:
        await _on(bell.batch, wake)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
