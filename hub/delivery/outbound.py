"""Gathers from the timeline what an adapter needs to send a message, and fits it to the channel."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.channels import render
from hub.channels.contract import Capabilities, OutboundFile, OutboundMessage, Point
from hub.channels.errors import ContentNotCarried
from hub.channels.models import Channel
from hub.delivery.models import Delivery
from hub.errors import BadInput
from hub.events.definitions import Direction
from hub.storage.files import Files
from hub.timeline import blobs
from hub.timeline.models import Attachment, Contact, ContactPoint, Conversation, Message

MAX_REFERENCES = 20  # Message-IDs of earlier mails that a mail refers to


class OutboundContext(Struct, frozen=True, kw_only=True):
    """A message with everything that sending it needs, as stored in the database."""

    channel: Channel
    message: Message
    to: Point
    reply_key: str
    references: tuple[str, ...]
    author: str | None
    quoted: str | None
    files: tuple[OutboundFile, ...]


async def gather(session: AsyncSession, store: Files, delivery: Delivery) -> OutboundContext:
    """Load a delivery's message, channel, addressee and files. Three queries, five with files."""
    found = await session.execute(
        select(Message, Channel, ContactPoint, Contact.name, Conversation.reply_key, Agent.name)
        .select_from(Message)
        .join(Channel, Channel.id == delivery.channel_id)
        .join(ContactPoint, ContactPoint.id == delivery.point_id)
        .join(Contact, Contact.id == ContactPoint.contact_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(Message.id == delivery.message_id),
    )
    message, channel, point, name, reply_key, author = found.one()
    return OutboundContext(
        channel=channel,
        message=message,
        to=Point(scheme=point.scheme, value=point.value, name=name or None, verified=point.verified_at is not None),
        reply_key=reply_key,
        references=await _references(session, message),
        author=author,
        quoted=await _last_inbound_text(session, message),
        files=await _files(session, store, message),
    )


def pack(outbound: OutboundContext, capabilities: Capabilities) -> Sequence[OutboundMessage]:
    """Return a message as the channel can carry it, in one or several parts; raises Rejected."""
    content = render.Content(text=outbound.message.body, subject=outbound.message.subject, files=outbound.files)
    try:
        parts = render.fit(content, capabilities)
    except BadInput as error:
        raise ContentNotCarried(cause=error) from error
    return [_to_message(outbound, part, number) for number, part in enumerate(parts)]


def _to_message(outbound: OutboundContext, part: render.Part, number: int) -> OutboundMessage:
    message = outbound.message
    return OutboundMessage(
        id=_part_id(message.id, number),
        to=outbound.to,
        cc=tuple(Point(scheme=outbound.to.scheme, value=address) for address in message.cc),
        subject=part.subject,
        text=part.text,
        html=part.html,
        files=part.files,
        reply_key=outbound.reply_key,
        references=outbound.references,
        author=outbound.author,
        quoted=outbound.quoted,
        created_at=message.at,
    )


def _part_id(message_id: UUID, number: int) -> str:
    return f"{message_id}.{number + 1}" if number else str(message_id)


async def _references(session: AsyncSession, message: Message) -> tuple[str, ...]:
    """Return the Message-IDs of the conversation's latest mails, oldest first."""
    found = await session.execute(
        select(Message.email_id)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.email_id.is_not(None),
            Message.id != message.id,
            Message.at <= message.at,
        )
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(MAX_REFERENCES),
    )
    return tuple(reversed([email_id for email_id in found.scalars() if email_id]))


async def _last_inbound_text(session: AsyncSession, message: Message) -> str | None:
    """Return the text of the customer's last message on this channel, or None."""
    found = await session.execute(
        select(Message.body)
        .where(
            Message.conversation_id == message.conversation_id,
            Message.direction == Direction.INBOUND,
            Message.channel_id == message.channel_id,
            Message.at <= message.at,
        )
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(1),
    )
    return found.scalar_one_or_none() or None


async def _files(session: AsyncSession, store: Files, message: Message) -> tuple[OutboundFile, ...]:
    if not message.has_files:
        return ()
    wanted = (
        select(Attachment).where(Attachment.message_id == message.id).order_by(Attachment.created_at, Attachment.id)
    )
    attachments = (await session.execute(wanted)).scalars().all()
    contents = await blobs.read_many(session, store, [attachment.digest for attachment in attachments])
    return tuple(
        OutboundFile(
            filename=attachment.filename, media_type=attachment.media_type, content=contents[attachment.digest]
        )
        for attachment in attachments
    )
