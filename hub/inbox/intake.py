"""The one way in: keep what arrives, then take it in, many at a time, each exactly once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import RawItem, Taken
from hub.database import is_conflict, is_outage
from hub.errors import NotFound, Unavailable
from hub.ground import Ground
from hub.inbox.keeping import BELL, Keeper, Kept
from hub.inbox.models import Arrival
from hub.inbox.parsing import Read, Readers, unreadable
from hub.inbox.writing import write
from hub.signals import Subscription
from hub.timeline import blobs

ATTEMPTS = 3  # so often a message may fail
BEGUN = 10  # so often a worker may take it up and not finish: killed beside it, or by it
CONFLICTS = 2  # so often a batch that met another's locks is tried again
BATCH = 100
LEASE = timedelta(seconds=60)
POLL = 1.0
TURN = 0.05  # seconds until what could not be taken in is looked at again; then twice as long, up to POLL
PATIENCE = timedelta(seconds=5)  # so long a message waits for one that came before it and is not taken in

log = structlog.get_logger("hub.intake")

CLAIM = text(
    "update arrival set due_at = clock_timestamp() + :lease, begun = begun + 1 where id in ("
    " select id from arrival where state = 'kept' and due_at <= clock_timestamp()"
    " order by due_at, sequence limit :limit for update skip locked)"
    " returning id, channel_id, dedupe_key, stream, meta, digest, received_at, attempts, begun, sequence",
)
STILL_KEPT = text(
    # locked here; `early` where another process still has in hand what came before it in its stream
    "select a.id, exists (select from arrival e where e.channel_id = a.channel_id and e.stream = a.stream"
    " and e.state = 'kept' and e.sequence < a.sequence and e.id <> all(:ids)"
    " and e.received_at > clock_timestamp() - cast(:patience as interval)) as early"
    " from arrival a where a.id = any(:ids) and a.state = 'kept' order by a.id for update of a",
)


async def keep(
    ground: Ground,
    channel_id: UUID,
    items: Sequence[RawItem],
    *,
    bookmark: str | None = None,
    meta: Mapping[str, object] | None = None,
) -> list[Taken]:
    """Commit raw arrivals (with the channel's bookmark), then have them taken in at once.

    When this returns, nothing of it can be lost any more. `Unavailable`: nothing is stored, say so to the
    provider. An item that was there before comes back as not fresh and changes nothing.
    """
    keeper = ground.one(Keeper)
    answers = await keeper.keep(channel_id, items, meta=meta or {}, bookmark=bookmark)
    fresh = [kept for _, kept in answers if kept is not None]
    if not keeper.hands_over:
        ground.one(Taker).hand(fresh)
    return [taken for taken, _ in answers]


class Taker:
    """Takes in what this process has just kept, in order, as many at a time as wait."""

    def __init__(self, ground: Ground) -> None:
        """Begin with nothing waiting."""
        self._ground = ground
        self._waiting: list[Kept] = []
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def hand(self, arrivals: Sequence[Kept]) -> None:
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
            early = await take(self._ground, batch)
            self._waiting = early + self._waiting
            if len(early) < len(batch):
                turn = TURN
            elif self._closing:
                return
            else:
                await asyncio.sleep(turn)
                turn = min(2 * turn, POLL)


async def take(ground: Ground, batch: Sequence[Kept]) -> list[Kept]:
    """Take arrivals in: together if that goes well, else in halves, so that a bad one harms no neighbour.

    Gives back those whose turn has not come: another process has in hand what came before them in their stream, or
    the database does not answer just now. Should this process end, their lease runs out and another takes them.
    """
    try:
        return await _take(ground, batch)
    except Exception as error:
        if isinstance(error, Unavailable) or is_outage(error):
            log.warning("intake.postponed", arrivals=len(batch), reason="the database does not answer")
            return list(batch)
        if len(batch) > 1:
            half = len(batch) // 2
            return await take(ground, batch[:half]) + await take(ground, batch[half:])
        return await _alone(ground, batch[0], error)


async def _alone(ground: Ground, arrival: Kept, error: Exception) -> list[Kept]:
    """Note what is wrong with one arrival; gives it back when even that cannot be written now."""
    try:
        await _failed(ground, arrival, error)
    except Exception as cause:
        if isinstance(cause, Unavailable) or is_outage(cause):
            return [arrival]
        raise
    return []


async def _take(ground: Ground, batch: Sequence[Kept]) -> list[Kept]:
    in_order = sorted(batch, key=lambda one: one.received_at)  # what was in hand for long came before the rest
    read, broken = await ground.one(Readers).read(in_order)
    early: list[Kept] = []
    for attempt in range(CONFLICTS + 1):
        try:
            early = await _apply(ground, read)
            break
        except Exception as error:
            if not is_conflict(error) or attempt == CONFLICTS:
                raise
    for arrival, cause in broken:
        await _failed(ground, arrival, cause)
    return early


async def _apply(ground: Ground, read: Sequence[Read]) -> list[Kept]:
    """Write everything of a batch in one transaction, the arrivals marked as taken in the same; tell what is early."""
    bodies = [file.content for one in read for item in one.items for file in getattr(item, "files", ())]
    await blobs.keep_large(ground.files, [body for body in bodies if body is not None])
    async with ground.transaction() as session:
        mine, early = await _still_kept(session, [one.arrival for one in read])
        await write(session, [one for one in read if one.arrival.id in mine])
        done = update(Arrival).where(Arrival.id.in_(mine)).values(state="taken", taken_at=text("clock_timestamp()"))
        await session.execute(done)
    return early


async def _still_kept(session: AsyncSession, arrivals: Sequence[Kept]) -> tuple[set[UUID], list[Kept]]:
    """Lock those that nobody has taken in; tell whose turn it is, and which are early, with all that follow them."""
    rows = await session.execute(STILL_KEPT, {"ids": [one.id for one in arrivals], "patience": PATIENCE})
    kept = {row.id: row.early for row in rows}
    early: list[Kept] = []
    behind: set[tuple[UUID, str | None]] = set()
    for one in arrivals:
        if kept.get(one.id) or (one.id in kept and (one.channel_id, one.stream) in behind):
            early.append(one)
            behind.add((one.channel_id, one.stream))
    return kept.keys() - {one.id for one in early}, early


async def _failed(ground: Ground, arrival: Kept, error: Exception) -> None:
    """Note what went wrong; try again later, or show a placeholder after the last try."""
    reason = f"{type(error).__name__}: {error}"[:500]
    attempts = arrival.attempts + 1
    log.warning("intake.failed", arrival=str(arrival.id), attempts=attempts, reason=reason)
    if attempts >= ATTEMPTS:
        await _quarantine(ground, arrival, reason)
        return
    async with ground.transaction() as session:
        await session.execute(
            text(
                "update arrival set error = :error, attempts = :attempts,"
                " due_at = clock_timestamp() + make_interval(secs => :wait) where id = :id and state = 'kept'"
            ),
            {"error": reason, "attempts": attempts, "wait": float(2**attempts), "id": arrival.id},
        )


async def _quarantine(ground: Ground, arrival: Kept, reason: str) -> None:
    """Put it aside where a supervisor sees it, with a visible placeholder where the message would be."""
    channels = ground.one(Readers)
    async with ground.transaction() as session:
        await write(session, [await channels.placeholder(arrival, unreadable(arrival, reason))])
        await session.execute(
            update(Arrival)
            .where(Arrival.id == arrival.id, Arrival.state == "kept")
            .values(state="quarantined", error=reason, attempts=arrival.attempts + 1),
        )


async def again(ground: Ground, arrival_id: UUID) -> None:
    """Take a quarantined arrival once more, from the beginning; `NotFound` when it is not quarantined."""
    async with ground.transaction() as session:
        changed = await session.execute(
            update(Arrival)
            .where(Arrival.id == arrival_id, Arrival.state == "quarantined")
            .values(state="kept", attempts=0, begun=0, due_at=text("clock_timestamp()"))
            .returning(Arrival.id),
        )
        if changed.scalar_one_or_none() is None:
            message = "This arrival is not in quarantine any more."
            raise NotFound(message)
    await ground.signals.publish(BELL, b"")


async def claim(ground: Ground, *, limit: int = BATCH) -> list[Kept]:
    """Take over what nobody has taken in within its lease; one that failed too often is put aside."""
    async with ground.transaction() as session:
        rows = (await session.execute(CLAIM, {"lease": LEASE, "limit": limit})).all()
        bodies = await blobs.read_many(session, ground.files, [row.digest for row in rows])
    claimed = [
        Kept(
            id=row.id,
            channel_id=row.channel_id,
            dedupe_key=row.dedupe_key,
            stream=row.stream,
            meta=row.meta,
            body=bodies[row.digest],
            received_at=row.received_at,
            attempts=row.attempts,
        )
        for row in sorted(rows, key=lambda row: row.sequence)
    ]
    given_up = {row.id for row in rows if row.begun > BEGUN}
    for one in claimed:
        if one.id in given_up:
            await _quarantine(ground, one, f"Taking it in was begun {BEGUN} times and never finished.")
    return [one for one in claimed if one.id not in given_up]


async def resume(ground: Ground) -> None:
    """Take in what a killed process had kept, before anything new overtakes it: an answer needs what it answers.

    Only for a process that is alone on its database: nobody else can be at work on these.
    """
    async with ground.transaction() as session:
        orphaned = update(Arrival).where(Arrival.state == "kept", Arrival.error.is_(None))
        await session.execute(orphaned.values(due_at=text("now()")))  # all at one time: then their sequence decides
    early: list[Kept] = []
    while batch := early + await claim(ground):
        early = await take(ground, batch)
        if len(early) == len(batch):
            await asyncio.sleep(TURN)


async def run(ground: Ground, stop: asyncio.Event) -> None:
    """The worker's loop: whatever was kept and not taken in is taken in, however often a process dies."""
    bell = await ground.signals.subscribe(BELL)
    early: list[Kept] = []
    turn = TURN
    while not stop.is_set():
        try:
            batch = early + await claim(ground)
        except Exception as error:
            if not isinstance(error, Unavailable) and not is_outage(error):
                log.error("intake.claim_failed", exc_info=error)
            batch = early
        early = await take(ground, batch) if batch else []
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
