"""Lock the conversation of an action, which is the action's first lock, and tell its work class."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.channels import registry
from hub.channels.contract import WorkClass
from hub.channels.models import Channel
from hub.timeline.conversations import visible_to
from hub.timeline.errors import ConversationNotFound
from hub.timeline.models import Conversation


async def locked(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> Conversation:
    """Lock and reload a conversation. Raises NotFound when there is none, or the viewer may not see it."""
    found = await session.execute(
        select(Conversation)
        .where(Conversation.id == conversation_id, visible_to(viewer))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    conversation = found.scalar_one_or_none()
    if conversation is None:
        raise ConversationNotFound
    return conversation


async def work_class_of(session: AsyncSession, conversation: Conversation) -> WorkClass:
    """Return the work class of a conversation, by the channel of its last message."""
    if conversation.last_channel_id is None:
        return WorkClass.ASYNC
    kind = await session.scalar(select(Channel.kind).where(Channel.id == conversation.last_channel_id))
    return registry.capabilities(kind).work_class if kind in registry.kinds() else WorkClass.ASYNC
