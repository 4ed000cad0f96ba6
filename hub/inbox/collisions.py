"""Refuses a reply when a colleague has replied since its author last saw the conversation."""

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


async def refuse_if_newer(session: AsyncSession, viewer: Viewer, conversation: Conversation, reply: Reply) -> None:
    """Raise NewerReply if a colleague replied after what the author last saw or sent. One query at most.

    Nothing is checked if the request has `force` or does not say what its author has seen.
    """
    unseen = reply.seen is None and reply.last_seen_id is None
    if reply.force or unseen or conversation.reply_count == 0:
        return
    own_replies = _times(conversation).where(
        Earlier.agent_id == viewer.agent_id, Earlier.direction == Direction.OUTBOUND
    )
    last_known_at = func.coalesce(func.greatest(_last_seen_at(conversation, reply), _latest(own_replies)), LONG_AGO)
    name = await session.scalar(
        select(Agent.name)
        .join(Message, Message.agent_id == Agent.id)
        .where(*_by_colleagues(viewer, conversation), Message.at > last_known_at)
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


def _last_seen_at(conversation: Conversation, reply: Reply) -> ScalarSelect[datetime]:
    """Return when the newest message on the author's screen was written."""
    times = _times(conversation)
    if reply.last_seen_id is not None:
        return times.where(Earlier.id == reply.last_seen_id).scalar_subquery()
    inbound = times.where(Earlier.direction == Direction.INBOUND).order_by(Earlier.at, Earlier.id)
    return _latest(inbound.limit(reply.seen))


def _times(conversation: Conversation) -> Select[datetime]:
    return select(Earlier.at).where(Earlier.conversation_id == conversation.id)


def _latest(times: Select[datetime]) -> ScalarSelect[datetime]:
    found = times.subquery()
    return select(func.max(found.c.at)).scalar_subquery()
