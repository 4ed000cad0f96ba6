"""The one way in: store raw arrivals, then turn them into messages, many at a time, each exactly once."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from sqlalchemy import text, update

from hub.channels.contract import RawItem, StoredItem
from hub.errors import Unavailable
from hub.intake.arrival_store import TOPIC, ArrivalStore, StoredArrival
from hub.intake.arrivals import BATCH, PATIENCE, claim, note_failure, postpone, still_kept
from hub.intake.models import Arrival, ArrivalState
from hub.intake.parsing import Read, Readers
from hub.intake.persist import write
from hub.runtime.context import AppContext
from hub.runtime.loops import failures_logged, wake_on
from hub.storage.database import is_conflict, is_outage
from hub.timeline import blobs

CONFLICTS = 2  # how often a batch is tried again that met another transaction's locks
POLL = 1.0
TURN = 0.05  # seconds until arrivals that could not be processed are tried again; then twice as long, up to POLL

log = structlog.get_logger("hub.intake")


class Intake:
    """The intake of one process: its store of raw arrivals, its readers of them, and the queue in between."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing waiting."""
        self.store = ArrivalStore(context)
        self.readers = Readers(context)
        self.taker = Taker(context, self.readers)

    async def keep(
        self,
        channel_id: UUID,
        items: Sequence[RawItem],
        *,
        bookmark: str | None = None,
        meta: Mapping[str, object] | None = None,
    ) -> list[StoredItem]:
        """Commit raw arrivals (with the channel's bookmark), then have them processed at once.

        When this returns, none of them can be lost any more. Raises Unavailable: nothing is stored, and the
        provider has to be told so. An item that was stored before comes back as not fresh and changes nothing.
        """
        answers = await self.store.keep(channel_id, items, meta=meta or {}, bookmark=bookmark)
        if not self.store.hands_over:
            self.taker.hand([stored for _, stored in answers if stored is not None])
        return [taken for taken, _ in answers]

    async def close(self) -> None:
        """Process the waiting arrivals and commit those being stored."""
        await self.taker.close()
        await self.store.close()
        await self.readers.close()


