"""A customer's history over all channels and conversations, page by page, and one conversation opened."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.events import log
from hub.events.models import Entry
from hub.inbox.items import entries, event_item, in_visible, message_items
from hub.inbox.schemas import Item, MessageItem, TimelinePage
from hub.runtime.page_keys import PageKey, parse_key
from hub.timeline.conversations import seen_by
from hub.timeline.errors import ConversationNotFound, MessageNotFound
from hub.timeline.models import Conversation, Message

PAGE = 60


async def timeline(
    session: AsyncSession,
    viewer: Viewer,
    conversation_id: UUID,
    *,
    before: str | None = None,
    limit: int = PAGE,
) -> TimelinePage:
    """Give a page of the history of the customer of a conversation, oldest first. Four queries, five with files."""
    cursor = await log.now_at(session)
    contact_id = await contact_of(session, viewer, conversation_id)
    place = parse_key(before, "before") if before else None
    said = await _messages(session, viewer, contact_id, place, limit + 1)
    happened = await _events(session, viewer, contact_id, place, limit + 1)
    items: list[Item] = sorted([*said, *happened], key=lambda item: item.key)
    newest = items[-limit:]
    previous = newest[0].key if len(items) > limit else None
    return TimelinePage(cursor=str(cursor), items=tuple(newest), previous=previous)


async def contact_of(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> UUID:
    """Find the customer of a conversation; raises NotFound when the viewer may not see it."""
    wanted = select(Conversation.contact_id).where(Conversation.id == conversation_id, seen_by(viewer))
    found = await session.scalar(wanted)
    if found is None:
        raise ConversationNotFound
    return found


async def _messages(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    place: PageKey | None,
    limit: int,
) -> list[MessageItem]:
    wanted = in_visible(seen_by(viewer)).where(Message.contact_id == contact_id)
    if place is not None:
        by_row = isinstance(place.id, UUID)
        wanted = wanted.where(tuple_(Message.at, Message.id) < tuple_(*place) if by_row else Message.at < place.at)
    records = (await session.execute(wanted.order_by(Message.at.desc(), Message.id.desc()).limit(limit))).all()
    return await message_items(session, records)


async def _events(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    place: PageKey | None,
    limit: int,
) -> list[Item]:
    where: list[ColumnElement[bool]] = [Entry.contact_id == contact_id, Entry.private_to.is_(None), seen_by(viewer)]
    if place is not None:
        by_row = isinstance(place.id, UUID)
        where.append(Entry.at <= place.at if by_row else tuple_(Entry.at, Entry.position) < tuple_(*place))
    wanted = entries(*where).join(Conversation, Conversation.id == Entry.conversation_id)
    found = await session.execute(wanted.order_by(Entry.at.desc(), Entry.position.desc()).limit(limit))
    return [event_item(record) for record in found]


async def message_item(session: AsyncSession, viewer: Viewer, message_id: UUID) -> MessageItem:
    """Give one message as its viewer sees it; raises NotFound."""
    await session.flush()
    records = (await session.execute(in_visible(seen_by(viewer)).where(Message.id == message_id))).all()
    if not records:
        raise MessageNotFound
    return (await message_items(session, records))[0]
