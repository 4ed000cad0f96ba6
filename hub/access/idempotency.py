"""A POST that comes a second time with the same Idempotency-Key gets the first one's answer."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import IdempotencyKeyInvalid, IdempotencyKeyReused
from hub.access.guard import signed_in
from hub.access.models import Answered
from hub.storage.database import now

LONGEST_KEY = 200
T = TypeVar("T")


class Asked(Struct, frozen=True, kw_only=True):
    """A request that may be repeated: by whom, under which key, and what it said."""

    agent_id: UUID
    key: str | None
    digest: bytes


async def once(
    session: AsyncSession,
    asked: Asked,
    kind: type[T],
    make: Callable[[], Awaitable[T]],
    *,
    keep: Callable[[T], T] | None = None,
) -> T:
    """Do `make` once for each key, in the same transaction as what it does; afterwards repeat its answer.

    Of two at the same moment the second waits for the first. `keep` takes secrets out of what is kept.
    Raises BadInput when the key came with another request before.
    """
    if asked.key is None:
        return await make()
    known = await _claim(session, asked)
    if known is not None:
        return msgspec.json.decode(known, type=kind)
    made = await make()
    body = msgspec.json.encode(keep(made) if keep else made)
    mine = update(Answered).where(Answered.agent_id == asked.agent_id, Answered.key == asked.key)
    await session.execute(mine.values(body=body))
    return made


async def _claim(session: AsyncSession, asked: Asked) -> bytes | None:
    claim = insert(Answered).values(agent_id=asked.agent_id, key=asked.key, digest=asked.digest, created_at=now())
    taken = await session.execute(claim.on_conflict_do_nothing().returning(Answered.key))
    if taken.one_or_none() is not None:
        return None
    earlier = select(Answered.digest, Answered.body).where(
        Answered.agent_id == asked.agent_id,
        Answered.key == asked.key,
    )
    row = (await session.execute(earlier)).one()
    if row.digest != asked.digest:
        raise IdempotencyKeyReused
    return bytes(row.body)


async def provide_asked(request: Request[Any, Any, State]) -> Asked:
    """Read the key of a request, and what makes it the same request."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise IdempotencyKeyInvalid(most=LONGEST_KEY)
    said = f"{request.method} {request.url.path}\n".encode() + await request.body()
    who = await signed_in(request)
    return Asked(agent_id=who.viewer.agent_id, key=key, digest=sha256(said).digest())


Repeatable = NamedDependency[Asked]
DEPENDENCIES = {"asked": Provide(provide_asked)}
