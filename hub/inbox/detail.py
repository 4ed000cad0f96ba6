"""Queries for one open conversation: its row, the ways to reply, and the viewer's drafts."""

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

RECENT_MESSAGES = 200  # of a customer, searched for the channels and addresses they use


async def detail(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> ConversationDetail:
    """Return one conversation with the ways to reply and the viewer's drafts; raises NotFound. Seven queries."""
    cursor = await log.current_position(session)
    item = await listed(session, viewer, conversation_id)
    reasons = await session.scalar(select(Conversation.assigned_why).where(Conversation.id == conversation_id))
    return ConversationDetail(
        cursor=str(cursor),
        listed=item,
        reach=await reach(session, item.row.contact.id),
        drafts=await drafts(session, viewer, conversation_id),
        why=tuple(reasons or ()),
    )


async def reach(session: AsyncSession, contact_id: UUID) -> tuple[Reach, ...]:
    """List the ways to reply to a customer, the one they used last first. Three queries."""
    used = await _recently_used(session, contact_id)
    points = (await session.scalars(select(ContactPoint).where(ContactPoint.contact_id == contact_id))).all()
    in_use = select(Channel).where(Channel.archived_at.is_(None)).order_by(Channel.created_at)
    channels = (await session.scalars(in_use)).all()
    routes = [
        _reach_item(channel, point, used)
        for channel in channels
        for point in points
        if _can_reach(channel, point, used, registry.capabilities(channel.kind))
    ]
    rank = {pair: index for index, pair in enumerate(used)}
    routes.sort(key=lambda route: rank.get((route.channel_id, route.point_id), len(rank)))
    return tuple(routes)


async def _recently_used(session: AsyncSession, contact_id: UUID) -> list[tuple[UUID, UUID]]:
    """List the (channel id, contact point id) pairs that the customer wrote by, the last used first."""
    recent = (
        select(Message.channel_id, Message.point_id)
        .where(Message.contact_id == contact_id, Message.direction == Direction.INBOUND)
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(RECENT_MESSAGES)
    )
    found = (await session.execute(recent)).all()
    return list(dict.fromkeys((channel, point) for channel, point in found if channel and point))


def _can_reach(
    channel: Channel,
    point: ContactPoint,
    used: list[tuple[UUID, UUID]],
    capabilities: Capabilities,
) -> bool:
    return capabilities.scheme == point.scheme and (capabilities.initiates or (channel.id, point.id) in used)


def _reach_item(channel: Channel, point: ContactPoint, used: list[tuple[UUID, UUID]]) -> Reach:
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
