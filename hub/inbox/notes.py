"""Write a note that only the team sees, and name colleagues in it."""

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
from hub.inbox.locking import note as told
from hub.inbox.message_ids import repeated
from hub.inbox.models import Mention
from hub.inbox.requests import Note
from hub.storage.database import now
from hub.timeline.models import Conversation, Message
from hub.timeline.text import clean


async def note(session: AsyncSession, viewer: Viewer, conversation: Conversation, written: Note) -> None:
    """Add a note; the same id again is the same note. Raises BadInput for mentions of who cannot read it."""
    text = (clean(written.text) or "").strip()
    if not text:
        raise NoteEmpty
    if await repeated(session, viewer, conversation, written.id, text):
        return
    named = tuple(one for one in dict.fromkeys(written.mentions) if one != viewer.agent_id)
    await _check(session, conversation, named)
    session.add(
        Message(
            id=written.id,
            conversation_id=conversation.id,
            contact_id=conversation.contact_id,
            at=now(),
            direction=Direction.INTERNAL,
            agent_id=viewer.agent_id,
            body=text,
            mentions=[str(one) for one in named],
        )
    )
    await session.flush()
    session.add_all(Mention(message_id=written.id, agent_id=one, conversation_id=conversation.id) for one in named)
    told(session, conversation, NoteAdded(message_id=written.id, mentions=named), viewer)
    await drafts.drop(session, viewer.agent_id, conversation.id, None)


async def _check(session: AsyncSession, conversation: Conversation, named: Sequence[UUID]) -> None:
    """See that everybody named can read the conversation. No query when nobody is named."""
    if not named:
        return
    teams = func.array_remove(func.array_agg(TeamMember.team_id), None).label("teams")
    found = await session.execute(
        select(Agent.id, Agent.name, Agent.role, teams)
        .outerjoin(TeamMember, TeamMember.agent_id == Agent.id)
        .where(Agent.id.in_(named), Agent.disabled_at.is_(None))
        .group_by(Agent.id)
    )
    known = {row.id: row for row in found}
    for one in named:
        row = known.get(one)
        if row is None:
            raise MentionUnknown(agent=str(one))
        looking = Viewer(agent_id=one, role=row.role, team_ids=frozenset(row.teams))
        if not sees(looking, conversation.team_id, conversation.assignee_id):
            raise MentionWithoutAccess(name=row.name)
