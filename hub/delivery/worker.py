"""The sending loop: claim due deliveries, send them with no transaction open, and store the outcome."""

import asyncio
from collections import Counter
from time import monotonic
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.accounts import Connections
from hub.delivery.attempt import attempt
from hub.delivery.claims import LEASE, Claim, claim, claim_expired, claim_lookups, next_due_in, renew
from hub.delivery.outcome import settle
from hub.delivery.retry import Decision
from hub.errors import Unavailable
from hub.runtime.context import AppContext
from hub.runtime.loops import Wakeup, cancel, failures_logged, run_every, wake_on

TOPIC = "deliveries"  # signalled when a delivery is new or due again
POLL = 1.0  # seconds between polls, which make up for lost signals
MIN_WAIT = 0.002  # seconds; a timer that fires early does not spin
GATHER_FOR = 0.01  # seconds to wait after a signal, so that one claim fills several free places
SWEEP_EVERY = 2.0  # seconds between claims of dead processes' deliveries and of doubtful ones to look up
GRACE = 10.0  # seconds that deliveries in progress get when the process stops
MAX_PAUSE = 5.0  # seconds between attempts to store an outcome

log = structlog.get_logger("hub.delivery")


async def run(context: AppContext, connections: Connections, stop: asyncio.Event) -> None:
    """Send due deliveries until `stop` is set; those in progress then have `GRACE` seconds to finish."""
    async with wake_on(context.signals, TOPIC, stop=stop) as wakeup:
        sender = Sender(context, connections, wakeup)
        try:
            while not stop.is_set():
                await wakeup.wait(await sender.round(), gather=GATHER_FOR)
        finally:
            await sender.close()


class Sender:
    """Sends the deliveries that one process has claimed."""

    def __init__(self, context: AppContext, connections: Connections, wakeup: Wakeup) -> None:
        """Begin without deliveries; `wakeup` is called whenever a place becomes free."""
        self.context = context
        self._connections = connections
        self._wakeup = wakeup
        self._in_progress: dict[asyncio.Task[None], Claim] = {}
        self._sweep_at = 0.0
        renewing = run_every(LEASE.total_seconds() / 3, self._renew_leases, log, "delivery.renewal_failed")
        self._renewal_task = asyncio.create_task(renewing)

    async def round(self) -> float:
        """Claim due deliveries and start sending them; return in how many seconds to call this again."""
        with failures_logged(log, "delivery.round_failed"):
            return await self._round()
        return POLL

    async def close(self) -> None:
        """Wait up to `GRACE` seconds for deliveries in progress; another process takes over the rest by lease."""
        if self._in_progress:
            _, late = await asyncio.wait(self._in_progress, timeout=GRACE)
            await cancel(*late)
        await cancel(self._renewal_task)

    async def _round(self) -> float:
        free = self.context.settings.deliveries - len(self._in_progress)
        if free <= 0:
            return POLL
        async with self.context.transaction() as session:
            claims = await self._claim_swept(session, free)
            claims += await claim(
                session, free=free - len(claims), busy=self._sending_by_channel(), full=self._full_channels()
            )
            wait = await next_due_in(session)
        for claimed in claims:
            self._start(claimed)
        return min(POLL, POLL if wait is None else max(wait, MIN_WAIT))

    async def _claim_swept(self, session: AsyncSession, free: int) -> list[Claim]:
        if monotonic() < self._sweep_at:
            return []
        self._sweep_at = monotonic() + SWEEP_EVERY
        orphaned = await claim_expired(session, free=free)
        return orphaned + await claim_lookups(session, free=free - len(orphaned))

    def _sending_by_channel(self) -> Counter[UUID]:
        return Counter(claimed.delivery.channel_id for claimed in self._in_progress.values())

    def _full_channels(self) -> set[UUID]:
        sending = self._sending_by_channel()
        return {
            claimed.delivery.channel_id
            for claimed in self._in_progress.values()
            if sending[claimed.delivery.channel_id] >= claimed.max_parallel
        }

    def _start(self, claimed: Claim) -> None:
        task = asyncio.create_task(self._attempt_and_settle(claimed))
        self._in_progress[task] = claimed
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._in_progress[task]
        self._wakeup.wake()

    async def _attempt_and_settle(self, claimed: Claim) -> None:
        with failures_logged(log, "delivery.broke", delivery_id=str(claimed.delivery.id)):
            decision = await attempt(self.context, self._connections, claimed)
            if decision is not None:
                await self._settle(claimed, decision)

    async def _settle(self, claimed: Claim, decision: Decision) -> None:
        """Store the outcome, retrying until the database is back: a sent message must be recorded as sent."""
        pause = 0.1
        while True:
            try:
                async with self.context.transaction() as session:
                    await settle(session, claimed, decision)
                return
            except Unavailable:
                pause = min(pause * 2, MAX_PAUSE)
                await asyncio.sleep(pause)

    async def _renew_leases(self) -> None:
        """Renew the leases of the deliveries in progress, since sending may take longer than a lease."""
        leases = {claimed.lease for claimed in self._in_progress.values()}
        if leases:
            async with self.context.transaction() as session:
                await renew(session, leases)
