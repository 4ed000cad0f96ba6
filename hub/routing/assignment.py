"""Who has a conversation now, and why: on its row, and in the log."""

from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import ConversationAssigned, Event
from hub.events.log import record
from hub.timeline.models import Conversation


class Handing(Struct, frozen=True, kw_only=True):
    """To whom work goes, why, and by whom (None: the hub itself)."""

    agent_id: UUID
    reasons: tuple[str, ...]
    by: UUID | None = None


def assigned(session: AsyncSession, conversation: Conversation, handing: Handing, *, moved: bool = False) -> None:
    """Write down on the conversation, and in the log, who has it now and why."""
    if moved or conversation.assignee_id != handing.agent_id:
        conversation.assignee_id, conversation.assigned_why = handing.agent_id, list(handing.reasons)
        conversation.version += 1
        told = ConversationAssigned(agent_id=handing.agent_id, team_id=conversation.team_id, reasons=handing.reasons)
        note(session, conversation, told, handing.by)


def unassigned(session: AsyncSession, conversation: Conversation, reasons: tuple[str, ...], *, by: UUID | None) -> None:
    """Write down that nobody has the conversation any more, and why."""
    conversation.assignee_id, conversation.assigned_why = None, []
    conversation.version += 1
    told = ConversationAssigned(agent_id=None, team_id=conversation.team_id, reasons=reasons)
    note(session, conversation, told, by)


def note(session: AsyncSession, conversation: Conversation, event: Event, by: UUID | None) -> None:
    """Record what happened to a conversation; `by` None: the hub or the customer did it."""
    record(session, event, conversation_id=conversation.id, contact_id=conversation.contact_id, agent_id=by)
