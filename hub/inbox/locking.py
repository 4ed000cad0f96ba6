"""Find a conversation somebody may see and hold it: the first lock of every action; what all actions need of it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.channels import registry
from hub.channels.contract import WorkClass
from hub.channels.models import Channel
from hub.events.definitions import Event
from hub.events.log import record
from hub.timeline.conversations import seen_by
from hub.timeline.errors import ConversationNotFound
from hub.timeline.models import Conversation


async def locked(session: AsyncSession, viewer: Viewer, conversation_id: UUID) -> Conversation:
    """Lock a conversation as it is now; raises NotFound when there is none, or none for this viewer."""
    found = await session.execute(
        select(Conversation)
        .where(Conversation.id == conversation_id, seen_by(viewer))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    conversation = found.scalar_one_or_none()
    if conversation is None:
        raise ConversationNotFound
    return conversation


async def work_class_of(session: AsyncSession, conversation: Conversation) -> str:
    """Tell how much of a person a conversation takes, by the channel of its last message."""
    if conversation.last_channel_id is None:
        return WorkClass.ASYNC.value
    kind = await session.scalar(select(Channel.kind).where(Channel.id == conversation.last_channel_id))
    return registry.capabilities(kind).work_class.value if kind in registry.kinds() else WorkClass.ASYNC.value


def note(session: AsyncSession, conversation: Conversation, event: Event, viewer: Viewer) -> None:
    """Record what a viewer did to a conversation, which is a new version of it now."""
    conversation.version += 1
    record(
        session,
        event,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        agent_id=viewer.agent_id,
    )
