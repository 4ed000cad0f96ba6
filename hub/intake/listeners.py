"""The loop that holds lines open: one lease for each channel that is listened to, and what comes is kept."""

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
from hub.channels.contract import Adapter, FetchedBatch, RawItem, SendError, StoredItem, Throttled
from hub.channels.models import Channel
from hub.delivery import channel_health
from hub.delivery.errors import ReceivingFails
from hub.errors import Unavailable
from hub.intake.errors import ReceivingInterrupted
from hub.runtime.context import AppContext
from hub.storage.database import is_outage, new_id

LOOK = 1.0  # seconds between looks at which channels there are
TTL = timedelta(seconds=15)
PROVEN = 30.0  # seconds after which a line that holds counts as good
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
DOUBLINGS = 9

log = structlog.get_logger("hub.listeners")


class Keep(Protocol):
    """Store raw arrivals with the bookmark that is true from then on."""

    def __call__(
        self,
        context: AppContext,
        channel_id: UUID,
        items: Sequence[RawItem],
        *,
        bookmark: str | None = None,
    ) -> Awaitable[Sequence[StoredItem]]:
        """Return once nothing of it can be lost any more."""


async def run(context: AppContext, stop: asyncio.Event, keep: Keep) -> None:
    """Listen to every channel that can be listened to, until told to stop."""
    lines: dict[UUID, Line] = {}
    try:
        while not stop.is_set():
            await _look(context, keep, lines)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await stop.wait()
    finally:
        await asyncio.gather(*(line.hang_up() for line in lines.values()))


async def _look(context: AppContext, keep: Keep, lines: dict[UUID, "Line"]) -> None:
    """Take up lines of new and changed channels, and hang up those of channels that are no more."""
    try:
        wanted = await _wanted(context)
    except Exception as error:
        if not isinstance(error, Unavailable) and not is_outage(error):
            log.exception("listeners.look_failed")
        return
    for channel_id in [id_ for id_, line in lines.items() if line.version != wanted.get(id_)]:
        await lines.pop(channel_id).hang_up()
    for channel_id, version in wanted.items():
        if channel_id not in lines:
            lines[channel_id] = Line(context, channel_id, version, keep)


async def _wanted(context: AppContext) -> dict[UUID, int]:
    open_ = select(Channel.id, Channel.kind, Channel.version).where(
        Channel.archived_at.is_(None),
        Channel.paused_at.is_(None),
    )
    async with context.transaction() as session:
        rows = (await session.execute(open_)).all()
    return {row.id: row.version for row in rows if row.kind in registry.kinds() and registry.listens(row.kind)}


def pause_after(failures: int, error: Exception, chance: float) -> float:
    """Tell for how many seconds to leave a line alone after it failed so often in a row: 1 s to 5 min, with jitter."""
    doubled: int = 2 ** min(failures - 1, DOUBLINGS)
    pause = min(FIRST_PAUSE * doubled, LONGEST_PAUSE) * (0.5 + chance / 2)
    asked = error.retry_after.total_seconds() if isinstance(error, Throttled) else 0.0
    return max(pause, asked)


class Line:
    """The line of one channel in one version: held as long as the lease is, and taken up again when it breaks."""

    def __init__(self, context: AppContext, channel_id: UUID, version: int, keep: Keep) -> None:
        """Begin at once."""
        self.context = context
        self.channel_id = channel_id
        self.version = version
        self._keep = keep
        self._lease, self._owner = f"listen:{channel_id}", str(new_id())
        self._failures = 0
        self._task = asyncio.create_task(self._run())

    async def hang_up(self) -> None:
        """Stop, and let another process have the line."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.context.signals.release(self._lease, self._owner)

    async def _run(self) -> None:
        while True:
            if await self._ours():
                await self._hold()
            else:
                await asyncio.sleep(TTL.total_seconds() / 3)

    async def _ours(self) -> bool:
        return await self.context.signals.take(self._lease, self._owner, TTL)

    async def _hold(self) -> None:
        """Listen until the line breaks or the lease is another's, then pause."""
        watch = asyncio.create_task(self._watch())
        listening = asyncio.create_task(self._listen())
        try:
            done, _ = await asyncio.wait({watch, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watch, listening):
                task.cancel()
            await asyncio.gather(watch, listening, return_exceptions=True)
        broken = next((task.exception() for task in done), None)
        if isinstance(broken, Exception):
            await self._broken(broken)
        else:
            await asyncio.sleep(FIRST_PAUSE)

    async def _watch(self) -> None:
        """Renew the lease, and count the line as good once it has held for a while; end when the lease is lost."""
        held = 0.0
        while await self._ours():
            step = TTL.total_seconds() / 3
            await asyncio.sleep(step)
            held += step
            if PROVEN <= held < PROVEN + step:
                await self._good()

    async def _listen(self) -> None:
        async with self.context.transaction() as session:
            channel = await session.get_one(Channel, self.channel_id)
        adapter = create_adapter(self.context.sealer, channel)
        try:
            async with _closing(adapter, channel.bookmark) as fetched:
                async for one in fetched:
                    if not await self._kept(one):
                        return
        finally:
            await adapter.close()

    async def _kept(self, fetched: FetchedBatch) -> bool:
        """Keep what came, unless another process holds the line by now."""
        if not await self._ours():
            return False
        await self._keep(self.context, self.channel_id, fetched.items, bookmark=fetched.bookmark)
        await self._good(carried=bool(fetched.items))
        return True

    async def _good(self, *, carried: bool = False) -> None:
        self._failures = 0
        async with self.context.transaction() as session:
            if carried:
                await channel_health.report_success(session, self.channel_id, ReceivingFails)
            else:
                await channel_health.mended(session, self.channel_id, ReceivingFails)

    async def _broken(self, error: Exception) -> None:
        self._failures += 1
        if not isinstance(error, Unavailable) and not is_outage(error):
            await self._tell(error)
        await asyncio.sleep(pause_after(self._failures, error, random.random()))

    async def _tell(self, error: Exception) -> None:
        failure = error if isinstance(error, SendError) else ReceivingInterrupted(problem=type(error).__name__)
        if not isinstance(error, SendError):
            log.error("listeners.broke", channel_id=str(self.channel_id), exc_info=error)
        with suppress(Unavailable):
            async with self.context.transaction() as session:
                await channel_health.report_failure(session, self.channel_id, ReceivingFails, failure.reason)


@asynccontextmanager
async def _closing(adapter: Adapter, bookmark: str | None) -> AsyncIterator[AsyncIterator[FetchedBatch]]:
    """Listen, and hang up properly whatever ends it."""
    fetched = adapter.listen(bookmark)
    try:
        yield fetched
    finally:
        close: Callable[[], Awaitable[None]] | None = getattr(fetched, "aclose", None)
        if close is not None:
            await close()
