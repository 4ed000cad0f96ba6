"""Idempotency keys: a repeated POST with the same key gets the stored response of the first."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from msgspec import Struct
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import IdempotencyKeyInvalid, IdempotencyKeyReused
from hub.access.guard import signed_in
from hub.access.models import StoredResponse
from hub.storage.database import now

MAX_KEY_LENGTH = 200
T = TypeVar("T")


class RequestKey(Struct, frozen=True, kw_only=True):
    """Identifies a repeatable request: its agent, its Idempotency-Key (None: not repeatable), and a hash of it."""

    agent_id: UUID
    key: str | None
    digest: bytes


async def run_once(
    session: AsyncSession,
    request_key: RequestKey,
    kind: type[T],
    create: Callable[[], Awaitable[T]],
    *,
    redact: Callable[[T], T] | None = None,
) -> T:
    """Call `create` once per key and return its result, or return the stored result of the first call.

    The result is stored in the same transaction as the changes of `create`; of two concurrent requests the second waits
    for the first. `redact` removes secrets from the stored copy. Raises BadInput if the key belongs to another request.
    """
    if request_key.key is None:
        return await create()
    stored = await _claim(session, request_key)
    if stored is not None:
        return msgspec.json.decode(stored, type=kind)
    result = await create()
    body = msgspec.json.encode(redact(result) if redact else result)
    statement = update(StoredResponse).where(*_matches(request_key))
    await session.execute(statement.values(body=body))
    return result


async def _claim(session: AsyncSession, request_key: RequestKey) -> bytes | None:
    """Reserve a key and return None, or return the response stored under it."""
    insertion = insert(StoredResponse).values(
        agent_id=request_key.agent_id, key=request_key.key, digest=request_key.digest, created_at=now()
    )
    inserted = await session.execute(insertion.on_conflict_do_nothing().returning(StoredResponse.key))
    if inserted.one_or_none() is not None:
        return None
    query = select(StoredResponse.digest, StoredResponse.body).where(*_matches(request_key))
    stored = (await session.execute(query)).one()
    if stored.digest != request_key.digest:
        raise IdempotencyKeyReused
    return bytes(stored.body)


def _matches(request_key: RequestKey) -> tuple[ColumnElement[bool], ...]:
    return StoredResponse.agent_id == request_key.agent_id, StoredResponse.key == request_key.key


async def provide_request_key(request: Request[Any, Any, State]) -> RequestKey:
    """Return the key of a request; raises BadInput if its length is wrong."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= MAX_KEY_LENGTH:
        raise IdempotencyKeyInvalid(most=MAX_KEY_LENGTH)
    content = f"{request.method} {request.url.path}\n".encode() + await request.body()
    viewer = (await signed_in(request)).viewer
    return RequestKey(agent_id=viewer.agent_id, key=key, digest=sha256(content).digest())


Repeatable = NamedDependency[RequestKey]
DEPENDENCIES = {"request_key": Provide(provide_request_key)}
