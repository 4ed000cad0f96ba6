"""Arrivals in hand: claimed by a process, let go for a while, or put aside where a supervisor sees them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import HubError, Reason, Unavailable, packed
from hub.intake.arrival_store import BELL, StoredArrival
from hub.intake.errors import ArrivalFailed, ArrivalNeverFinished, ArrivalNotFound
from hub.intake.models import Arrival
from hub.intake.parsing import Readers, unreadable
from hub.intake.persist import write
from hub.runtime.context import AppContext
from hub.timeline import blobs

ATTEMPTS = 3  # so often a message may fail
BEGUN = 10  # so often a worker may take it up and not finish: killed beside it, or by it
BATCH = 100
LEASE = timedelta(seconds=60)
AGAIN = timedelta(seconds=5)  # until a disk that failed is tried again
PATIENCE = timedelta(seconds=5)  # so long a message waits for one that came before it and is not taken in

log = structlog.get_logger("hub.intake")

CLAIM = text(
    "update arrival set due_at = clock_timestamp() + :lease, begun = begun + 1 where id in ("
    " select id from arrival where state = 'kept' and due_at <= clock_timestamp()"
    " order by due_at, sequence limit :limit for update skip locked)"
    " returning id, channel_id, dedupe_key, stream, meta, digest, received_at, attempts, begun, sequence",
)
POSTPONE = text(
    "update arrival set due_at = clock_timestamp() + cast(:after as interval), begun = greatest(begun - 1, 0)"
    " where id = any(:ids) and state = 'kept'",
)
STILL_KEPT = text(
    # locked here; `early` where another process still has in hand what came before it in its stream
    "select a.id, exists (select from arrival e where e.channel_id = a.channel_id and e.stream = a.stream"
    " and e.state = 'kept' and e.sequence < a.sequence and e.id <> all(:ids)"
    " and e.received_at > clock_timestamp() - cast(:patience as interval)) as early"
    " from arrival a where a.id = any(:ids) and a.state = 'kept' order by a.id for update of a",
)


async def claim(context: AppContext, *, limit: int = BATCH) -> list[StoredArrival]:
    """Take over what nobody has taken in within its lease; what was begun too often or is gone is put aside."""
    async with context.transaction() as session:
        rows = (await session.execute(CLAIM, {"lease": LEASE, "limit": limit})).all()
        bodies = await blobs.find_many(session, context.files, [row.digest for row in rows])
    claimed: list[StoredArrival] = []
    unreadable_now: list[UUID] = []
    for row in sorted(rows, key=lambda row: row.sequence):
        body = bodies[row.digest]
        one = _kept(row, b"" if isinstance(body, HubError) else body)
        if isinstance(body, Unavailable):
            unreadable_now.append(row.id)
        elif isinstance(body, HubError):
            await quarantine(context, one, body.reason)
        elif row.begun > BEGUN:
            await quarantine(context, one, ArrivalNeverFinished(count=BEGUN).reason)
        else:
            claimed.append(one)
    await postpone(context, unreadable_now)
    return claimed


def _kept(row: Row[Any], body: bytes) -> StoredArrival:
    return StoredArrival(
        id=row.id,
        channel_id=row.channel_id,
        dedupe_key=row.dedupe_key,
        stream=row.stream,
        meta=row.meta,
        body=body,
        received_at=row.received_at,
        attempts=row.attempts,
    )


async def still_kept(session: AsyncSession, arrivals: Sequence[StoredArrival]) -> tuple[set[UUID], list[StoredArrival]]:
    """Lock those that nobody has taken in; tell whose turn it is, and which are early, with all that follow them."""
    rows = await session.execute(STILL_KEPT, {"ids": [one.id for one in arrivals], "patience": PATIENCE})
    kept = {row.id: row.early for row in rows}
    early: list[StoredArrival] = []
    behind: set[tuple[UUID, str | None]] = set()
    for one in arrivals:
        if kept.get(one.id) or (one.id in kept and (one.channel_id, one.stream) in behind):
            early.append(one)
            behind.add((one.channel_id, one.stream))
    return kept.keys() - {one.id for one in early}, early


async def postpone(context: AppContext, ids: Sequence[UUID]) -> None:
    """Let go of arrivals whose files cannot be stored or read now, without holding it against them."""
    if ids:
        async with context.transaction() as session:
            await session.execute(POSTPONE, {"ids": list(ids), "after": AGAIN})


async def note_failure(context: AppContext, arrival: StoredArrival, error: Exception) -> None:
    """Note what went wrong; try again later, or show a placeholder after the last try."""
    problem = f"{type(error).__name__}: {error}"[:500]
    attempts = arrival.attempts + 1
    log.warning("intake.failed", arrival=str(arrival.id), attempts=attempts, reason=problem)
    if attempts >= ATTEMPTS:
        await quarantine(context, arrival, ArrivalFailed(problem=problem).reason)
        return
    async with context.transaction() as session:
        await session.execute(
            text(
                "update arrival set error = :error, attempts = :attempts,"
                " due_at = clock_timestamp() + make_interval(secs => :wait) where id = :id and state = 'kept'"
            ),
            {"error": problem, "attempts": attempts, "wait": float(2**attempts), "id": arrival.id},
        )


async def quarantine(context: AppContext, arrival: StoredArrival, reason: Reason) -> None:
    """Put it aside where a supervisor sees it, with a visible placeholder where the message would be."""
    channels = context.one(Readers)
    async with context.transaction() as session:
        await write(session, [await channels.placeholder(arrival, unreadable(arrival, reason))])
        await session.execute(
            update(Arrival)
            .where(Arrival.id == arrival.id, Arrival.state == "kept")
            .values(state="quarantined", error=reason.detail, reason=packed(reason), attempts=arrival.attempts + 1),
        )


async def again(context: AppContext, arrival_id: UUID) -> None:
    """Take a quarantined arrival once more, from the beginning; `NotFound` when it is not quarantined."""
    async with context.transaction() as session:
        changed = await session.execute(
            update(Arrival)
            .where(Arrival.id == arrival_id, Arrival.state == "quarantined")
            .values(state="kept", attempts=0, begun=0, due_at=text("clock_timestamp()"))
            .returning(Arrival.id),
        )
        if changed.scalar_one_or_none() is None:
            raise ArrivalNotFound
    await context.signals.publish(BELL, b"")
