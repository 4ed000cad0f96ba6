"""What agents and bots read: the inbox's state, lists, one conversation, a customer's history, customers, files."""

from typing import Annotated
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right, Viewer
from hub.inbox import detail, history, queries
from hub.inbox import search as finding
from hub.inbox.errors import NoPreview, OriginalNotKept, UnreadableNotVisible
from hub.inbox.items import RASTER
from hub.inbox.original_page import original_page
from hub.inbox.schemas import ConversationDetail, ConversationPage, TimelinePage
from hub.inbox.uploads import upload_attachment
from hub.intake.models import Arrival
from hub.runtime.http import Context, Session, download
from hub.timeline import blobs, conversations
from hub.timeline.errors import AttachmentNotFound, MessageNotFound
from hub.timeline.models import Attachment, Conversation, Message

Limit = Annotated[int, Meta(ge=1, le=200)]
READS = [needs(Right.CONVERSATIONS_READ)]
NO_SUCH_FILE = "There is no such file, or it is not yours to see."
Asked = Request[object, object, State]


class FullText(Struct, frozen=True):
    """A message with its quotes and signature."""

    text: str


@get("/conversations", operation_id="listConversations", guards=READS)
async def list_conversations(
    session: Session,
    viewer: CurrentViewer,
    view: FromQuery[str] = "mine",
    of: FromQuery[UUID | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = queries.PAGE,
) -> ConversationPage:
    """Give a page of a view, newest activity first."""
    return await queries.page(session, viewer, view, of=of, after=after, limit=limit)


@get("/conversations/{conversation_id:uuid}", operation_id="readConversation", guards=READS)
async def read_conversation(
    session: Session,
    viewer: CurrentViewer,
    conversation_id: FromPath[UUID],
) -> ConversationDetail:
    """Give one conversation opened."""
    return await detail.detail(session, viewer, conversation_id)


@get("/conversations/{conversation_id:uuid}/timeline", operation_id="readTimeline", guards=READS)
async def read_timeline(
    session: Session,
    viewer: CurrentViewer,
    conversation_id: FromPath[UUID],
    before: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = history.PAGE,
) -> TimelinePage:
    """Give a page of the whole history of a conversation's customer."""
    return await history.timeline(session, viewer, conversation_id, before=before, limit=limit)


@get("/messages/{message_id:uuid}/full", operation_id="readFullMessage", guards=READS)
async def read_full_message(session: Session, viewer: CurrentViewer, message_id: FromPath[UUID]) -> FullText:
    """Give a message with its quotes."""
    message = await _message(session, viewer, message_id)
    return FullText(text=message.full_body or message.body)


@get("/messages/{message_id:uuid}/original", operation_id="readOriginal", guards=READS)
async def read_original(session: Session, viewer: CurrentViewer, message_id: FromPath[UUID]) -> Response[str]:
    """Show a message as the customer sent it, for a sandboxed frame and nothing else."""
    return original_page(await _message(session, viewer, message_id))


@get("/messages/{message_id:uuid}/raw", operation_id="readRaw", guards=READS)
async def read_raw(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    message_id: FromPath[UUID],
) -> Response[bytes]:
    """Hand out the bytes a message came as."""
    message = await _message(session, viewer, message_id)
    if message.unreadable is not None and not viewer.may(Right.DELIVERIES_READ):
        raise UnreadableNotVisible
    digest = await session.scalar(select(Arrival.digest).where(Arrival.id == message.arrival_id))
    if digest is None:
        raise OriginalNotKept
    return download(await blobs.read(session, context.files, digest), filename=f"{message.id}.eml")


async def _message(session: AsyncSession, viewer: Viewer, message_id: UUID) -> Message:
    wanted = select(Message).join(Conversation, Conversation.id == Message.conversation_id)
    found = await session.scalar(wanted.where(Message.id == message_id, conversations.seen_by(viewer)))
    if found is None or found.removed_at is not None:
        raise MessageNotFound
    return found


@get("/attachments/{attachment_id:uuid}", operation_id="readAttachment", guards=READS)
async def read_attachment(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    attachment_id: FromPath[UUID],
) -> Response[bytes]:
    """Hand out a file, to be saved and never shown by the browser."""
    found = await _attachment(session, viewer, attachment_id)
    return download(await blobs.read(session, context.files, found.digest), filename=found.filename)


@get("/attachments/{attachment_id:uuid}/preview", operation_id="previewAttachment", guards=READS)
async def preview_attachment(
    session: Session,
    context: Context,
    viewer: CurrentViewer,
    attachment_id: FromPath[UUID],
) -> Response[bytes]:
    """Show a picture of a kind that can hold no script, under its own strict policy."""
    found = await _attachment(session, viewer, attachment_id)
    if found.media_type not in RASTER:
        raise NoPreview
    answer = download(
        await blobs.read(session, context.files, found.digest), filename=found.filename, media_type=found.media_type
    )
    answer.headers["Content-Disposition"] = "inline"
    return answer


async def _attachment(session: AsyncSession, viewer: Viewer, attachment_id: UUID) -> Attachment:
    found = await session.get(Attachment, attachment_id)
    if found is None or (found.message_id is None and found.agent_id != viewer.agent_id):
        raise AttachmentNotFound
    if found.message_id is not None:
        await _message(session, viewer, found.message_id)
    return found


@get("/search", operation_id="search", guards=[needs(Right.CONVERSATIONS_READ, Right.CONTACTS_READ)])
async def search(session: Session, viewer: CurrentViewer, q: FromQuery[str]) -> finding.Found:
    """Find customers and conversations by anything known of them."""
    return await finding.search(session, viewer, q)


router = Router(
    path="/api",
    route_handlers=[
        list_conversations,
        read_conversation,
        read_timeline,
        read_full_message,
        read_original,
        read_raw,
        upload_attachment,
        read_attachment,
        preview_attachment,
        search,
    ],
)
