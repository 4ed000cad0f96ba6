"""A customer's history over all channels and conversations, page by page, and one conversation opened."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.channels import registry
from hub.channels.contract import Capabilities
from hub.channels.models import Channel
from hub.errors import BadInput, NotFound
from hub.inbox.items import EPOCH, entries, event_item, in_visible, message_items
from hub.inbox.queries import NO_SUCH, drafts, listed, seen_by
from hub.inbox.wire import ConversationDetail, Item, MessageItem, Reach, TimelinePage
from hub.timeline import log
from hub.timeline.events import Direction
from hub.timeline.models import ContactPoint, Conversation, Entry, Message

PAGE = 60
LOOK_BACK = 200  # so many of a customer's last messages tell where they can be reached


class Before(Struct, frozen=True):
    """A place in a timeline, read from the key of an item."""

    micros: int
    message_id: UUID | None
    position: int

    @classmethod
    def parse(cls, key: str) -> "Before":
        """Read a key; raises BadInput."""
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
    """Give a page of the history of the customer of a conversation, oldest first. Four queries, five with files."""
    cursor = await log.now_at(session)
    contact_id = await contact_of(session, viewer, conversation_id)
    place = Before.parse(before) if before else None
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
        raise NotFound(NO_SUCH)
    return found


async def _messages(
    session: AsyncSession,
    viewer: Viewer,
    contact_id: UUID,
    place: Before | None,
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
    place: Before | None,
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
        message = "There is no such message, or it is not yours to see."
        raise NotFound(message)
    return (await message_items(session, records))[0]


async def detail(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> ConversationDetail:
    """Give one conversation opened. Seven queries."""
    cursor = await log.now_at(session)
    shown = await listed(session, viewer, conversation_id)
    why = await session.scalar(select(Conversation.assigned_why).where(Conversation.id == conversation_id))
    return ConversationDetail(
        cursor=str(cursor),
        listed=shown,
        reach=await reach(session, shown.row.contact.id),
        drafts=await drafts(session, viewer, conversation_id),
        why=tuple(why or ()),
    )


async def reach(session: AsyncSession, contact_id: UUID) -> tuple[Reach, ...]:
    """Find the ways to answer a customer, the one they used last first. Three queries."""
    used = await _used(session, contact_id)
    points = (await session.scalars(select(ContactPoint).where(ContactPoint.contact_id == contact_id))).all()
    open_ones = select(Channel).where(Channel.archived_at.is_(None)).order_by(Channel.created_at)
    channels = (await session.scalars(open_ones)).all()
    ways = [
        _way(channel, point, used)
        for channel in channels
        for point in points
        if _carries(channel, point, used, registry.capabilities(channel.kind))
    ]
    rank = {way: place for place, way in enumerate(used)}
    ways.sort(key=lambda way: rank.get((way.channel_id, way.point_id), len(rank)))
    return tuple(ways)


async def _used(session: AsyncSession, contact_id: UUID) -> list[tuple[UUID, UUID]]:
    """List (channel, point) pairs the customer wrote by, the last first."""
    recent = (
        select(Message.channel_id, Message.point_id)
        .where(Message.contact_id == contact_id, Message.direction == Direction.INBOUND)
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(LOOK_BACK)
    )
    found = (await session.execute(recent)).all()
    return list(dict.fromkeys((channel, point) for channel, point in found if channel and point))


def _carries(
    channel: Channel,
    point: ContactPoint,
    used: list[tuple[UUID, UUID]],
    capabilities: Capabilities,
) -> bool:
    return capabilities.scheme == point.scheme and (capabilities.initiates or (channel.id, point.id) in used)


def _way(channel: Channel, point: ContactPoint, used: list[tuple[UUID, UUID]]) -> Reach:
    return Reach(
        channel_id=channel.id,
        channel_kind=channel.kind,
        channel_name=channel.name,
        from_address=channel.address,
        point_id=point.id,
        to_address=point.display,
        to_name=None,
        verified=point.verified_at is not None,
        last_used=bool(used) and used[0] == (channel.id, point.id),
        closed="paused" if channel.paused_at else None,
    )
