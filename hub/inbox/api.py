"""The HTTP interface for reading the inbox: conversation lists, one conversation, and search."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from hub.access.guard import CurrentViewer, needs
from hub.access.rights import Right
from hub.inbox import detail, queries
from hub.inbox import search as finding
from hub.inbox.schemas import ConversationDetail, ConversationPage
from hub.inbox.uploads import upload_attachment
from hub.runtime.http import Session

Limit = Annotated[int, Meta(ge=1, le=200)]
READS = [needs(Right.CONVERSATIONS_READ)]


@get("/conversations", operation_id="listConversations", guards=READS)
async def list_conversations(
    session: Session,
    viewer: CurrentViewer,
    view: FromQuery[str] = "mine",
    of: FromQuery[UUID | None] = None,
    after: FromQuery[str | None] = None,
    limit: FromQuery[Limit] = queries.PAGE,
) -> ConversationPage:
    """List the conversations of a view, latest activity first.

    `of` is the team or channel id for the views "team" and "channel"; `after` is the previous page's `next`.
    """
    return await queries.page(session, viewer, view, target_id=of, after=after, limit=limit)


@get("/conversations/{conversation_id:uuid}", operation_id="readConversation", guards=READS)
async def read_conversation(
    session: Session,
    viewer: CurrentViewer,
    conversation_id: FromPath[UUID],
) -> ConversationDetail:
    """Return one conversation with the ways to answer it and the viewer's drafts."""
    return await detail.detail(session, viewer, conversation_id)


@get("/search", operation_id="search", guards=[needs(Right.CONVERSATIONS_READ, Right.CONTACTS_READ)])
async def search(session: Session, viewer: CurrentViewer, q: FromQuery[str]) -> finding.Found:
    """Find customers by name or address, and conversations by number, subject or message text."""
    return await finding.search(session, viewer, q)


router = Router(path="/api", route_handlers=[list_conversations, read_conversation, upload_attachment, search])
