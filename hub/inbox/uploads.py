"""Stores the files that agents attach, before the message that they belong to exists."""

from typing import Annotated

from litestar import post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body

from hub.access.guard import Connection, CurrentViewer, needs
from hub.access.rights import Right
from hub.errors import BadInput, TooLarge
from hub.runtime.http import Context, Session, context_of
from hub.storage.database import new_id
from hub.timeline import blobs
from hub.timeline.items import attachment_item
from hub.timeline.models import Attachment
from hub.timeline.schemas import AttachmentItem

FORM_OVERHEAD = 65_536  # bytes that a multipart form adds to a file
LARGEST_UPLOAD = 1 << 30  # bytes; the largest allowed value of HUB_MAX_UPLOAD_BYTES


async def not_too_large(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: refuse an upload by its Content-Length before its body is read."""
    most = context_of(connection.app.state).settings.max_upload_bytes
    length = connection.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise BadInput("Tell in Content-Length how long the upload is.")
    if int(length) > most + FORM_OVERHEAD:
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"A file may have up to {most >> 20} MB.")


@post(
    "/attachments",
    operation_id="uploadAttachment",
    guards=[needs(Right.MESSAGES_WRITE), not_too_large],
    request_max_body_size=LARGEST_UPLOAD + FORM_OVERHEAD,
)
async def upload_attachment(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    data: Annotated[dict[str, UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> AttachmentItem:
    """Store a file for a message that is being written."""
    file = data.get("file")
    if file is None:
        raise BadInput("Send the file in the field `file`.", field="file")
    body = await file.read(context.settings.max_upload_bytes + 1)
    if len(body) > context.settings.max_upload_bytes:
        raise _too_large(context.settings.max_upload_bytes)
    await blobs.keep_large(context.files, [body])
    digest = blobs.digest_of(body)
    await blobs.keep_small(session, {digest: body})
    attachment = Attachment(
        id=new_id(),
        agent_id=viewer.agent_id,
        digest=digest,
        filename=plain_name(file.filename),
        size=len(body),
        media_type=(file.content_type or "application/octet-stream")[:120],
    )
    session.add(attachment)
    return attachment_item(attachment)


def plain_name(name: str) -> str:
    """Return a file's name without folders, leading dots and unprintable characters; at most 180 characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).lstrip(".").strip()[:180] or "file"
