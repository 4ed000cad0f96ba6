"""A customer's history over all channels and conversations, page by page, and one conversation opened."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.events import log
from hub.events.models import Entry
from hub.inbox.items import EPOCH, entries, event_item, in_visible, message_items
from hub.inbox.schemas import Item, MessageItem, TimelinePage
from hub.runtime.errors import PageKeyInvalid
from hub.timeline.conversations import seen_by
from hub.timeline.errors import ConversationNotFound, MessageNotFound
from hub.timeline.models import Conversation, Message

PAGE = 60


class PageKey(Struct, frozen=True):
    """A place in a timeline, read from the key of an item."""

    micros: int
    message_id: UUID | None
    position: int

    @classmethod
    def parse(cls, key: str) -> "PageKey":
        """Read a key; raises BadInput."""
        try:
            if key[17] == "m":
                return cls(int(key[:17]), UUID(hex=key[18:]), 0)
            if key[17] == "e":
                return cls(int(key[:17]), None, int(key[18:]))
        except (ValueError, IndexError):
            pass
        raise PageKeyInvalid().at("before")


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
    place = PageKey.parse(before) if before else None
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
        at = EPOCH + timedelta(microseconds=place.micros)
        earlier = tuple_(Message.at, Message.id) < tuple_(at, place.message_id) if place.message_id else Message.at < at
        wanted = wanted.where(earlier)
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
        at = EPOCH + timedelta(microseconds=place.micros)
        where.append(
            Entry.at <= at if place.message_id else tuple_(Entry.at, Entry.position) < tuple_(at, place.position)
        )
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
