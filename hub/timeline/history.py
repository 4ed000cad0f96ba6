"""A customer's history over all channels and conversations, page by page."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.events import log
from hub.events.models import Entry
from hub.runtime.page_keys import PageKey, parse_key
from hub.timeline.conversations import visible_to
from hub.timeline.errors import ConversationNotFound
from hub.timeline.items import event_item, message_items, select_entries, select_messages_where
from hub.timeline.models import Conversation, Message
from hub.timeline.schemas import Item, MessageItem, TimelinePage

PAGE_SIZE = 60


async def timeline(
    session: AsyncSession,
    viewer: Viewer,
    conversation_id: UUID,
    *,
    before: str | None = None,
    limit: int = PAGE_SIZE,
) -> TimelinePage:
    """Return a page of the history of a conversation's customer, oldest item first.

    `before` is the key of an item (None: the newest page), `limit` a number of items. Raises NotFound, BadInput.
    Four queries, five with files.
    """
    cursor = await log.current_position(session)
    contact_id = await contact_of(session, viewer, conversation_id)
    end = parse_key(before, "before") if before else None
    messages = await _messages(session, viewer, contact_id, end, limit + 1)
    events = await _events(session, viewer, contact_id, end, limit + 1)
    items: list[Item] = sorted([*messages, *events], key=lambda item: item.key)
    newest = items[-limit:]
    previous = newest[0].key if len(items) > limit else None
    return TimelinePage(cursor=str(cursor), items=tuple(newest), previous=previous)


async def contact_of(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> UUID:
    """Return the contact of a conversation; raises NotFound if the viewer may not see it. One query."""
    query = select(Conversation.contact_id).where(Conversation.id == conversation_id, visible_to(viewer))
    contact_id = await session.scalar(query)
    if contact_id is None:
        raise ConversationNotFound
    return contact_id


async def _messages(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    end: PageKey | None,
    limit: int,
) -> list[MessageItem]:
    query = select_messages_where(visible_to(viewer)).where(Message.contact_id == contact_id)
    if end is not None:
        is_message = isinstance(end.id, UUID)
        query = query.where(tuple_(Message.at, Message.id) < tuple_(*end) if is_message else Message.at < end.at)
    records = (await session.execute(query.order_by(Message.at.desc(), Message.id.desc()).limit(limit))).all()
    return await message_items(session, records)


async def _events(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    end: PageKey | None,
    limit: int,
) -> list[Item]:
    conditions: list[ColumnElement[bool]] = [
        Entry.contact_id == contact_id,
        Entry.private_to.is_(None),
        visible_to(viewer),
    ]
    if end is not None:
        is_message = isinstance(end.id, UUID)
        conditions.append(Entry.at <= end.at if is_message else tuple_(Entry.at, Entry.position) < tuple_(*end))
    query = select_entries(*conditions).join(Conversation, Conversation.id == Entry.conversation_id)
    records = await session.execute(query.order_by(Entry.at.desc(), Entry.position.desc()).limit(limit))
    return [event_item(record) for record in records]
