"""Replies to a customer: stores a message, and a delivery that is due at `send_at`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.access.rights import AgentKind, Viewer
from hub.channels.contract import Capabilities
from hub.channels.errors import NothingToSend
from hub.delivery.models import Delivery
from hub.delivery.worker import TOPIC
from hub.events.definitions import Direction, MessageQueued, Status
from hub.inbox import actions, drafts
from hub.inbox.addressing import Route, files_of, route
from hub.inbox.collisions import refuse_if_newer
from hub.inbox.message_ids import is_repeated
from hub.inbox.requests import Reply
from hub.runtime.context import publish_on_commit
from hub.storage.database import now
from hub.timeline.changes import record_change
from hub.timeline.models import Attachment, Conversation, Message
from hub.timeline.text import clean


class Outgoing(Struct, frozen=True, kw_only=True):
    """A checked reply: `at` is when it was written, `send_at` when it is sent."""

    at: datetime
    send_at: datetime
    route: Route
    files: Sequence[Attachment]


async def reply(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, request: Reply, *, window: timedelta
) -> None:
    """Queue a reply; `window` is how long it can be undone unless the reply or the agent says otherwise.

    A repeated id is the same reply and changes nothing; with another text it raises Conflict. Raises BadInput or
    Conflict for what the channel cannot carry, and NewerReply when a colleague has replied in the meantime.
    """
    text = (clean(request.text) or "").strip()
    if await is_repeated(session, viewer, conversation, request.id, text):
        return
    await refuse_if_newer(session, viewer, conversation, request)
    route_ = await route(session, conversation, request)
    files = await files_of(session, viewer, request.attachment_ids, route_.capabilities)
    if not text and not files:
        raise NothingToSend
    at = now()
    send_at = at + await _undo_time(session, viewer, request, route_.capabilities, window)
    outgoing = Outgoing(at=at, send_at=send_at, route=route_, files=files)
    await _store(session, conversation, _message(viewer, conversation, request.id, text, outgoing), outgoing)
    conversation.answer(at=at, channel_id=route_.channel.id, text=text or files[0].filename)
    record_change(session, conversation, MessageQueued(message_id=request.id, send_at=send_at), by=viewer.agent_id)
    await drafts.drop(session, viewer.agent_id, conversation.id, request.channel_id)
    await actions.apply_reply(session, viewer, conversation, resolves=request.resolve, at=at)


async def _undo_time(
    session: AsyncSession, viewer: Viewer, request: Reply, capabilities: Capabilities, window: timedelta
) -> timedelta:
    """Return how long the reply can be undone: as the reply says, else as the agent prefers, else by the channel."""
    if request.undo_seconds is not None:
        return timedelta(seconds=request.undo_seconds)
    if viewer.kind is AgentKind.BOT:
        return timedelta(0)
    preferred = await session.scalar(select(Agent.undo_seconds).where(Agent.id == viewer.agent_id))
    if preferred is not None:
        return timedelta(seconds=preferred)
    return min(window, capabilities.undo) if capabilities.live else window


def _message(viewer: Viewer, conversation: Conversation, message_id: UUID, text: str, outgoing: Outgoing) -> Message:
    return Message(
        id=message_id,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        at=outgoing.at,
        direction=Direction.OUTBOUND,
        channel_id=outgoing.route.channel.id,
        agent_id=viewer.agent_id,
        point_id=outgoing.route.point.id,
        cc=list(outgoing.route.cc),
        subject=outgoing.route.subject,
        body=text,
        status=Status.QUEUED,
        send_at=outgoing.send_at,
        has_files=bool(outgoing.files),
    )


async def _store(session: AsyncSession, conversation: Conversation, message: Message, outgoing: Outgoing) -> None:
    session.add(message)
    await session.flush()
    for file in outgoing.files:
        file.message_id = message.id
    session.add(
        Delivery(
            message_id=message.id,
            conversation_id=conversation.id,
            channel_id=outgoing.route.channel.id,
            point_id=outgoing.route.point.id,
            due_at=outgoing.send_at,
            created_at=outgoing.at,
        )
    )
    publish_on_commit(session, TOPIC, b"")
