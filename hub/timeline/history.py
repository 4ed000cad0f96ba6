"""Reads a customer's history over all channels and conversations, page by page."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.errors import BadInput, NotFound
from hub.events import log
from hub.events.models import Entry
from hub.timeline.conversations import NO_SUCH, seen_by
from hub.timeline.items import EPOCH, entries, event_item, in_visible, message_items
from hub.timeline.models import Conversation, Message
from hub.timeline.schemas import Item, MessageItem, TimelinePage

PAGE = 60


class PageKey(Struct, frozen=True):
    """A position in a timeline, parsed from an item's key: of a message, or (`message_id` None) of an event."""

    micros: int
    message_id: UUID | None
    position: int

    @classmethod
    def parse(cls, key: str) -> "PageKey":
        """Parse an item's key; raises BadInput."""
        try:
            if key[17] == "m":
                return cls(int(key[:17]), UUID(hex=key[18:]), 0)
            if key[17] == "e":
                return cls(int(key[:17]), None, int(key[18:]))
        except (ValueError, IndexError):
            pass
        message = "This page key is not one of ours; begin again with the newest page."
        raise BadInput(message, field="before")


async def timeline(
    session: AsyncSession,
    viewer: Viewer,
    conversation_id: UUID,
    *,
    before: str | None = None,
    limit: int = PAGE,
) -> TimelinePage:
    """Return a page of the history of a conversation's customer, oldest item first.

    `before` is the key of an item (None: the newest page), `limit` a number of items. Raises NotFound, BadInput.
    Four queries, five with files.
    """
    cursor = await log.now_at(session)
    contact_id = await contact_of(session, viewer, conversation_id)
    end = PageKey.parse(before) if before else None
    messages = await _messages(session, viewer, contact_id, end, limit + 1)
    events = await _events(session, viewer, contact_id, end, limit + 1)
    items: list[Item] = sorted([*messages, *events], key=lambda item: item.key)
    newest = items[-limit:]
    previous = newest[0].key if len(items) > limit else None
    return TimelinePage(cursor=str(cursor), items=tuple(newest), previous=previous)


async def contact_of(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> UUID:
    """Return the contact of a conversation; raises NotFound if the viewer may not see it. One query."""
    wanted = select(Conversation.contact_id).where(Conversation.id == conversation_id, seen_by(viewer))
    found = await session.scalar(wanted)
    if found is None:
        raise NotFound(NO_SUCH)
    return found


async def _messages(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    end: PageKey | None,
    limit: int,
) -> list[MessageItem]:
    wanted = in_visible(seen_by(viewer)).where(Message.contact_id == contact_id)
    if end is not None:
        at = EPOCH + timedelta(microseconds=end.micros)
        earlier = tuple_(Message.at, Message.id) < tuple_(at, end.message_id) if end.message_id else Message.at < at
        wanted = wanted.where(earlier)
    records = (await session.execute(wanted.order_by(Message.at.desc(), Message.id.desc()).limit(limit))).all()
    return await message_items(session, records)


async def _events(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    end: PageKey | None,
    limit: int,
) -> list[Item]:
    where: list[ColumnElement[bool]] = [Entry.contact_id == contact_id, Entry.private_to.is_(None), seen_by(viewer)]
    if end is not None:
        at = EPOCH + timedelta(microseconds=end.micros)
        where.append(Entry.at <= at if end.message_id else tuple_(Entry.at, Entry.position) < tuple_(at, end.position))
    wanted = entries(*where).join(Conversation, Conversation.id == Entry.conversation_id)
    found = await session.execute(wanted.order_by(Entry.at.desc(), Entry.position.desc()).limit(limit))
    return [event_item(record) for record in found]
