"""Take an answer back before it leaves: the words return to the composer, and the customer waits again."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.delivery.models import Delivery
from hub.events.definitions import Direction, MessageUnsent, State
from hub.inbox import actions
from hub.inbox.errors import NotYourReply, ReplyAlreadySent
from hub.inbox.locking import locked, note
from hub.inbox.requests import TakenBack
from hub.inbox.waiting_since import waiting_since
from hub.storage.database import now
from hub.timeline.items import attachment_item
from hub.timeline.models import Attachment, Conversation, Message
from hub.timeline.schemas import AttachmentItem
from hub.timeline.text import preview


async def take_back(session: AsyncSession, viewer: Viewer, message_id: UUID) -> TakenBack:
    """Take one's own answer back; raises ReplyAlreadySent when it is on its way, and NotFound when it is not one's own.

    What the answer did is undone with it: the customer waits again, and what it resolved is open again.
    """
    message = await session.get(Message, message_id)
    if message is None or (message.agent_id, message.direction) != (viewer.agent_id, Direction.OUTBOUND):
        raise NotYourReply
    conversation = await locked(session, viewer, message.conversation_id)
    await session.refresh(message)
    if message.removed_at is None:
        await _cancel(session, message)
        message.removed_at = now()
        note(session, conversation, MessageUnsent(message_id=message.id), viewer)
        await _as_before(session, conversation)
    files = await _free_files(session, message)
    if conversation.resolved_at == message.at and conversation.state == State.RESOLVED:
        await actions.reopen(session, viewer, conversation)
    return TakenBack(text=message.body, subject=message.subject, channel_id=message.channel_id, attachments=files)


async def _cancel(session: AsyncSession, message: Message) -> None:
    """Cancel the delivery, unless somebody has begun with it."""
    cancelled = await session.scalars(
        update(Delivery)
        .where(Delivery.message_id == message.id, Delivery.state == "due", Delivery.attempts == 0)
        .values(state="cancelled", settled_at=now())
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    if cancelled.first() is None:
        raise ReplyAlreadySent


async def _as_before(session: AsyncSession, conversation: Conversation) -> None:
    """Set the conversation back to what it was: its last message, and since when the customer waits."""
    await session.flush()
    conversation.reply_count -= 1
    said = select(Message.at, Message.direction, Message.channel_id, Message.body, Message.subject).where(
        Message.conversation_id == conversation.id,
        Message.direction != Direction.INTERNAL,
        Message.removed_at.is_(None),
    )
    last = (await session.execute(said.order_by(Message.at.desc(), Message.id.desc()).limit(1))).first()
    if last is not None:
        conversation.last_at, conversation.last_direction = last.at, last.direction
        conversation.last_channel_id, conversation.preview = last.channel_id, preview(last.body or last.subject or "")
    conversation.waiting_since = await waiting_since(session, conversation)


async def _free_files(session: AsyncSession, message: Message) -> tuple[AttachmentItem, ...]:
    """Let the files go with the words, so that they can be sent again."""
    if not message.has_files:
        return ()
    files = (await session.scalars(select(Attachment).where(Attachment.message_id == message.id))).all()
    for file in files:
        file.message_id = None
    message.has_files = False
    return tuple(attachment_item(file) for file in files)
