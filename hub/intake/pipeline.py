"""The intake pipeline: store raw arrivals, then turn them into messages, in batches, each exactly once."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from sqlalchemy import text, update

from hub.channels.contract import RawItem, StoredItem
from hub.errors import Unavailable
from hub.intake.arrival_store import TOPIC, ArrivalStore, StoredArrival
from hub.intake.arrivals import BATCH, PATIENCE, claim, lock_unprocessed, postpone, record_failure
from hub.intake.models import Arrival, ArrivalState
from hub.intake.parsing import ArrivalParser, ParsedArrival
from hub.intake.persist import write
from hub.runtime.context import AppContext
from hub.runtime.loops import failures_logged, wake_on
from hub.storage.database import is_conflict, is_outage
from hub.timeline import blobs

CONFLICTS = 2  # how often a batch is tried again that met another transaction's locks
POLL = 1.0  # seconds between polls, which make up for lost signals
FIRST_PAUSE = 0.05  # seconds before arrivals that must wait are tried again; doubled each time, up to POLL

log = structlog.get_logger("hub.intake")


class Intake:
    """The intake of one process: its store of raw arrivals, their parser, and their processor."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing waiting."""
        self.store = ArrivalStore(context)
        self.parser = ArrivalParser(context)
        self.processor = ArrivalProcessor(context, self.parser)

    async def receive(
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
        results = await self.store.add(channel_id, items, meta=meta or {}, bookmark=bookmark)
        if not self.store.for_other_processes:
            self.processor.submit([stored for _, stored in results if stored is not None])
        return [item for item, _ in results]

    async def close(self) -> None:
        """Process the waiting arrivals and commit those being stored."""
        await self.processor.close()
        await self.store.close()
        await self.parser.close()


class ArrivalProcessor:
    """Processes the arrivals that this process has just stored, in order, as many at a time as wait."""

    def __init__(self, context: AppContext, parser: ArrivalParser) -> None:
        """Begin with nothing waiting."""
        self._context = context
        self._readers = parser
        self._waiting: list[StoredArrival] = []
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def submit(self, arrivals: Sequence[StoredArrival]) -> None:
        """Process these arrivals soon; the caller does not wait for it."""
        self._waiting += arrivals
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._drain())

    async def wait_until_idle(self) -> None:
        """Wait until nothing waits."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Process the waiting arrivals that can be processed; another process takes over the rest by lease."""
        self._closing = True
        await self.wait_until_idle()

    async def _drain(self) -> None:
        pause = FIRST_PAUSE
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            early = await process(self._context, self._readers, batch)
            self._waiting = early + self._waiting
            if len(early) < len(batch):
                pause = FIRST_PAUSE
            elif self._closing:
                return
            else:
                await asyncio.sleep(pause)
                pause = min(2 * pause, POLL)


async def process(context: AppContext, parser: ArrivalParser, batch: Sequence[StoredArrival]) -> list[StoredArrival]:
    """Process arrivals: together if that succeeds, else in halves, so that one bad arrival does not stop the others.

    Return the early arrivals, which have to wait: another process still has an earlier arrival of their stream, or
    the database does not answer. If this process dies, another one takes them over when their lease expires.
    """
    try:
        return await _process_batch(context, parser, batch)
    except Exception as error:
        if is_outage(error):
            log.warning("intake.postponed", arrivals=len(batch), reason="the database does not answer")
            return list(batch)
        if len(batch) > 1:
            half = len(batch) // 2
            return await process(context, parser, batch[:half]) + await process(context, parser, batch[half:])
        return await _record_failure(context, parser, batch[0], error)


async def _record_failure(
    context: AppContext, parser: ArrivalParser, arrival: StoredArrival, error: Exception
) -> list[StoredArrival]:
    """Record the failure of a single arrival; return it if the database does not answer, else nothing."""
    try:
        await record_failure(context, parser, arrival, error)
    except Exception as cause:
        if is_outage(cause):
            return [arrival]
        raise
    return []


