"""One conversation opened, and the ways to answer its customer."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.channels import registry
from hub.channels.contract import Capabilities
from hub.channels.models import Channel
from hub.events import log
from hub.events.definitions import Direction
from hub.inbox.queries import drafts, listed
from hub.inbox.schemas import ConversationDetail, Reach
from hub.timeline.models import ContactPoint, Conversation, Message

LOOK_BACK = 200  # so many of a customer's last messages tell where they can be reached


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
