"""Store and load bodies by their digest: small ones in the database, large ones as files."""

import hashlib
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import HubError
from hub.storage.bulk import insert_many
from hub.storage.files import Files
from hub.timeline.models import Blob

SMALL_BYTES = 64 * 1024  # larger bodies are stored as files


def digest_of(body: bytes) -> str:
    """Return the SHA-256 of a body in hex."""
    return hashlib.sha256(body).hexdigest()


async def store_large(files: Files, bodies: Iterable[bytes]) -> None:
    """Write large bodies to disk, synced; call it before the transaction that refers to them. Raises Unavailable."""
    for body in bodies:
        if len(body) > SMALL_BYTES:
            await files.put(body)


async def store_small(session: AsyncSession, bodies: Mapping[str, bytes]) -> None:
    """Store the small bodies in the transaction that refers to them, and skip the large ones. One query."""
    rows = [
        {"digest": digest, "body": bodies[digest]} for digest in sorted(bodies) if len(bodies[digest]) <= SMALL_BYTES
    ]
    await insert_many(session, Blob, rows, tail="on conflict (digest) do nothing")


async def find_many(session: AsyncSession, files: Files, digests: Iterable[str]) -> dict[str, bytes | HubError]:
    """Load bodies by digest; a digest that cannot be read maps to its error.

    One query, and one file read for each large body.
    """
    wanted_digests = set(digests)
    rows = await session.execute(select(Blob.digest, Blob.body).where(Blob.digest.in_(wanted_digests)))
    bodies: dict[str, bytes | HubError] = {row.digest: row.body for row in rows}
    for digest in wanted_digests - set(bodies):
        try:
            bodies[digest] = await files.get(digest)
        except HubError as error:
            bodies[digest] = error
    return bodies


async def read_many(session: AsyncSession, files: Files, digests: Iterable[str]) -> dict[str, bytes]:
    """Load bodies by digest. Raises NotFound for one that is gone, and Unavailable."""
    bodies: dict[str, bytes] = {}
    for digest, body in (await find_many(session, files, digests)).items():
        if isinstance(body, HubError):
            raise body
        bodies[digest] = body
    return bodies


async def read(session: AsyncSession, files: Files, digest: str) -> bytes:
    """Load one body. Raises NotFound when it is gone, and Unavailable."""
    return (await read_many(session, files, [digest]))[digest]
