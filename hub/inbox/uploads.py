"""Files that agents attach: taken when they are chosen, before there is a message to attach them to."""

from typing import Annotated

from litestar import post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.params import Body

from hub.access.guard import Connection, CurrentViewer, needs
from hub.access.rights import Right
from hub.inbox.errors import UploadFileMissing, UploadLengthMissing
from hub.inbox.items import attachment_item
from hub.inbox.schemas import AttachmentItem
from hub.runtime.http import Context, Session, context_of
from hub.timeline import uploads

LARGEST_UPLOAD = 1 << 30  # what HUB_MAX_UPLOAD_BYTES may say at most


async def not_too_large(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard an upload by the length it announces, before any of it is read."""
    most = context_of(connection.app.state).settings.max_upload_bytes
    told = connection.headers.get("content-length", "")
    if not (told.isascii() and told.isdigit()):
        raise UploadLengthMissing
    if int(told) > most + uploads.FORM_OVERHEAD:
        raise uploads.too_large(most)


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
    """Take a file for a message that is being written."""
    file = data.get("file")
    if file is None:
        raise UploadFileMissing
    upload = await uploads.receive(context.files, file, context.settings.max_upload_bytes)
    return attachment_item(await uploads.attach(session, upload, agent_id=viewer.agent_id))
