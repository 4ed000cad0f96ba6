"""Keep what arrives: everything that waits goes into one commit, and only then is anybody answered."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from hub.channels.contract import RawItem, StoredItem
from hub.runtime.context import AppContext
from hub.storage.database import bare_transaction, is_conflict, new_id
from hub.timeline import blobs

BELL = "arrivals"  # rung after a commit whose arrivals any process may take in
BATCH = 500
LEASE = timedelta(seconds=15)  # of the process that kept it
LONG_AGO = timedelta(days=-3650)  # due at once, by whatever clock
BATCH_BYTES = 8 * 1024 * 1024


class StoredArrival(Struct, frozen=True, kw_only=True):
    """A raw arrival that is stored and has to be taken in."""

    id: UUID
    channel_id: UUID
    dedupe_key: str
    stream: str | None
    meta: Mapping[str, object]
    body: bytes
    received_at: datetime  # the database's clock
    attempts: int = 0  # those that failed


class Request(Struct, kw_only=True):
    """What one caller wants kept, and whom to tell."""

    channel_id: UUID
    items: Sequence[RawItem]
    meta: Mapping[str, object]
    bookmark: str | None
    done: "asyncio.Future[list[tuple[StoredItem, StoredArrival | None]]]"


class ArrivalStore:
    """The one place of a process through which arrivals are committed, as many at a time as wait."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing waiting."""
        self._context = context
        self._waiting: list[Request] = []
        self.hands_over = False  # to other processes: nothing is leased to this one
        self._task: asyncio.Task[None] | None = None

    async def keep(
        self,
        channel_id: UUID,
        items: Sequence[RawItem],
        *,
        meta: Mapping[str, object],
        bookmark: str | None,
    ) -> list[tuple[StoredItem, StoredArrival | None]]:
        """Commit arrivals with the channel's bookmark; `Unavailable` when that cannot be done now.

        For each item, in order: whether it is fresh, and the arrival to take in when it is.
        """
        await blobs.keep_large(self._context.files, (item.body for item in items))
        done: asyncio.Future[list[tuple[StoredItem, StoredArrival | None]]] = asyncio.get_running_loop().create_future()
        self._waiting.append(Request(channel_id=channel_id, items=items, meta=meta, bookmark=bookmark, done=done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await done

    async def close(self) -> None:
        """Commit what still waits."""
        if self._task is not None:
            await self._task

    async def _drain(self) -> None:
        while self._waiting:
            await self._keep(self._next())

    async def _keep(self, batch: Sequence[Request]) -> None:
        try:
            answers = await self._commit(batch)
        except Exception as error:
            for request in batch:
                if not request.done.done():
                    request.done.set_exception(error)
            return
        for request, answer in zip(batch, answers, strict=True):
            if not request.done.done():
                request.done.set_result(answer)
        if self.hands_over:
            await self._context.signals.publish(BELL, b"")

    def _next(self) -> list[Request]:
        batch: list[Request] = []
        count = size = 0
        while self._waiting and (not batch or (count < BATCH and size < BATCH_BYTES)):
            request = self._waiting.pop(0)
            batch.append(request)
            count += len(request.items)
            size += sum(len(item.body) for item in request.items)
        return batch

    async def _commit(self, batch: Sequence[Request]) -> list[list[tuple[StoredItem, StoredArrival | None]]]:
        try:
            return await self._write(batch)
        except Exception as error:
            if not is_conflict(error):
                raise
            return await self._write(batch)

    async def _write(self, batch: Sequence[Request]) -> list[list[tuple[StoredItem, StoredArrival | None]]]:
        marked = [(request.channel_id, request.bookmark) for request in batch if request.bookmark is not None]
        async with bare_transaction(self._context.engine) as line:
            flat = [(request, item) for request in batch for item in request.items]
            stored = iter(await store(line, flat, hands_over=self.hands_over))
            if marked:
                await line.executemany("update channel set bookmark = $2 where id = $1", marked)
        return [[_answer(item, next(stored)) for item in request.items] for request in batch]


def _answer(item: RawItem, kept: StoredArrival | None) -> tuple[StoredItem, StoredArrival | None]:
    return StoredItem(dedupe_key=item.dedupe_key, fresh=kept is not None), kept


STORE = """
with given as (
  select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
    $8::bytea[]) as v(id, channel_id, dedupe_key, stream, meta, digest, size, body)
), fresh as (
  insert into arrival (id, channel_id, dedupe_key, stream, meta, digest, size, state, attempts, due_at)
  select id, channel_id, dedupe_key, stream, meta::jsonb, digest, size, 'kept', 0,
    clock_timestamp() + $9::interval from given
  on conflict (channel_id, dedupe_key) do nothing
  returning id, received_at
), bodies as (
  insert into blob (digest, body)
  select distinct on (digest) digest, body from given join fresh using (id) where body is not null order by digest
  on conflict (digest) do nothing
)
select id, received_at from fresh
"""


async def store(
    line: asyncpg.Connection, flat: Sequence[tuple[Request, RawItem]], *, hands_over: bool
) -> list[StoredArrival | None]:
    """Write arrivals and their bodies; for each the stored one, or None where it was there before. One query."""
    ids = [new_id() for _ in flat]
    rows = await line.fetch(
        STORE,
        ids,
        [request.channel_id for request, _ in flat],
        [item.dedupe_key for _, item in flat],
        [item.stream for _, item in flat],
        [msgspec.json.encode(request.meta).decode() for request, _ in flat],
        [blobs.digest_of(item.body) for _, item in flat],
        [len(item.body) for _, item in flat],
        [item.body if len(item.body) <= blobs.SMALL else None for _, item in flat],
        LONG_AGO if hands_over else LEASE,
    )
    fresh = {row["id"]: row["received_at"] for row in rows}
    return [
        StoredArrival(
            id=id_,
            channel_id=request.channel_id,
            dedupe_key=item.dedupe_key,
            stream=item.stream,
            meta=request.meta,
            body=item.body,
            received_at=fresh[id_],
        )
        if id_ in fresh
        else None
        for id_, (request, item) in zip(ids, flat, strict=True)
    ]
