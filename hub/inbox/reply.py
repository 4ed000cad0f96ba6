"""Answer a customer: a message, and a delivery that is due at `send_at`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.access.rights import Viewer
from hub.channels.contract import Capabilities
from hub.channels.errors import NothingToSend
from hub.delivery.models import Delivery
from hub.delivery.worker import TOPIC
from hub.events.definitions import Direction, MessageQueued, Status
from hub.inbox import actions, drafts
from hub.inbox.addressing import Route, files_of, route
from hub.inbox.collisions import refuse_newer
from hub.inbox.locking import note
from hub.inbox.message_ids import repeated
from hub.inbox.requests import Reply
from hub.runtime.context import publish_on_commit
from hub.storage.database import now
from hub.timeline.models import Attachment, Conversation, Message
from hub.timeline.text import clean, preview


class Leaving(Struct, frozen=True, kw_only=True):
    """An answer that can go: when it was written, when it leaves, by which way, with which files."""

    at: datetime
    send_at: datetime
    way: Route
    files: Sequence[Attachment]


async def reply(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, written: Reply, *, window: timedelta
) -> None:
    """Queue an answer; `window` is how long it can be undone where nobody says otherwise.

    The same id again is the same answer; with other words it raises Conflict. Raises BadInput or Conflict for
    what the channel cannot carry, and NewerReply when a colleague has answered meanwhile.
    """
    text = (clean(written.text) or "").strip()
    if await repeated(session, viewer, conversation, written.id, text):
        return
    await refuse_newer(session, viewer, conversation, written)
    way = await route(session, conversation, written)
    files = await files_of(session, viewer, written.attachment_ids, way.capabilities)
    if not text and not files:
        raise NothingToSend
    at = now()
    send_at = at + await _wait(session, viewer, written, way.capabilities, window)
    leaving = Leaving(at=at, send_at=send_at, way=way, files=files)
    await _store(session, conversation, _message(viewer, conversation, written.id, text, leaving), leaving)
    _answered(session, viewer, conversation, written.id, text or files[0].filename, leaving)
    await drafts.drop(session, viewer.agent_id, conversation.id, written.channel_id)
    await actions.answered(session, viewer, conversation, settled=written.resolve, at=at)


async def _wait(
    session: AsyncSession, viewer: Viewer, written: Reply, can: Capabilities, window: timedelta
) -> timedelta:
    """How long the answer can be taken back: as asked, else as the agent likes it, else as the channel suits."""
    if written.undo_seconds is not None:
        return timedelta(seconds=written.undo_seconds)
    if viewer.kind == "bot":
        return timedelta(0)
    liked = await session.scalar(select(Agent.undo_seconds).where(Agent.id == viewer.agent_id))
    if liked is not None:
        return timedelta(seconds=liked)
    return min(window, can.undo) if can.live else window


def _message(viewer: Viewer, conversation: Conversation, message_id: UUID, text: str, leaving: Leaving) -> Message:
    return Message(
        id=message_id,
        conversation_id=conversation.id,
        contact_id=conversation.contact_id,
        at=leaving.at,
        direction=Direction.OUTBOUND,
        channel_id=leaving.way.channel.id,
        agent_id=viewer.agent_id,
        point_id=leaving.way.point.id,
        cc=list(leaving.way.cc),
        subject=leaving.way.subject,
        body=text,
        status=Status.QUEUED,
        send_at=leaving.send_at,
        has_files=bool(leaving.files),
    )


async def _store(session: AsyncSession, conversation: Conversation, message: Message, leaving: Leaving) -> None:
    session.add(message)
    await session.flush()
    for file in leaving.files:
        file.message_id = message.id
    session.add(
        Delivery(
            message_id=message.id,
            conversation_id=conversation.id,
            channel_id=leaving.way.channel.id,
            point_id=leaving.way.point.id,
            due_at=leaving.send_at,
            created_at=leaving.at,
        )
    )
    publish_on_commit(session, TOPIC, b"")


def _answered(
    session: AsyncSession, viewer: Viewer, conversation: Conversation, message_id: UUID, shown: str, leaving: Leaving
) -> None:
    """The customer waits no longer."""
    conversation.waiting_since = None
    conversation.reply_count += 1
    conversation.preview = preview(shown)
    conversation.last_direction, conversation.last_at = Direction.OUTBOUND, leaving.at
    conversation.last_channel_id = leaving.way.channel.id
    note(session, conversation, MessageQueued(message_id=message_id, send_at=leaving.send_at), viewer)
