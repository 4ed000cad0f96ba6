"""Two colleagues answer the same customer at once: the second is told before anything leaves."""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from hub.access.models import Agent
from hub.access.rights import Viewer
from hub.events.definitions import Direction
from hub.inbox.errors import NewerReply
from hub.inbox.requests import Reply
from hub.timeline.models import Conversation, Message

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Earlier = aliased(Message)


async def refuse_newer(session: AsyncSession, viewer: Viewer, conversation: Conversation, written: Reply) -> None:
    """Raise NewerReply when a colleague has answered after what the writer has seen, or said; one query at most."""
    unseen = written.seen is None and written.last_seen_id is None
    if written.force or unseen or conversation.reply_count == 0:
        return
    own = _here(conversation).where(Earlier.agent_id == viewer.agent_id, Earlier.direction == Direction.OUTBOUND)
    known = func.coalesce(func.greatest(_seen(conversation, written), _latest(own)), LONG_AGO)
    name = await session.scalar(
        select(Agent.name)
        .join(Message, Message.agent_id == Agent.id)
        .where(*_by_colleagues(viewer, conversation), Message.at > known)
        .order_by(Message.at.desc())
        .limit(1)
    )
    if name is not None:
        raise NewerReply(name=name)


def _by_colleagues(viewer: Viewer, conversation: Conversation) -> tuple[ColumnElement[bool], ...]:
    return (
        Message.conversation_id == conversation.id,
        Message.direction == Direction.OUTBOUND,
        Message.agent_id != viewer.agent_id,
        Message.removed_at.is_(None),
    )


def _seen(conversation: Conversation, written: Reply) -> ScalarSelect[datetime]:
    """The moment of the newest message on the writer's screen."""
    here = _here(conversation)
    if written.last_seen_id is not None:
        return here.where(Earlier.id == written.last_seen_id).scalar_subquery()
    first = here.where(Earlier.direction == Direction.INBOUND).order_by(Earlier.at, Earlier.id)
    return _latest(first.limit(written.seen))


def _here(conversation: Conversation) -> Select[datetime]:
    return select(Earlier.at).where(Earlier.conversation_id == conversation.id)


def _latest(moments: Select[datetime]) -> ScalarSelect[datetime]:
    found = moments.subquery()
    return select(func.max(found.c.at)).scalar_subquery()