class Taker:
    """Processes the arrivals that this process has just stored, in order, as many at a time as wait."""

    def __init__(self, context: AppContext, readers: Readers) -> None:
        """Begin with nothing waiting."""
        self._context = context
        self._readers = readers
        self._waiting: list[StoredArrival] = []
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def hand(self, arrivals: Sequence[StoredArrival]) -> None:
        """Process these arrivals soon; the caller does not wait for it."""
        self._waiting += arrivals
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._drain())

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Process what still waits and can be processed; the rest is taken over when its lease runs out."""
        self._closing = True
        await self.idle()

    async def _drain(self) -> None:
        turn = TURN
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            early = await take(self._context, self._readers, batch)
            self._waiting = early + self._waiting
            if len(early) < len(batch):
                turn = TURN
            elif self._closing:
                return
            else:
                await asyncio.sleep(turn)
                turn = min(2 * turn, POLL)


async def take(context: AppContext, readers: Readers, batch: Sequence[StoredArrival]) -> list[StoredArrival]:
    """Process arrivals: together if that succeeds, else in halves, so that a bad one harms no neighbour.

    Return those that have to wait: another process still has an earlier arrival of their stream, or the database
    does not answer. Should this process end, their lease runs out and another process takes them over.
    """
    try:
        return await _take(context, readers, batch)
    except Exception as error:
        if is_outage(error):
            log.warning("intake.postponed", arrivals=len(batch), reason="the database does not answer")
            return list(batch)
        if len(batch) > 1:
            half = len(batch) // 2
            return await take(context, readers, batch[:half]) + await take(context, readers, batch[half:])
        return await _alone(context, readers, batch[0], error)


async def _alone(
    context: AppContext, readers: Readers, arrival: StoredArrival, error: Exception
) -> list[StoredArrival]:
    """Note what is wrong with one arrival; return it when even that cannot be written now."""
    try:
        await note_failure(context, readers, arrival, error)
    except Exception as cause:
        if is_outage(cause):
            return [arrival]
        raise
    return []


async def _take(context: AppContext, readers: Readers, batch: Sequence[StoredArrival]) -> list[StoredArrival]:
    in_order = sorted(batch, key=lambda one: one.received_at)  # those that had to wait came before the rest
    read, broken = await readers.read(in_order)
    read, unwritable = await _with_large_files(context, read)
    early: list[StoredArrival] = []
    for attempt in range(CONFLICTS + 1):
        try:
            early = await _apply(context, read)
            break
        except Exception as error:
            if not is_conflict(error) or attempt == CONFLICTS:
                raise
    for arrival, cause in broken:
        await note_failure(context, readers, arrival, cause)
    await postpone(context, [one.id for one in unwritable])
    return early


async def _with_large_files(context: AppContext, read: Sequence[Read]) -> tuple[list[Read], list[StoredArrival]]:
    """Store the large files of a batch; return what can be written now, and arrivals whose files no disk takes."""
    writable: list[Read] = []
    unwritable: list[StoredArrival] = []
    for one in read:
        contents = (file.content for item in one.items for file in getattr(item, "files", ()))
        try:
            await blobs.store_large(context.files, [content for content in contents if content is not None])
            writable.append(one)
        except Unavailable as error:
            log.warning("intake.postponed", arrival=str(one.arrival.id), reason=error.detail)
            unwritable.append(one.arrival)
    return writable, unwritable


async def _apply(context: AppContext, read: Sequence[Read]) -> list[StoredArrival]:
    """Write a batch and mark its arrivals as taken, in one transaction; return the arrivals that have to wait."""
    async with context.transaction() as session:
        mine, early = await still_kept(session, [one.arrival for one in read])
        await write(session, [one for one in read if one.arrival.id in mine])
        done = (
            update(Arrival)
            .where(Arrival.id.in_(mine))
            .values(state=ArrivalState.TAKEN, taken_at=text("clock_timestamp()"))
        )
        await session.execute(done)
    return early


async def _claim_more(context: AppContext, readers: Readers, held: list[StoredArrival]) -> list[StoredArrival]:
    """Return the arrivals that this process holds and as many more as a batch has room for."""
    room = BATCH - len(held)
    return held + await claim(context, readers, limit=room) if room > 0 else held


async def resume(context: AppContext, readers: Readers) -> None:
    """Process what a killed process had stored, before anything newer: an answer needs the message it answers.

    Only for a process that is alone on its database: no other can be at work on these arrivals.
    """
    async with context.transaction() as session:
        orphaned = update(Arrival).where(Arrival.state == ArrivalState.KEPT, Arrival.error.is_(None))
        await session.execute(orphaned.values(due_at=text("now()")))  # all at one time: then their sequence decides
    early: list[StoredArrival] = []
    ends = time.monotonic() + PATIENCE.total_seconds()
    while batch := await _claim_more(context, readers, early):
        early = await take(context, readers, batch)
        if len(early) < len(batch):
            ends = time.monotonic() + PATIENCE.total_seconds()
        elif time.monotonic() > ends:
            return  # their leases run out, and the worker takes them over
        else:
            await asyncio.sleep(TURN)


async def run(context: AppContext, readers: Readers, stop: asyncio.Event) -> None:
    """The worker's loop: process every stored arrival, however often a process dies, until `stop` is set."""
    early: list[StoredArrival] = []
    turn = TURN
    async with wake_on(context.signals, TOPIC, stop=stop) as wakeup:
        while not stop.is_set():
            batch = early
            with failures_logged(log, "intake.claim_failed"):
                batch = await _claim_more(context, readers, early)
            early = await take(context, readers, batch) if batch else []
            if len(early) < len(batch):
                turn = TURN
            else:
                await wakeup.wait(turn if early else POLL)
                turn = min(2 * turn, POLL)
