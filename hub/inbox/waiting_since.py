"""Computes from the stored messages since when a customer has been waiting."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import Direction
from hub.timeline.models import Conversation, Message


async def waiting_since(session: AsyncSession, conversation: Conversation) -> datetime | None:
    """Return when the customer's first message after the last reply was written; None: nothing waits. One query.

    Automatic messages, such as out-of-office replies, do not count.
    """
    latest = select(func.max(Message.at)).where(Message.conversation_id == conversation.id)
    replied_at = latest.where(Message.direction == Direction.OUTBOUND, Message.removed_at.is_(None)).scalar_subquery()
    waiting: datetime | None = await session.scalar(
        select(func.min(Message.at)).where(
            Message.conversation_id == conversation.id,
            Message.direction == Direction.INBOUND,
            Message.automatic.is_(False),
            replied_at.is_(None) | (Message.at > replied_at),
        )
    )
    return waiting
