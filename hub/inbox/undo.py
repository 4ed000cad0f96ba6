"""Undo a reply before it is sent: its text returns to the composer, and the customer waits again."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.delivery.models import Delivery, DeliveryState
from hub.events.definitions import Direction, MessageUnsent, State
from hub.inbox import actions
from hub.inbox.errors import NotYourReply, ReplyAlreadySent
from hub.inbox.locking import locked
from hub.inbox.requests import TakenBack
from hub.inbox.waiting_since import waiting_since
from hub.storage.database import now
from hub.timeline.changes import record_change
from hub.timeline.items import attachment_item
from hub.timeline.lifecycle import LastMessage
from hub.timeline.models import Attachment, Conversation, Message
from hub.timeline.schemas import AttachmentItem


async def take_back(session: AsyncSession, viewer: Viewer, message_id: UUID) -> TakenBack:
    """Undo a reply of the viewer's own, with its effects, and return what was written.

    The customer waits again, and a conversation that the reply resolved is open again. Raises ReplyAlreadySent when
    the reply is being sent, and NotYourReply when it is not the viewer's own.
    """
    message = await session.get(Message, message_id)
    if message is None or (message.agent_id, message.direction) != (viewer.agent_id, Direction.OUTBOUND):
        raise NotYourReply
    conversation = await locked(session, viewer, message.conversation_id)
    await session.refresh(message)
    if message.removed_at is None:
        await _cancel(session, message)
        message.removed_at = now()
        record_change(session, conversation, MessageUnsent(message_id=message.id), by=viewer.agent_id)
        await _restore(session, conversation)
    files = await _free_files(session, message)
    if conversation.resolved_at == message.at and conversation.state is State.RESOLVED:
        await actions.reopen(session, viewer, conversation)
    return TakenBack(text=message.body, subject=message.subject, channel_id=message.channel_id, attachments=files)


async def _cancel(session: AsyncSession, message: Message) -> None:
    """Cancel the delivery. Raises ReplyAlreadySent when a worker has claimed it."""
    cancelled = await session.scalars(
        update(Delivery)
        .where(Delivery.message_id == message.id, Delivery.state == DeliveryState.DUE, Delivery.attempts == 0)
        .values(state=DeliveryState.CANCELLED, settled_at=now())
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if cancelled.first() is None:
        raise ReplyAlreadySent


async def _restore(session: AsyncSession, conversation: Conversation) -> None:
    """Set the conversation back: its last message, and since when the customer waits."""
    await session.flush()
    remaining = select(Message.at, Message.direction, Message.channel_id, Message.body, Message.subject).where(
        Message.conversation_id == conversation.id,
        Message.direction != Direction.INTERNAL,
        Message.removed_at.is_(None),
    )
    found = (await session.execute(remaining.order_by(Message.at.desc(), Message.id.desc()).limit(1))).first()
    last = found and LastMessage(
        at=found.at, direction=found.direction, channel_id=found.channel_id, text=found.body or found.subject or ""
    )
    conversation.undo_answer(last, waiting_since=await waiting_since(session, conversation))


async def _free_files(session: AsyncSession, message: Message) -> tuple[AttachmentItem, ...]:
    """Detach the files of the message, so that they can be sent again."""
    if not message.has_files:
        return ()
    files = (await session.scalars(select(Attachment).where(Attachment.message_id == message.id))).all()
    for file in files:
        file.message_id = None
    message.has_files = False
    return tuple(attachment_item(file) for file in files)
