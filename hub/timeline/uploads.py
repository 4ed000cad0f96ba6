"""Files that agents and visitors upload, before a message refers to them."""

from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.file_names import safe_name
from hub.errors import TooLarge
from hub.storage.files import Files
from hub.timeline import blobs
from hub.timeline.errors import UploadTooLarge
from hub.timeline.models import Attachment

FORM_OVERHEAD = 65_536  # bytes that a multipart form adds around its file
MAX_MEDIA_TYPE_CHARS = 120


class Upload(Struct, frozen=True, kw_only=True):
    """A received file; a large one is on disk already."""

    content: bytes
    filename: str
    media_type: str


async def receive(files: Files, file: UploadFile, limit: int) -> Upload:
    """Read a file of a form and write it to disk if it is large; call it before the transaction that attaches it.

    Raises TooLarge when the file has more than `limit` bytes.
    """
    content = await file.read(limit + 1)
    if len(content) > limit:
        raise too_large(limit)
    await blobs.store_large(files, [content])
    return Upload(
        content=content,
        filename=safe_name(file.filename, "file"),
        media_type=(file.content_type or "application/octet-stream")[:MAX_MEDIA_TYPE_CHARS],
    )


async def attach(
    session: AsyncSession, upload: Upload, *, agent_id: UUID | None = None, visitor_id: UUID | None = None
) -> Attachment:
    """Store an upload as an attachment without a message, owned by an agent or a visitor."""
    digest = blobs.digest_of(upload.content)
    await blobs.store_small(session, {digest: upload.content})
    attachment = Attachment(
        agent_id=agent_id,
        visitor_id=visitor_id,
        digest=digest,
        filename=upload.filename,
        media_type=upload.media_type,
        size=len(upload.content),
    )
    session.add(attachment)
    return attachment


def too_large(limit: int) -> TooLarge:
    """Return the error for a file of more than `limit` bytes."""
    return UploadTooLarge(limit_mb=limit >> 20)
