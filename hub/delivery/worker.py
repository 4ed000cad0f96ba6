"""The loop that sends: claim due deliveries, send them with no transaction open, write down the outcome."""

import asyncio
from collections import Counter
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.accounts import Connections
from hub.delivery.attempt import attempt
from hub.delivery.claims import LEASE, Claim, claim, claim_expired, claim_looks, next_due_in, renew
from hub.delivery.outcome import settle
from hub.delivery.retry import Decision
from hub.errors import Unavailable
from hub.runtime.context import AppContext
from hub.runtime.loops import Wakeup, cancel, failures_logged, run_every, wake_on

TOPIC = "deliveries"  # signalled when a delivery is new or due again
POLL = 1.0
SHORTEST = 0.002  # seconds; a timer that fires early does not spin
BREATH = 0.01  # seconds in which several free places are gathered for one claim
SWEEP = 2.0  # seconds between looks for deliveries of a dead process, and for doubtful ones
GRACE = 10.0  # seconds that deliveries under way get when the process stops
LONGEST_PAUSE = 5.0

log = structlog.get_logger("hub.delivery")


async def run(context: AppContext, connections: Connections, stop: asyncio.Event) -> None:
    """Send due deliveries until `stop` is set; those under way then have ten seconds to finish."""
    async with wake_on(context.signals, TOPIC, stop=stop) as wakeup:
        sender = Sender(context, connections, wakeup)
        try:
            while not stop.is_set():
                await wakeup.wait(await sender.round(), gather=BREATH)
        finally:
            await sender.close()


class Sender:
    """The deliveries that one process has under way."""

    def __init__(self, context: AppContext, connections: Connections, wakeup: Wakeup) -> None:
        """Begin without deliveries; `wakeup` is called whenever a place becomes free."""
        self.context = context
        self._connections = connections
        self._wakeup = wakeup
        self._under_way: dict[asyncio.Task[None], Claim] = {}
        self._sweep_at = 0.0
        renewing = run_every(LEASE.total_seconds() / 3, self._renew, log, "delivery.renewal_failed")
        self._renewing = asyncio.create_task(renewing)

    async def round(self) -> float:
        """Claim due deliveries and start sending them; return for how many seconds nothing more is due."""
        with failures_logged(log, "delivery.round_failed"):
            return await self._round()
        return POLL

    async def close(self) -> None:
        """Let deliveries under way finish for a while; the rest is taken over when its lease runs out."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=GRACE)
            await cancel(*late)
        await cancel(self._renewing)

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
        self._wakeup.wake()

    async def _carry(self, held: Claim) -> None:
        with failures_logged(log, "delivery.broke", delivery_id=str(held.delivery.id)):
            decision = await attempt(self.context, self._connections, held)
            if decision is not None:
                await self._settle(held, decision)

    async def _settle(self, held: Claim, decision: Decision) -> None:
        """Write down the outcome, however long the database is away: a message that was sent stays sent."""
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
        """Renew the leases of the deliveries under way, since a send may take long."""
        leases = {one.lease for one in self._under_way.values()}
        if leases:
            async with self.context.transaction() as session:
                await renew(session, leases)
