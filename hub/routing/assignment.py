"""Change which agent is responsible for a conversation, and record it with the reasons."""

from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import ConversationAssigned
from hub.timeline.changes import record_change
from hub.timeline.models import Conversation


class Assignment(Struct, frozen=True, kw_only=True):
    """An agent to assign, the reasons, and `by`: the agent who decided it (None: the router)."""

    agent_id: UUID
    reasons: tuple[str, ...]
    by: UUID | None = None


def assign(session: AsyncSession, conversation: Conversation, assignment: Assignment, *, moved: bool = False) -> None:
    """Assign a conversation and record it; nothing happens when the agent has it already.

    `moved`: the conversation has just changed its team, which is recorded even when the agent stays the same.
    """
    if moved or conversation.assignee_id != assignment.agent_id:
        conversation.assign(assignment.agent_id, assignment.reasons)
        event = ConversationAssigned(
            agent_id=assignment.agent_id, team_id=conversation.team_id, reasons=assignment.reasons
        )
        record_change(session, conversation, event, by=assignment.by)


def unassign(session: AsyncSession, conversation: Conversation, reasons: tuple[str, ...], *, by: UUID | None) -> None:
    """Remove a conversation's assignee and record it; `by` is the agent who decided it, None: the hub."""
    conversation.unassign()
    event = ConversationAssigned(agent_id=None, team_id=conversation.team_id, reasons=reasons)
    record_change(session, conversation, event, by=by)
