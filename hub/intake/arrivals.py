"""Claims stored arrivals for processing; postpones, retries or quarantines those that fail."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import HubError, Reason, Unavailable, reason_to_json
from hub.intake.arrival_store import TOPIC, StoredArrival
from hub.intake.errors import ArrivalFailed, ArrivalNeverFinished, ArrivalNotFound
from hub.intake.models import Arrival, ArrivalState
from hub.intake.parsing import ArrivalParser, unreadable
from hub.intake.persist import write
from hub.runtime.context import AppContext
from hub.timeline import blobs

MAX_FAILURES = 3  # failed attempts before an arrival is quarantined
MAX_CLAIMS = 10  # claims without a result (the worker died) before an arrival is quarantined
BATCH = 100  # arrivals per claim
LEASE = timedelta(seconds=60)  # how long a claimed arrival belongs to its process
POSTPONEMENT = timedelta(seconds=5)  # before files that could not be stored or read are tried again
PATIENCE = timedelta(seconds=5)  # how long an arrival waits for an earlier, unprocessed one of its stream

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
LOCK_UNPROCESSED = text(
    # locks the arrivals; `early`: an earlier arrival of the stream is still being processed elsewhere
    "select a.id, exists (select from arrival e where e.channel_id = a.channel_id and e.stream = a.stream"
    " and e.state = 'kept' and e.sequence < a.sequence and e.id <> all(:ids)"
    " and e.received_at > clock_timestamp() - cast(:patience as interval)) as early"
    " from arrival a where a.id = any(:ids) and a.state = 'kept' order by a.id for update of a",
)


async def claim(context: AppContext, parser: ArrivalParser, *, limit: int = BATCH) -> list[StoredArrival]:
    """Claim arrivals whose lease has expired and return them with their bodies, in order of arrival.

    Quarantine those claimed too often or whose body is lost; postpone those whose body cannot be read now.
    """
    async with context.transaction() as session:
        rows = (await session.execute(CLAIM, {"lease": LEASE, "limit": limit})).all()
        bodies = await blobs.find_many(session, context.files, [row.digest for row in rows])
    claimed: list[StoredArrival] = []
    postponed: list[UUID] = []
    for row in sorted(rows, key=lambda row: row.sequence):
        body = bodies[row.digest]
        arrival = _stored(row, b"" if isinstance(body, HubError) else body)
        if isinstance(body, Unavailable):
            postponed.append(row.id)
        elif isinstance(body, HubError):
            await quarantine(context, parser, arrival, body.reason)
        elif row.begun > MAX_CLAIMS:
            await quarantine(context, parser, arrival, ArrivalNeverFinished(count=MAX_CLAIMS).reason)
        else:
            claimed.append(arrival)
    await postpone(context, postponed)
    return claimed


def _stored(row: Row[Any], body: bytes) -> StoredArrival:
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


async def lock_unprocessed(
    session: AsyncSession, arrivals: Sequence[StoredArrival]
) -> tuple[set[UUID], list[StoredArrival]]:
    """Lock arrivals that are still unprocessed; return the ids to process now, and the early arrivals.

    An arrival is early while an earlier one of its stream is being processed elsewhere; those that follow it in its
    stream are early as well.
    """
    rows = await session.execute(LOCK_UNPROCESSED, {"ids": [arrival.id for arrival in arrivals], "patience": PATIENCE})
    early_by_id = {row.id: row.early for row in rows}
    early: list[StoredArrival] = []
    delayed_streams: set[tuple[UUID, str | None]] = set()
    for arrival in arrivals:
        if early_by_id.get(arrival.id) or (
            arrival.id in early_by_id and (arrival.channel_id, arrival.stream) in delayed_streams
        ):
            early.append(arrival)
            delayed_streams.add((arrival.channel_id, arrival.stream))
    return early_by_id.keys() - {arrival.id for arrival in early}, early


async def postpone(context: AppContext, ids: Sequence[UUID]) -> None:
    """Release arrivals whose files cannot be stored or read now, without counting a failed attempt."""
    if ids:
        async with context.transaction() as session:
            await session.execute(POSTPONE, {"ids": list(ids), "after": POSTPONEMENT})


async def record_failure(context: AppContext, parser: ArrivalParser, arrival: StoredArrival, error: Exception) -> None:
    """Record a failed attempt: try again after 2, then 4 seconds; quarantine the arrival after the third."""
    problem = f"{type(error).__name__}: {error}"[:500]
    attempts = arrival.attempts + 1
    log.warning("intake.failed", arrival=str(arrival.id), attempts=attempts, reason=problem)
    if attempts >= MAX_FAILURES:
        await quarantine(context, parser, arrival, ArrivalFailed(problem=problem).reason)
        return
    async with context.transaction() as session:
        await session.execute(
            text(
                "update arrival set error = :error, attempts = :attempts,"
                " due_at = clock_timestamp() + make_interval(secs => :wait) where id = :id and state = 'kept'"
            ),
            {"error": problem, "attempts": attempts, "wait": float(2**attempts), "id": arrival.id},
        )


async def quarantine(context: AppContext, parser: ArrivalParser, arrival: StoredArrival, reason: Reason) -> None:
    """Quarantine an arrival for a supervisor, and store a placeholder message in its conversation."""
    async with context.transaction() as session:
        await write(session, [await parser.placeholder(arrival, unreadable(arrival, reason))])
        await session.execute(
            update(Arrival)
            .where(Arrival.id == arrival.id, Arrival.state == ArrivalState.KEPT)
            .values(
                state=ArrivalState.QUARANTINED,
                error=reason.detail,
                reason=reason_to_json(reason),
                attempts=arrival.attempts + 1,
            ),
        )


async def retry(context: AppContext, arrival_id: UUID) -> None:
    """Make a quarantined arrival due again with no failed attempts; raises NotFound if it is not quarantined."""
    async with context.transaction() as session:
        changed = await session.execute(
            update(Arrival)
            .where(Arrival.id == arrival_id, Arrival.state == ArrivalState.QUARANTINED)
            .values(state=ArrivalState.KEPT, attempts=0, begun=0, due_at=text("clock_timestamp()"))
            .returning(Arrival.id),
        )
        if changed.scalar_one_or_none() is None:
            raise ArrivalNotFound
    await context.signals.publish(TOPIC, b"")
