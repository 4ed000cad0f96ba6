"""Stores the files that agents attach, before the message that they belong to exists."""

from typing import Annotated

from litestar import post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body

from hub.access.guard import Connection, CurrentViewer, needs
from hub.access.rights import Right
from hub.inbox.errors import UploadFileMissing, UploadLengthMissing
from hub.runtime.http import Context, Session, context_of
from hub.timeline import uploads
from hub.timeline.items import attachment_item
from hub.timeline.schemas import AttachmentItem

LARGEST_UPLOAD = 1 << 30  # bytes; the largest allowed value of HUB_MAX_UPLOAD_BYTES


async def not_too_large(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: refuse an upload by its Content-Length before its body is read."""
    max_bytes = context_of(connection.app.state).settings.max_upload_bytes
    length = connection.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise UploadLengthMissing
    if int(length) > max_bytes + uploads.FORM_OVERHEAD:
        raise uploads.too_large(max_bytes)


@post(
    "/attachments",
    operation_id="uploadAttachment",
    guards=[needs(Right.MESSAGES_WRITE), not_too_large],
    request_max_body_size=LARGEST_UPLOAD + uploads.FORM_OVERHEAD,
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
        raise UploadFileMissing
    upload = await uploads.receive(context.files, file, context.settings.max_upload_bytes)
    return attachment_item(await uploads.attach(session, upload, agent_id=viewer.agent_id))
