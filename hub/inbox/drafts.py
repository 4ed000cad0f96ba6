"""Stores agents' drafts on the server, one per agent, conversation and channel; the last write wins."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.events.definitions import DraftDropped, DraftKept
from hub.events.log import record
from hub.inbox.models import Draft
from hub.inbox.requests import Drafting
from hub.storage.database import now
from hub.timeline.conversations import visible_to
from hub.timeline.errors import ConversationNotFound
from hub.timeline.models import Conversation
from hub.timeline.text import clean

NOTE = "note"


async def keep(session: AsyncSession, viewer: Viewer, conversation_id: UUID, drafting: Drafting) -> None:
    """Store a draft, or delete it if its text and subject are empty; raises NotFound."""
    visible = select(Conversation.id).where(Conversation.id == conversation_id, visible_to(viewer))
    if await session.scalar(visible) is None:
        raise ConversationNotFound
    if not drafting.text.strip() and not (drafting.subject or "").strip():
        await drop(session, viewer.agent_id, conversation_id, drafting.channel_id)
        return
    had_draft = await _has_any(session, viewer.agent_id, conversation_id)
    values = {"text": clean(drafting.text), "subject": clean(drafting.subject) or None, "updated_at": now()}
    statement = insert(Draft).values(
        agent_id=viewer.agent_id, conversation_id=conversation_id, channel_key=key_of(drafting.channel_id), **values
    )
    await session.execute(
        statement.on_conflict_do_update(index_elements=["agent_id", "conversation_id", "channel_key"], set_=values)
    )
    if not had_draft:
        _record(session, DraftKept(agent_id=viewer.agent_id), conversation_id)


async def drop(session: AsyncSession, agent_id: UUID, conversation_id: UUID, channel_id: UUID | None) -> None:
    """Delete a draft that was sent or emptied, if there is one. `channel_id` None: the draft of a note."""
    deleted = await session.scalars(
        delete(Draft)
        .where(
            Draft.agent_id == agent_id,
            Draft.conversation_id == conversation_id,
            Draft.channel_key == key_of(channel_id),
        )
        .returning(Draft.channel_key)
    )
    if deleted.first() is not None and not await _has_any(session, agent_id, conversation_id):
        _record(session, DraftDropped(agent_id=agent_id), conversation_id)


def key_of(channel_id: UUID | None) -> str:
    """Return the `channel_key` of a draft: the channel's id, or "note" for None."""
    return NOTE if channel_id is None else str(channel_id)


async def _has_any(session: AsyncSession, agent_id: UUID, conversation_id: UUID) -> bool:
    own = select(Draft.channel_key).where(Draft.agent_id == agent_id, Draft.conversation_id == conversation_id)
    return await session.scalar(own.limit(1)) is not None


def _record(session: AsyncSession, event: DraftKept | DraftDropped, conversation_id: UUID) -> None:
    """Record an event that only the draft's author may see."""
    record(session, event, conversation_id=conversation_id, agent_id=event.agent_id, private_to=event.agent_id)
