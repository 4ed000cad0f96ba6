"""Files that agents attach: taken when they are chosen, before there is a message to attach them to."""

from typing import Annotated

from litestar import post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body

from hub.access.guard import Connection, CurrentViewer, needs
from hub.access.rights import Right
from hub.errors import TooLarge
from hub.inbox.errors import UploadFileMissing, UploadLengthMissing, UploadTooLarge
from hub.inbox.items import attachment_item
from hub.inbox.schemas import AttachmentItem
from hub.runtime.http import Context, Session, context_of
from hub.storage.database import new_id
from hub.timeline import blobs
from hub.timeline.models import Attachment

FORM_AROUND = 65_536  # bytes a form adds around a file
LARGEST_UPLOAD = 1 << 30  # what HUB_MAX_UPLOAD_BYTES may say at most


async def not_too_large(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard an upload by the length it announces, before any of it is read."""
    most = context_of(connection.app.state).settings.max_upload_bytes
    told = connection.headers.get("content-length", "")
    if not (told.isascii() and told.isdigit()):
        raise UploadLengthMissing
    if int(told) > most + FORM_AROUND:
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return UploadTooLarge(limit_mb=most >> 20)


@post(
    "/attachments",
    operation_id="uploadAttachment",
    guards=[needs(Right.MESSAGES_WRITE), not_too_large],
    request_max_body_size=LARGEST_UPLOAD + FORM_AROUND,
)
async def upload_attachment(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    data: Annotated[dict[str, UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> AttachmentItem:
    """Take a file for a message that is being written."""
    file = data.get("file")
    if file is None:
        raise UploadFileMissing
    body = await file.read(context.settings.max_upload_bytes + 1)
    if len(body) > context.settings.max_upload_bytes:
        raise _too_large(context.settings.max_upload_bytes)
    await blobs.keep_large(context.files, [body])
    digest = blobs.digest_of(body)
    await blobs.keep_small(session, {digest: body})
    kept = Attachment(
        id=new_id(),
        agent_id=viewer.agent_id,
        digest=digest,
        filename=plain_name(file.filename),
        size=len(body),
        media_type=(file.content_type or "application/octet-stream")[:120],
    )
    session.add(kept)
    return attachment_item(kept)


def plain_name(name: str) -> str:
    """Keep of a file's name what is safe to show and to save."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).lstrip(".").strip()[:180] or "file"
