"""Stores raw arrivals before they are acknowledged; concurrent callers share a commit."""

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

TOPIC = "arrivals"  # signalled after a commit whose arrivals any process may claim
BATCH = 500  # arrivals per commit
BATCH_BYTES = 8 * 1024 * 1024  # per commit
LEASE = timedelta(seconds=15)  # how long an arrival belongs to the process that stored it
LONG_AGO = timedelta(days=-3650)  # an interval that makes an arrival due now, even if clocks differ


class StoredArrival(Struct, frozen=True, kw_only=True):
    """A raw arrival that is stored and has still to be processed."""

    id: UUID
    channel_id: UUID
    dedupe_key: str
    stream: str | None
    meta: Mapping[str, object]
    body: bytes
    received_at: datetime  # by the database's clock
    attempts: int = 0  # failed ones


class StoreRequest(Struct, kw_only=True):
    """A caller's items to store, and the future that receives the result."""

    channel_id: UUID
    items: Sequence[RawItem]
    meta: Mapping[str, object]
    bookmark: str | None
    done: "asyncio.Future[list[tuple[StoredItem, StoredArrival | None]]]"


class ArrivalStore:
    """Stores all arrivals of a process; callers that wait at the same time share a commit."""

    def __init__(self, context: AppContext) -> None:
        """Keep the context whose database and files the arrivals are stored in."""
        self._context = context
        self._waiting: list[StoreRequest] = []
        self.for_other_processes = False  # True: arrivals are left to other processes instead of leased to this one
        self._storing: asyncio.Task[None] | None = None

    async def add(
        self,
        channel_id: UUID,
        items: Sequence[RawItem],
        *,
        meta: Mapping[str, object],
        bookmark: str | None,
    ) -> list[tuple[StoredItem, StoredArrival | None]]:
        """Store items together with the channel's bookmark; raises Unavailable if that is impossible now.

        Returns for each item, in order, whether it is new, and the arrival to process if it is. `bookmark` None
        keeps the channel's present one. `meta` is the URL and headers of a callback.
        """
        await blobs.store_large(self._context.files, (item.body for item in items))
        done: asyncio.Future[list[tuple[StoredItem, StoredArrival | None]]] = asyncio.get_running_loop().create_future()
        self._waiting.append(StoreRequest(channel_id=channel_id, items=items, meta=meta, bookmark=bookmark, done=done))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._drain())
        return await done

    async def close(self) -> None:
        """Store what is still waiting."""
        if self._storing is not None:
            await self._storing

    async def _drain(self) -> None:
        while self._waiting:
            await self._store_batch(self._next_batch())

    async def _store_batch(self, batch: Sequence[StoreRequest]) -> None:
        try:
            results = await self._commit(batch)
        except Exception as error:
            for request in batch:
                if not request.done.done():
                    request.done.set_exception(error)
            return
        for request, result in zip(batch, results, strict=True):
            if not request.done.done():
                request.done.set_result(result)
        if self.for_other_processes:
            await self._context.signals.publish(TOPIC, b"")

    def _next_batch(self) -> list[StoreRequest]:
        batch: list[StoreRequest] = []
        count = size = 0
        while self._waiting and (not batch or (count < BATCH and size < BATCH_BYTES)):
            request = self._waiting.pop(0)
            batch.append(request)
            count += len(request.items)
            size += sum(len(item.body) for item in request.items)
        return batch

    async def _commit(self, batch: Sequence[StoreRequest]) -> list[list[tuple[StoredItem, StoredArrival | None]]]:
        """Write a batch in one transaction; retry once if it conflicts with another one."""
        try:
            return await self._write(batch)
        except Exception as error:
            if not is_conflict(error):
                raise
            return await self._write(batch)

    async def _write(self, batch: Sequence[StoreRequest]) -> list[list[tuple[StoredItem, StoredArrival | None]]]:
        bookmarks = [(request.channel_id, request.bookmark) for request in batch if request.bookmark is not None]
        async with bare_transaction(self._context.engine) as connection:
            items = [(request, item) for request in batch for item in request.items]
            stored = iter(await insert_arrivals(connection, items, for_other_processes=self.for_other_processes))
            if bookmarks:
                await connection.executemany("update channel set bookmark = $2 where id = $1", bookmarks)
        return [[_result(item, next(stored)) for item in request.items] for request in batch]


def _result(item: RawItem, stored: StoredArrival | None) -> tuple[StoredItem, StoredArrival | None]:
    return StoredItem(dedupe_key=item.dedupe_key, is_new=stored is not None), stored


INSERT_ARRIVALS = """
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


async def insert_arrivals(
    connection: asyncpg.Connection, items: Sequence[tuple[StoreRequest, RawItem]], *, for_other_processes: bool
) -> list[StoredArrival | None]:
    """Insert arrivals and their small bodies; return each, or None for one that was stored before. One query."""
    ids = [new_id() for _ in items]
    rows = await connection.fetch(
        INSERT_ARRIVALS,
        ids,
        [request.channel_id for request, _ in items],
        [item.dedupe_key for _, item in items],
        [item.stream for _, item in items],
        [msgspec.json.encode(request.meta).decode() for request, _ in items],
        [blobs.digest_of(item.body) for _, item in items],
        [len(item.body) for _, item in items],
        [item.body if len(item.body) <= blobs.SMALL_BYTES else None for _, item in items],
        LONG_AGO if for_other_processes else LEASE,
    )
    is_new = {row["id"]: row["received_at"] for row in rows}
    return [
        StoredArrival(
            id=id_,
            channel_id=request.channel_id,
            dedupe_key=item.dedupe_key,
            stream=item.stream,
            meta=request.meta,
            body=item.body,
            received_at=is_new[id_],
        )
        if id_ in is_new
        else None
        for id_, (request, item) in zip(ids, items, strict=True)
    ]
