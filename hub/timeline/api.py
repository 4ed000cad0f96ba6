"""The HTTP interface of the timeline: a customer's history, single messages, and their attachments."""

from typing import Annotated
from uuid import UUID

from litestar import Response, Router, get
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right, Viewer
from hub.runtime.http import Context, Session, download
from hub.timeline import blobs, conversations, history
from hub.timeline.errors import AttachmentNotFound, MessageNotFound, NoPreview
from hub.timeline.items import RASTER_TYPES
from hub.timeline.models import Attachment, Conversation, Message
from hub.timeline.original_page import original_page
from hub.timeline.schemas import TimelinePage

Limit = Annotated[int, Meta(ge=1, le=200)]
READS = [needs(Right.CONVERSATIONS_READ)]


class FullText(Struct, frozen=True):
    """A message's text with its quotes and signature."""

    text: str


@get("/conversations/{conversation_id:uuid}/timeline", operation_id="readTimeline", guards=READS)
async def read_timeline(
    session: Session,
    viewer: CurrentViewer,
    conversation_id: FromPath[UUID],
    before: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = history.PAGE_SIZE,
) -> TimelinePage:
    """Return a page of the whole history of a conversation's customer."""
    return await history.timeline(session, viewer, conversation_id, before=before, limit=limit)


@get("/messages/{message_id:uuid}/full", operation_id="readFullMessage", guards=READS)
async def read_full_message(session: Session, viewer: CurrentViewer, message_id: FromPath[UUID]) -> FullText:
    """Return a message's text with its quotes and signature."""
    message = await find_message(session, viewer, message_id)
    return FullText(text=message.full_body or message.body)


@get("/messages/{message_id:uuid}/original", operation_id="readOriginal", guards=READS)
async def read_original(session: Session, viewer: CurrentViewer, message_id: FromPath[UUID]) -> Response[str]:
    """Return a message as the customer sent it: sanitised HTML for a sandboxed frame only."""
    return original_page(await find_message(session, viewer, message_id))


@get("/attachments/{attachment_id:uuid}", operation_id="readAttachment", guards=READS)
async def read_attachment(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    attachment_id: FromPath[UUID],
) -> Response[bytes]:
    """Download an attachment; the headers make the browser save it instead of showing it."""
    attachment = await _find_attachment(session, viewer, attachment_id)
    return download(await blobs.read(session, context.files, attachment.digest), filename=attachment.filename)


@get("/attachments/{attachment_id:uuid}/preview", operation_id="previewAttachment", guards=READS)
async def preview_attachment(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    attachment_id: FromPath[UUID],
) -> Response[bytes]:
    """Return a raster image for display in the browser, under a strict content policy."""
    attachment = await _find_attachment(session, viewer, attachment_id)
    if attachment.media_type not in RASTER_TYPES:
        raise NoPreview
    response = download(
        await blobs.read(session, context.files, attachment.digest),
        filename=attachment.filename,
        media_type=attachment.media_type,
    )
    response.headers["Content-Disposition"] = "inline"
    return response


async def find_message(session: AsyncSession, viewer: Viewer, message_id: UUID) -> Message:
    """Return a message that the viewer may see; raises NotFound, also for one that was undone. One query."""
    query = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
    message = await session.scalar(query.where(Message.id == message_id, conversations.visible_to(viewer)))
    if message is None or message.removed_at is not None:
        raise MessageNotFound
    return message


async def _find_attachment(session: AsyncSession, viewer: Viewer, attachment_id: UUID) -> Attachment:
    """Return an attachment of a visible message, or one that the viewer uploaded and has not sent; raises NotFound."""
    attachment = await session.get(Attachment, attachment_id)
    if attachment is None or (attachment.message_id is None and attachment.agent_id != viewer.agent_id):
        raise AttachmentNotFound
    if attachment.message_id is not None:
        await find_message(session, viewer, attachment.message_id)
    return attachment


router = Router(
    path="/api",
    route_handlers=[read_timeline, read_full_message, read_original, read_attachment, preview_attachment],
)
