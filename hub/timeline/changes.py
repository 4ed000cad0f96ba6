"""Record the events of a conversation in the event log."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import Event
from hub.events.log import record
from hub.timeline.models import Conversation


def record_change(session: AsyncSession, conversation: Conversation, event: Event, *, by: UUID | None) -> None:
    """Record an event of a conversation; `by` is the agent who caused it, None: the customer or the hub."""
    record(session, event, conversation_id=conversation.id, contact_id=conversation.contact_id, agent_id=by)
