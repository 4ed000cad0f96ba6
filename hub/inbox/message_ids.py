"""A message's id is made by whoever writes it: the same id again is the same message, never a second one."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.inbox.errors import MessageIdTaken
from hub.timeline.models import Conversation, Message


async def repeated(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, message_id: UUID, text: str
) -> bool:
    """Tell whether this was said already; raises Conflict when something else was said under the same id."""
    known = await session.get(Message, message_id)
    if known is None:
        return False
    same = (known.conversation_id, known.agent_id, known.body) == (conversation.id, viewer.agent_id, text)
    if not same or known.removed_at is not None:
        raise MessageIdTaken
    return True
