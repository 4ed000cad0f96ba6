"""Since when a customer waits for us, worked out anew from what was said."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import Direction
from hub.timeline.models import Conversation, Message


async def waiting_since(session: AsyncSession, conversation: Conversation) -> datetime | None:
    """The customer's first message after our last answer."""
    here = select(func.max(Message.at)).where(Message.conversation_id == conversation.id)
    answered = here.where(Message.direction == Direction.OUTBOUND, Message.removed_at.is_(None)).scalar_subquery()
    waiting: datetime | None = await session.scalar(
        select(func.min(Message.at)).where(
            Message.conversation_id == conversation.id,
            Message.direction == Direction.INBOUND,
            Message.automatic.is_(False),
            answered.is_(None) | (Message.at > answered),
        )
    )
    return waiting
