"""Bytes by their digest: small ones in the database with the rows that name them, large ones as files."""

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import HubError
from hub.storage.bulk import insert_many
from hub.storage.files import Files
from hub.timeline.models import Blob

SMALL = 64 * 1024


def digest_of(body: bytes) -> str:
    """Name some bytes: SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()


async def keep_large(files: Files, bodies: Iterable[bytes]) -> None:
    """Write the large ones to disk, synced, before the transaction that names them."""
    for body in bodies:
        if len(body) > SMALL:
            await files.put(body)


async def keep_small(session: AsyncSession, bodies: Mapping[str, bytes]) -> None:
    """Store the small ones, given by digest, in the transaction that names them. One query."""
    rows = [{"digest": digest, "body": bodies[digest]} for digest in sorted(bodies) if len(bodies[digest]) <= SMALL]
    await insert_many(session, Blob, rows, tail="on conflict (digest) do nothing")


async def find_many(session: AsyncSession, files: Files, digests: Iterable[str]) -> dict[str, bytes | HubError]:
    """Read some bytes back; where that fails stands why. One query, and a file for each large one."""
    wanted = set(digests)
    rows = await session.execute(select(Blob.digest, Blob.body).where(Blob.digest.in_(wanted)))
    found: dict[str, bytes | HubError] = {row.digest: row.body for row in rows}
    for digest in wanted - set(found):
        try:
            found[digest] = await files.get(digest)
        except HubError as error:
            found[digest] = error
    return found


async def read_many(session: AsyncSession, files: Files, digests: Iterable[str]) -> dict[str, bytes]:
    """Read some bytes back; raises NotFound for what is gone, and Unavailable."""
    bodies: dict[str, bytes] = {}
    for digest, body in (await find_many(session, files, digests)).items():
        if isinstance(body, HubError):
            raise body
        bodies[digest] = body
    return bodies


async def read(session: AsyncSession, files: Files, digest: str) -> bytes:
    """Read some bytes back; raises NotFound when they are gone, and Unavailable."""
    return (await read_many(session, files, [digest]))[digest]
