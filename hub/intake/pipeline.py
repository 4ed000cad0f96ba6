"""The one way in: keep what arrives, then take it in, many at a time, each exactly once."""

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
from hub.signals import Subscription
from hub.storage.database import is_conflict, is_outage
from hub.timeline import blobs

CONFLICTS = 2  # so often a batch that met another's locks is tried again
POLL = 1.0
TURN = 0.05  # seconds until what could not be taken in is looked at again; then twice as long, up to POLL

log = structlog.get_logger("hub.intake")


async def keep(
    context: AppContext,
    channel_id: UUID,
    items: Sequence[RawItem],
    *,
    bookmark: str | None = None,
    meta: Mapping[str, object] | None = None,
) -> list[StoredItem]:
    """Commit raw arrivals (with the channel's bookmark), then have them taken in at once.

    When this returns, nothing of it can be lost any more. `Unavailable`: nothing is stored, say so to the
    provider. An item that was there before comes back as not fresh and changes nothing.
    """
    keeper = context.one(ArrivalStore)
    answers = await keeper.keep(channel_id, items, meta=meta or {}, bookmark=bookmark)
    fresh = [kept for _, kept in answers if kept is not None]
    if not keeper.hands_over:
        context.one(Taker).hand(fresh)
    return [taken for taken, _ in answers]


class Taker:
    """Takes in what this process has just kept, in order, as many at a time as wait."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing waiting."""
        self._context = context
        self._waiting: list[StoredArrival] = []
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def hand(self, arrivals: Sequence[StoredArrival]) -> None:
        """Take these in soon, without anybody waiting for it."""
        self._waiting += arrivals
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._drain())

    async def idle(self) -> None:
        """Wait until nothing waits."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)

    async def close(self) -> None:
        """Take in what still waits and can be taken in; the rest is taken over when its lease runs out."""
        self._closing = True
        await self.idle()

    async def _drain(self) -> None:
        turn = TURN
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            early = await take(self._context, batch)
            self._waiting = early + self._waiting
            if len(early) < len(batch):
                turn = TURN
            elif self._closing:
                return
            else:
                await asyncio.sleep(turn)
                turn = min(2 * turn, POLL)


async def take(context: AppContext, batch: Sequence[StoredArrival]) -> list[StoredArrival]:
    """Take arrivals in: together if that goes well, else in halves, so that a bad one harms no neighbour.

    Gives back those whose turn has not come: another process has in hand what came before them in their stream, or
    the database does not answer just now. Should this process end, their lease runs out and another takes them.
    """
    try:
        return await _take(context, batch)
    except Exception as error:
        if isinstance(error, Unavailable) or is_outage(error):
            log.warning("intake.postponed", arrivals=len(batch), reason="the database does not answer")
            return list(batch)
        if len(batch) > 1:
            half = len(batch) // 2
            return await take(context, batch[:half]) + await take(context, batch[half:])
        return await _alone(context, batch[0], error)


async def _alone(context: AppContext, arrival: StoredArrival, error: Exception) -> list[StoredArrival]:
    """Note what is wrong with one arrival; gives it back when even that cannot be written now."""
    try:
        await note_failure(context, arrival, error)
    except Exception as cause:
        if isinstance(cause, Unavailable) or is_outage(cause):
            return [arrival]
        raise
    return []


async def _take(context: AppContext, batch: Sequence[StoredArrival]) -> list[StoredArrival]:
    in_order = sorted(batch, key=lambda one: one.received_at)  # what was in hand for long came before the rest
    read, broken = await context.one(Readers).read(in_order)
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
        await note_failure(context, arrival, cause)
    await postpone(context, [one.id for one in unwritable])
    return early


async def _with_large_files(context: AppContext, read: Sequence[Read]) -> tuple[list[Read], list[StoredArrival]]:
    """Store the large files of a batch; give what can be written now, and the arrivals for whose files no disk is."""
    writable: list[Read] = []
    unwritable: list[StoredArrival] = []
    for one in read:
        contents = (file.content for item in one.items for file in getattr(item, "files", ()))
        try:
            await blobs.keep_large(context.files, [content for content in contents if content is not None])
            writable.append(one)
        except Unavailable as error:
            log.warning("intake.postponed", arrival=str(one.arrival.id), reason=error.detail)
            unwritable.append(one.arrival)
    return writable, unwritable


async def _apply(context: AppContext, read: Sequence[Read]) -> list[StoredArrival]:
    """Write everything of a batch in one transaction, the arrivals marked as taken in the same; tell what is early."""
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


async def _claim_more(context: AppContext, in_hand: list[StoredArrival]) -> list[StoredArrival]:
    """Fill up what is in hand."""
    room = BATCH - len(in_hand)
    return in_hand + await claim(context, limit=room) if room > 0 else in_hand


async def resume(context: AppContext) -> None:
    """Take in what a killed process had kept, before anything new overtakes it: an answer needs what it answers.

    Only for a process that is alone on its database: nobody else can be at work on these.
    """
    async with context.transaction() as session:
        orphaned = update(Arrival).where(Arrival.state == ArrivalState.KEPT, Arrival.error.is_(None))
        await session.execute(orphaned.values(due_at=text("now()")))  # all at one time: then their sequence decides
    early: list[StoredArrival] = []
    ends = time.monotonic() + PATIENCE.total_seconds()
    while batch := await _claim_more(context, early):
        early = await take(context, batch)
        if len(early) < len(batch):
            ends = time.monotonic() + PATIENCE.total_seconds()
        elif time.monotonic() > ends:
            return  # their leases run out, and the worker takes them over
        else:
            await asyncio.sleep(TURN)


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """The worker's loop: whatever was kept and not taken in is taken in, however often a process dies."""
    bell = await context.signals.subscribe(TOPIC)
    early: list[StoredArrival] = []
    turn = TURN
    while not stop.is_set():
        try:
            batch = await _claim_more(context, early)
        except Exception as error:
            if not isinstance(error, Unavailable) and not is_outage(error):
                log.error("intake.claim_failed", exc_info=error)
            batch = early
        early = await take(context, batch) if batch else []
        if len(early) < len(batch):
            turn = TURN
        else:
            await _pause(bell, stop, turn if early else POLL)
            turn = min(2 * turn, POLL)


async def _pause(bell: Subscription, stop: asyncio.Event, seconds: float) -> None:
    """Wait for a bell, for the end, or for the next look that makes up for lost bells."""
    waits = [asyncio.create_task(bell.batch()), asyncio.create_task(stop.wait())]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in waits:
        task.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
