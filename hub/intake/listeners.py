"""Listens to channels over connections that stay open, under one lease per channel, and stores the arrivals."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import select

from hub.channels import registry
from hub.channels.accounts import create_adapter
from hub.channels.contract import Adapter, FetchedBatch, RawItem, StoredItem
from hub.channels.models import Channel
from hub.channels.send_errors import SendError, Throttled
from hub.delivery import channel_health
from hub.delivery.errors import ReceivingFails
from hub.errors import Unavailable
from hub.intake.errors import ReceivingInterrupted
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel, failures_logged, log_failure, pause
from hub.storage.database import is_outage, new_id

POLL = 1.0  # seconds between checks for new, changed and removed channels
TTL = timedelta(seconds=15)  # of a channel's lease
STABLE_AFTER = 30.0  # seconds after which an unbroken connection counts as healthy
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds
DOUBLINGS = 9  # of the pause between attempts, at most

log = structlog.get_logger("hub.listeners")


class StoreArrivals(Protocol):
    """Stores raw arrivals together with the channel's new bookmark."""

    def __call__(
        self,
        channel_id: UUID,
        items: Sequence[RawItem],
        *,
        bookmark: str | None = None,
    ) -> Awaitable[Sequence[StoredItem]]:
        """Return once the items are stored for good."""


async def run(context: AppContext, stop: asyncio.Event, store_arrivals: StoreArrivals) -> None:
    """Listen to every open channel of a kind that listens, until `stop` is set."""
    listeners: dict[UUID, ChannelListener] = {}
    try:
        while not stop.is_set():
            with failures_logged(log, "listeners.update_failed"):
                await _update(context, store_arrivals, listeners)
            await pause(stop, POLL)
    finally:
        await asyncio.gather(*(listener.close() for listener in listeners.values()))


async def _update(context: AppContext, store_arrivals: StoreArrivals, listeners: dict[UUID, "ChannelListener"]) -> None:
    """Start listeners for new and changed channels, and close those of changed and removed ones."""
    wanted = await _find_wanted_channels(context)
    for channel_id in [id_ for id_, listener in listeners.items() if listener.version != wanted.get(id_)]:
        await listeners.pop(channel_id).close()
    for channel_id, version in wanted.items():
        if channel_id not in listeners:
            listeners[channel_id] = ChannelListener(context, channel_id, version, store_arrivals)


async def _find_wanted_channels(context: AppContext) -> dict[UUID, int]:
    """Return the channels to listen to, with their versions."""
    open_ = select(Channel.id, Channel.kind, Channel.version).where(
        Channel.archived_at.is_(None),
        Channel.paused_at.is_(None),
    )
    async with context.transaction() as session:
        rows = (await session.execute(open_)).all()
    return {row.id: row.version for row in rows if row.kind in registry.kinds() and registry.listens(row.kind)}


def pause_after(failures: int, error: Exception, chance: float) -> float:
    """Return the seconds to wait after this many failures in a row: 0.5 s to 5 min, or longer if the provider asks.

    `chance` in [0, 1) spreads the waits.
    """
    doubled: int = 2 ** min(failures - 1, DOUBLINGS)
    pause = min(FIRST_PAUSE * doubled, LONGEST_PAUSE) * (0.5 + chance / 2)
    requested = error.retry_after.total_seconds() if isinstance(error, Throttled) else 0.0
    return max(pause, requested)


class ChannelListener:
    """Listens to one channel in one version while it holds the lease; reconnects when the connection breaks."""

    def __init__(self, context: AppContext, channel_id: UUID, version: int, store_arrivals: StoreArrivals) -> None:
        """Start listening in a task of its own."""
        self.context = context
        self.channel_id = channel_id
        self.version = version
        self._store_arrivals = store_arrivals
        self._lease, self._owner = f"listen:{channel_id}", str(new_id())
        self._failures = 0
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop listening and release the lease for another process."""
        await cancel(self._task)
        await self.context.signals.release(self._lease, self._owner)

    async def _run(self) -> None:
        while True:
            if await self._renew_lease():
                await self._listen_under_lease()
            else:
                await asyncio.sleep(TTL.total_seconds() / 3)

    async def _renew_lease(self) -> bool:
        """Take or renew the lease; False while another process holds it."""
        return await self.context.signals.acquire(self._lease, self._owner, TTL)

    async def _listen_under_lease(self) -> None:
        """Listen until the connection breaks or the lease is lost, then wait."""
        watch = asyncio.create_task(self._watch())
        listening = asyncio.create_task(self._listen())
        try:
            done, _ = await asyncio.wait({watch, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(watch, listening)
        broken = next((task.exception() for task in done), None)
        if isinstance(broken, Exception):
            await self._on_failure(broken)
        else:
            await asyncio.sleep(FIRST_PAUSE)

    async def _watch(self) -> None:
        """Renew the lease until it is lost; report the channel as healthy once the connection has held for a while."""
        held = 0.0
        while await self._renew_lease():
            step = TTL.total_seconds() / 3
            await asyncio.sleep(step)
            held += step
            if STABLE_AFTER <= held < STABLE_AFTER + step:
                await self._on_success()

    async def _listen(self) -> None:
        async with self.context.transaction() as session:
            channel = await session.get_one(Channel, self.channel_id)
        adapter = create_adapter(self.context.encryptor, channel)
        try:
            async with _closing(adapter, channel.bookmark) as fetched:
                async for batch in fetched:
                    if not await self._store(batch):
                        return
        finally:
            await adapter.close()

    async def _store(self, fetched: FetchedBatch) -> bool:
        """Store the arrivals and return True; False if another process holds the lease by now."""
        if not await self._renew_lease():
            return False
        await self._store_arrivals(self.channel_id, fetched.items, bookmark=fetched.bookmark)
        await self._on_success(carried=bool(fetched.items))
        return True

    async def _on_success(self, *, carried: bool = False) -> None:
        self._failures = 0
        async with self.context.transaction() as session:
            if carried:
                await channel_health.report_success(session, self.channel_id, ReceivingFails)
            else:
                await channel_health.report_recovery(session, self.channel_id, ReceivingFails)

    async def _on_failure(self, error: Exception) -> None:
        self._failures += 1
        if not is_outage(error):
            await self._report(error)
        await asyncio.sleep(pause_after(self._failures, error, random.random()))

    async def _report(self, error: Exception) -> None:
        failure = error if isinstance(error, SendError) else ReceivingInterrupted(problem=type(error).__name__)
        if not isinstance(error, SendError):
            log_failure(log, "listeners.broke", error, channel_id=str(self.channel_id))
        with suppress(Unavailable):
            async with self.context.transaction() as session:
                await channel_health.report_failure(session, self.channel_id, ReceivingFails, failure.reason)


@asynccontextmanager
async def _closing(adapter: Adapter, bookmark: str | None) -> AsyncIterator[AsyncIterator[FetchedBatch]]:
    """Yield what the adapter fetches, and close its generator however the block ends."""
    fetched = adapter.listen(bookmark)
    try:
        yield fetched
    finally:
        close: Callable[[], Awaitable[None]] | None = getattr(fetched, "aclose", None)
        if close is not None:
            await close()
