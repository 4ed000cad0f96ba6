"""Keep what arrives: everything that waits goes into one commit, and only then is anybody answered."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.bulk import insert_many
from hub.channels.contract import RawItem, Taken
from hub.channels.models import Channel
from hub.database import is_conflict, new_id
from hub.ground import Ground
from hub.inbox.models import Arrival
from hub.timeline import blobs

BATCH = 500
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # due at once, by whatever clock
BATCH_BYTES = 8 * 1024 * 1024


class Kept(Struct, frozen=True, kw_only=True):
    """A raw arrival that is stored and has to be taken in."""

    id: UUID
    channel_id: UUID
    dedupe_key: str
    meta: Mapping[str, object]
    body: bytes
    received_at: datetime  # the database's clock
    attempts: int = 1


class Request(Struct, kw_only=True):
    """What one caller wants kept, and whom to tell."""

    channel_id: UUID
    items: Sequence[RawItem]
    meta: Mapping[str, object]
    bookmark: str | None
    done: "asyncio.Future[list[tuple[Taken, Kept | None]]]"


class Keeper:
    """The one place of a process through which arrivals are committed, as many at a time as wait."""

    def __init__(self, ground: Ground) -> None:
        """Begin with nothing waiting."""
        self._ground = ground
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
    ) -> list[tuple[Taken, Kept | None]]:
        """Commit arrivals with the channel's bookmark; `Unavailable` when that cannot be done now.

        For each item, in order: whether it is fresh, and the arrival to take in when it is.
        """
        await blobs.keep_large(self._ground.files, (item.body for item in items))
        done: asyncio.Future[list[tuple[Taken, Kept | None]]] = asyncio.get_running_loop().create_future()
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
            batch = self._next()
            try:
                answers = await self._commit(batch)
            except Exception as error:
                for request in batch:
                    if not request.done.done():
                        request.done.set_exception(error)
                continue
            for request, answer in zip(batch, answers, strict=True):
                if not request.done.done():
                    request.done.set_result(answer)

    def _next(self) -> list[Request]:
        batch: list[Request] = []
        count = size = 0
        while self._waiting and (not batch or (count < BATCH and size < BATCH_BYTES)):
            request = self._waiting.pop(0)
            batch.append(request)
            count += len(request.items)
            size += sum(len(item.body) for item in request.items)
        return batch

    async def _commit(self, batch: Sequence[Request]) -> list[list[tuple[Taken, Kept | None]]]:
        try:
            return await self._write(batch)
        except DBAPIError as error:
            if not is_conflict(error):
                raise
            return await self._write(batch)

    async def _write(self, batch: Sequence[Request]) -> list[list[tuple[Taken, Kept | None]]]:
        async with self._ground.transaction() as session:
            flat = [(request, item) for request in batch for item in request.items]
            stored = iter(await store(session, flat, hands_over=self.hands_over))
            for request in batch:
                if request.bookmark is not None:
                    await session.execute(
                        update(Channel).where(Channel.id == request.channel_id).values(bookmark=request.bookmark),
                    )
        return [[_answer(item, next(stored)) for item in request.items] for request in batch]


def _answer(item: RawItem, kept: Kept | None) -> tuple[Taken, Kept | None]:
    return Taken(dedupe_key=item.dedupe_key, fresh=kept is not None), kept


async def store(
    session: AsyncSession, flat: Sequence[tuple[Request, RawItem]], *, hands_over: bool
) -> list[Kept | None]:
    """Write arrivals and their bodies; for each the stored one, or None where it was there before. Two queries."""
    lease = {"attempts": 0, "due_at": LONG_AGO} if hands_over else {"attempts": 1}
    ids = [new_id() for _ in flat]
    digests = [blobs.digest_of(item.body) for _, item in flat]
    rows = [
        {
            "id": id_,
            "channel_id": request.channel_id,
            "dedupe_key": item.dedupe_key,
            "meta": request.meta,
            "digest": digest,
            "size": len(item.body),
            "state": "kept",
            **lease,
        }
        for id_, digest, (request, item) in zip(ids, digests, flat, strict=True)
    ]
    tail = "on conflict (channel_id, dedupe_key) do nothing returning id, received_at"
    fresh = {row.id: row.received_at for row in await insert_many(session, Arrival, rows, tail=tail)}
    bodies = {digest: item.body for id_, digest, (_, item) in zip(ids, digests, flat, strict=True) if id_ in fresh}
    await blobs.keep_small(session, bodies)
    return [
        Kept(
            id=id_,
            channel_id=request.channel_id,
            dedupe_key=item.dedupe_key,
            meta=request.meta,
            body=item.body,
            received_at=fresh[id_],
        )
        if id_ in fresh
        else None
        for id_, (request, item) in zip(ids, flat, strict=True)
    ]
