"""Add a note that only agents see, and mention colleagues in it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, TeamMember
from hub.access.rights import Viewer
from hub.access.scope import sees
from hub.events.definitions import Direction, NoteAdded
from hub.inbox import drafts
from hub.inbox.errors import MentionUnknown, MentionWithoutAccess, NoteEmpty
from hub.inbox.message_ids import is_repeated
from hub.inbox.models import Mention
from hub.inbox.requests import Note
from hub.storage.database import now
from hub.timeline.changes import record_change
from hub.timeline.models import Conversation, Message
from hub.timeline.text import clean


async def note(session: AsyncSession, viewer: Viewer, conversation: Conversation, request: Note) -> None:
    """Add a note; a repeated id is the same note and changes nothing.

    Raises BadInput for an empty note and for mentions of agents who cannot see the conversation, and Conflict when
    the id belongs to another message.
    """
    text = (clean(request.text) or "").strip()
    if not text:
        raise NoteEmpty
    if await is_repeated(session, viewer, conversation, request.id, text):
        return
    mentioned = tuple(agent_id for agent_id in dict.fromkeys(request.mentions) if agent_id != viewer.agent_id)
    await _check(session, conversation, mentioned)
    session.add(
        Message(
            id=request.id,
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            at=now(),
            direction=Direction.INTERNAL,
            agent_id=viewer.agent_id,
            body=text,
            mentions=[str(agent_id) for agent_id in mentioned],
        )
    )
    await session.flush()
    session.add_all(
        Mention(message_id=request.id, agent_id=agent_id, conversation_id=conversation.id) for agent_id in mentioned
    )
    conversation.touch()
    event = NoteAdded(message_id=request.id, mentions=mentioned)
    record_change(session, conversation, event, by=viewer.agent_id)
    await drafts.drop(session, viewer.agent_id, conversation.id, None)


async def _check(session: AsyncSession, conversation: Conversation, mentioned: Sequence[UUID]) -> None:
    """Raise BadInput unless all mentioned agents can see the conversation. No query when none is mentioned."""
    if not mentioned:
        return
    teams = func.array_remove(func.array_agg(TeamMember.team_id), None).label("teams")
    found = await session.execute(
        select(Agent.id, Agent.name, Agent.role, teams)
        .outerjoin(TeamMember, TeamMember.agent_id == Agent.id)
        .where(Agent.id.in_(mentioned), Agent.disabled_at.is_(None))
        .group_by(Agent.id)
    )
    known = {row.id: row for row in found}
    for agent_id in mentioned:
        row = known.get(agent_id)
        if row is None:
            raise MentionUnknown(agent=str(agent_id))
        viewer = Viewer(agent_id=agent_id, role=row.role, team_ids=frozenset(row.teams))
        if not sees(viewer, conversation.team_id, conversation.assignee_id):
            raise MentionWithoutAccess(name=row.name)
