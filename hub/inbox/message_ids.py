"""Recognises repeated requests: clients choose message ids, and the same id means the same message."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.inbox.errors import MessageIdTaken
from hub.timeline.models import Conversation, Message


async def is_repeated(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, message_id: UUID, text: str
) -> bool:
    """Return whether this message is stored already; raises Conflict if another message has its id. One query."""
    stored = await session.get(Message, message_id)
    if stored is None:
        return False
    same = (stored.conversation_id, stored.agent_id, stored.body) == (conversation.id, viewer.agent_id, text)
    if not same or stored.removed_at is not None:
        raise MessageIdTaken
    return True