async def _process_batch(
    context: AppContext, parser: ArrivalParser, batch: Sequence[StoredArrival]
) -> list[StoredArrival]:
    in_order = sorted(batch, key=lambda arrival: arrival.received_at)  # those that had to wait came before the rest
    parsed, broken = await parser.parse(in_order)
    parsed, unwritable = await _with_large_files(context, parsed)
    early: list[StoredArrival] = []
    for attempt in range(CONFLICTS + 1):
        try:
            early = await _write_batch(context, parsed)
            break
        except Exception as error:
            if not is_conflict(error) or attempt == CONFLICTS:
                raise
    for arrival, cause in broken:
        await record_failure(context, parser, arrival, cause)
    await postpone(context, [arrival.id for arrival in unwritable])
    return early


async def _with_large_files(
    context: AppContext, parsed: Sequence[ParsedArrival]
) -> tuple[list[ParsedArrival], list[StoredArrival]]:
    """Store the large files of a batch; return the arrivals to write, and those whose files cannot be stored now."""
    writable: list[ParsedArrival] = []
    unwritable: list[StoredArrival] = []
    for parsed_arrival in parsed:
        contents = (file.content for item in parsed_arrival.items for file in getattr(item, "files", ()))
        try:
            await blobs.store_large(context.files, [content for content in contents if content is not None])
            writable.append(parsed_arrival)
        except Unavailable as error:
            log.warning("intake.postponed", arrival=str(parsed_arrival.arrival.id), reason=error.detail)
            unwritable.append(parsed_arrival.arrival)
    return writable, unwritable


async def _write_batch(context: AppContext, parsed: Sequence[ParsedArrival]) -> list[StoredArrival]:
    """Write a batch and mark its arrivals as processed, in one transaction; return the arrivals that have to wait."""
    async with context.transaction() as session:
        due_ids, early = await lock_unprocessed(session, [parsed_arrival.arrival for parsed_arrival in parsed])
        await write(session, [parsed_arrival for parsed_arrival in parsed if parsed_arrival.arrival.id in due_ids])
        processed = (
            update(Arrival)
            .where(Arrival.id.in_(due_ids))
            .values(state=ArrivalState.TAKEN, taken_at=text("clock_timestamp()"))
        )
        await session.execute(processed)
    return early


async def _fill_batch(context: AppContext, parser: ArrivalParser, held: list[StoredArrival]) -> list[StoredArrival]:
    """Fill a batch: the arrivals that this process holds, and newly claimed ones up to `BATCH`."""
    free = BATCH - len(held)
    return held + await claim(context, parser, limit=free) if free > 0 else held


async def resume(context: AppContext, parser: ArrivalParser) -> None:
    """Process the arrivals that a killed process had stored before any newer ones: a reply may answer one of them.

    Only for a process that is alone on its database: no other may be processing these arrivals.
    """
    async with context.transaction() as session:
        orphaned = update(Arrival).where(Arrival.state == ArrivalState.KEPT, Arrival.error.is_(None))
        await session.execute(orphaned.values(due_at=text("now()")))  # all at one time: then their sequence decides
    early: list[StoredArrival] = []
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while batch := await _fill_batch(context, parser, early):
        early = await process(context, parser, batch)
        if len(early) < len(batch):
            deadline = time.monotonic() + PATIENCE.total_seconds()
        elif time.monotonic() > deadline:
            return  # the worker takes them over when their leases expire
        else:
            await asyncio.sleep(FIRST_PAUSE)


async def run(context: AppContext, parser: ArrivalParser, stop: asyncio.Event) -> None:
    """Claim and process stored arrivals, including those of dead processes, until `stop` is set."""
    early: list[StoredArrival] = []
    pause = FIRST_PAUSE
    async with wake_on(context.signals, TOPIC, stop=stop) as wakeup:
        while not stop.is_set():
            batch = early
            with failures_logged(log, "intake.claim_failed"):
                batch = await _fill_batch(context, parser, early)
            early = await process(context, parser, batch) if batch else []
            if len(early) < len(batch):
                pause = FIRST_PAUSE
            else:
                await wakeup.wait(pause if early else POLL)
                pause = min(2 * pause, POLL)
