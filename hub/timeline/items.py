"""Select the items of a timeline, messages and events, and convert them to their wire form."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Literal
from uuid import UUID

from msgspec import convert
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.engine import Row as Record
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from hub.access.models import Agent
from hub.channels.models import Channel
from hub.errors import Reason
from hub.events.definitions import Direction, Status
from hub.events.log import parse_event
from hub.events.models import Entry
from hub.runtime.page_keys import page_key
from hub.timeline.models import Attachment, Contact, ContactPoint, Conversation, Message
from hub.timeline.schemas import AttachmentItem, Author, EventItem, MessageItem

RASTER_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
MessageContact = aliased(Contact)

MESSAGE_COLUMNS = (
    Message.id,
    Message.conversation_id,
    Message.contact_id,
    Message.at,
    Message.direction,
    Message.channel_id,
    Message.cc,
    Message.subject,
    Message.body,
    Message.full_body.is_not(None).label("quoted"),
    Message.arrival_id,
    Message.html.is_not(None).label("has_html"),
    Message.automatic,
    Message.unreadable,
    Message.status,
    Message.status_detail,
    Message.reason,
    Message.send_at,
    Message.removed_at,
    Message.mentions,
    Message.has_files,
    Message.agent_id,
    Channel.kind,
    Channel.address,
    ContactPoint.display,
    MessageContact.id.label("writer_id"),
    MessageContact.name.label("writer"),
    Agent.name.label("agent"),
    Agent.kind.label("agent_kind"),
)
ENTRY_COLUMNS = (
    Entry.position,
    Entry.conversation_id,
    Entry.contact_id,
    Entry.at,
    Entry.event,
    Entry.agent_id,
    Agent.name.label("agent"),
    Agent.kind.label("agent_kind"),
)


@cache
def select_messages() -> Select[Any]:
    """Select messages with the columns `MESSAGE_COLUMNS`; the caller adds the WHERE clause."""
    return (
        select(*MESSAGE_COLUMNS)
        .select_from(Message)
        .outerjoin(Channel, Channel.id == Message.channel_id)
        .outerjoin(ContactPoint, ContactPoint.id == Message.point_id)
        .outerjoin(MessageContact, MessageContact.id == ContactPoint.contact_id)
        .outerjoin(Agent, Agent.id == Message.agent_id)
    )


def select_messages_where(condition: ColumnElement[bool]) -> Select[Any]:
    """Select messages of the conversations that match a clause."""
    return select_messages().join(Conversation, Conversation.id == Message.conversation_id).where(condition)


def select_entries(*where: ColumnElement[bool]) -> Select[Any]:
    """Select the entries of the event log that a timeline shows and that match the clauses."""
    return _select_shown_entries().where(*where)


@cache
def _select_shown_entries() -> Select[Any]:
    return select(*ENTRY_COLUMNS).select_from(Entry).outerjoin(Agent, Agent.id == Entry.agent_id).where(Entry.shown)


async def files_of(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, tuple[AttachmentItem, ...]]:
    """Return the files of messages, by message id. One query, none without ids."""
    files: dict[UUID, list[AttachmentItem]] = {}
    if ids:
        query = select(Attachment).where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
        for attachment in await session.scalars(query):
            if attachment.message_id is not None:
                files.setdefault(attachment.message_id, []).append(attachment_item(attachment))
    return {id_: tuple(items) for id_, items in files.items()}


def attachment_item(attachment: Attachment) -> AttachmentItem:
    """Return the wire item of a file."""
    return AttachmentItem(
        id=attachment.id,
        filename=attachment.filename,
        media_type=attachment.media_type,
        size=attachment.size,
        inline=attachment.inline,
        preview=attachment.media_type in RASTER_TYPES,
    )


async def message_items(session: AsyncSession, records: Sequence[Record[Any]]) -> list[MessageItem]:
    """Return the wire items of records from `select_messages`, with their files. One query, none without files."""
    files = await files_of(session, [record.id for record in records if record.has_files])
    return [_message(record, files.get(record.id, ())) for record in records]


def _message(record: Record[Any], files: tuple[AttachmentItem, ...]) -> MessageItem:
    removed = record.removed_at is not None
    outbound = record.direction == Direction.OUTBOUND
    return MessageItem(
        id=record.id,
        conversation_id=record.conversation_id,
        contact_id=record.contact_id,
        key=page_key(record.at, record.id),
        at=record.at,
        direction=Direction(record.direction),
        author=_author(record),
        channel_id=record.channel_id,
        channel_kind=record.kind,
        to=record.display if outbound else record.address,
        cc=tuple(record.cc),
        subject=record.subject,
        text="" if removed else record.body,
        quoted=record.quoted,
        original=bool(record.arrival_id or record.has_html),
        attachments=() if removed else files,
        automatic=record.automatic,
        unreadable=record.unreadable,
        status=Status(record.status) if record.status else None,
        status_detail=record.status_detail,
        reason=convert(record.reason, Reason) if record.reason else None,
        send_at=record.send_at if record.status == Status.QUEUED else None,
        delivery_id=record.id if outbound else None,
        removed=removed,
        mentions=tuple(UUID(id_) for id_ in record.mentions),
    )


def _author(record: Record[Any]) -> Author:
    if record.direction == Direction.INBOUND:
        return Author(kind="contact", id=record.writer_id, name=record.writer or "")
    return _agent(record)


def _agent(record: Record[Any]) -> Author:
    if record.agent_id is None:
        return Author(kind="system", id=None, name="")
    kind: Literal["agent", "bot"] = "bot" if record.agent_kind == "bot" else "agent"
    return Author(kind=kind, id=record.agent_id, name=record.agent or "")


def event_item(record: Record[Any]) -> EventItem:
    """Return the wire item of a record from `select_entries`."""
    return EventItem(
        id=str(record.position),
        conversation_id=record.conversation_id,
        contact_id=record.contact_id,
        key=page_key(record.at, record.position),
        at=record.at,
        author=_agent(record),
        event=parse_event(record.event),
    )


async def messages_by_id(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, MessageItem]:
    """Return messages by id, without checking rights: the live feed does that for each recipient. Two queries."""
    records = (await session.execute(select_messages().where(Message.id.in_(ids)))).all()
    return {item.id: item for item in await message_items(session, records)}


async def events_by_position(session: AsyncSession, positions: Collection[int]) -> dict[int, EventItem]:
    """Return the events at these positions of the log that belong to a conversation, by position. One query."""
    records = await session.execute(select_entries(Entry.position.in_(positions)))
    return {record.position: event_item(record) for record in records if record.conversation_id is not None}
