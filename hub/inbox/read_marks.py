"""Stores how far each agent has read; a mark moves backwards only when the agent asks for it."""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.events.definitions import ReadMarked
from hub.events.log import record
from hub.inbox.models import Mention, ReadMark
from hub.inbox.requests import Reading
from hub.storage.database import now
from hub.timeline.conversations import visible_to
from hub.timeline.errors import ConversationNotFound
from hub.timeline.models import Conversation


async def mark_read(session: AsyncSession, viewer: Viewer, conversation_id: UUID, reading: Reading) -> None:
    """Store how many inbound messages an agent has read, and mark the agent's mentions as seen; raises NotFound.

    With `reading.back` the mark may move backwards, and mentions stay as they are. Two to four queries.
    """
    visible = select(Conversation.inbound_count).where(Conversation.id == conversation_id, visible_to(viewer))
    inbound_count = await session.scalar(visible)
    if inbound_count is None:
        raise ConversationNotFound
    count = min(reading.inbound_read, inbound_count)
    moved = await _move_mark(session, viewer.agent_id, conversation_id, count, back=reading.back)
    seen = not reading.back and await _see_mentions(session, viewer.agent_id, conversation_id)
    if moved or seen:
        record(
            session,
            ReadMarked(
                agent_id=viewer.agent_id, inbound_read=await _inbound_read(session, viewer.agent_id, conversation_id)
            ),
            conversation_id=conversation_id,
            agent_id=viewer.agent_id,
            private_to=viewer.agent_id,
        )


async def _move_mark(session: AsyncSession, agent_id: UUID, conversation_id: UUID, count: int, *, back: bool) -> bool:
    """Move a read mark to this count; return whether it changed."""
    statement = insert(ReadMark).values(agent_id=agent_id, conversation_id=conversation_id, inbound_read=count)
    new_count = statement.excluded.inbound_read
    changes = ReadMark.inbound_read != new_count if back else ReadMark.inbound_read < new_count
    moved = await session.scalars(
        statement.on_conflict_do_update(
            index_elements=["agent_id", "conversation_id"], set_={"inbound_read": new_count}, where=changes
        ).returning(ReadMark.inbound_read)
    )
    return moved.first() is not None


async def _see_mentions(session: AsyncSession, agent_id: UUID, conversation_id: UUID) -> bool:
    """Mark an agent's open mentions in a conversation as seen; return whether there were any."""
    seen = await session.scalars(
        update(Mention)
        .where(Mention.agent_id == agent_id, Mention.conversation_id == conversation_id, Mention.seen_at.is_(None))
        .values(seen_at=now())
        .returning(Mention.message_id)
        .execution_options(synchronize_session=False)
    )
    return bool(seen.all())


async def _inbound_read(session: AsyncSession, agent_id: UUID, conversation_id: UUID) -> int:
    wanted = select(func.coalesce(ReadMark.inbound_read, 0)).where(
        ReadMark.agent_id == agent_id, ReadMark.conversation_id == conversation_id
    )
    return await session.scalar(wanted) or 0
