"""Queries for visitors: the messages of one contact point on one channel; outbound ones only once they are sent."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import BigInteger, ColumnElement, Select, Uuid, and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.channels.chat_contract import client_message_id
from hub.events.definitions import Direction, MessageStatusChanged, Status, tags_of
from hub.events.log import HORIZON, Position, count_after, current_position
from hub.events.models import Entry
from hub.inbox.models import ReadMark
from hub.storage.database import Xid
from hub.timeline.models import Attachment, ContactPoint, Conversation, Message
from hub.visitors.protocol import ChatFile, ChatMessage

PAGE_SIZE = 50
MAX_REPLAYED = 20_000  # entries of the log; a visitor further behind gets the newest page instead
SENT_STATUSES = (Status.SENT, Status.DELIVERED, Status.READ)
VISIBLE_TO_VISITOR = or_(
    and_(Message.direction == Direction.INBOUND, Message.unreadable.is_(None)),
    and_(Message.direction == Direction.OUTBOUND, Message.status.in_(SENT_STATUSES), Message.removed_at.is_(None)),
)
EVENT_MESSAGE_ID = Entry.event["message_id"].astext
MADE_VISIBLE = or_(
    Entry.event["type"].astext == "message_received",
    and_(Entry.event["type"].astext.in_(tags_of(MessageStatusChanged)), Entry.event["status"].astext == "sent"),
)

MessageAndAuthor = tuple[Message, str | None]


class ChatScope(Struct, frozen=True, kw_only=True):
    """The messages a visitor may see: those of one contact point on one channel."""

    channel_id: UUID
    point_value: str


class CatchUp(Struct, frozen=True, kw_only=True):
    """The messages to show to a visitor who connects; `resumed` means that they follow those the browser has."""

    cursor: Position
    resumed: bool
    messages: tuple[ChatMessage, ...]


async def catch_up(session: AsyncSession, scope: ChatScope, cursor: str | None) -> CatchUp:
    """Return the messages since the cursor, or the newest page when there is no cursor or it is too old."""
    end = await current_position(session)
    after = Position.parse(cursor) if cursor else None
    if after is None or after > end or await count_after(session, after, limit=MAX_REPLAYED) >= MAX_REPLAYED:
        return CatchUp(cursor=end, resumed=False, messages=await _newest_page(session, scope, end))
    positions = await find_new_messages(session, scope, after)
    messages = await load_messages(session, scope, positions)
    return CatchUp(cursor=max([end, after, *positions.values()]), resumed=True, messages=messages)


async def find_new_messages(session: AsyncSession, scope: ChatScope, after: Position) -> dict[UUID, Position]:
    """Return the messages that became visible to a visitor after a position of the log, with their positions."""
    rows = await session.execute(
        select(Message.id, Entry.xid, Entry.position)
        .join(Message, Message.id == cast(EVENT_MESSAGE_ID, Uuid))
        .join(ContactPoint, ContactPoint.id == Message.point_id)
        .where(_is_after(after), Entry.xid < HORIZON)
        .where(MADE_VISIBLE, Message.channel_id == scope.channel_id)
        .where(ContactPoint.scheme == "webchat", ContactPoint.value == scope.point_value)
        .order_by(Entry.xid, Entry.position),
    )
    return {row.id: Position(row.xid, row.position) for row in rows}


def _is_after(after: Position) -> ColumnElement[bool]:
    reached = tuple_(literal(after.xid, Xid()), literal(after.line, BigInteger()))
    return tuple_(Entry.xid, Entry.position) > reached


async def load_messages(
    session: AsyncSession, scope: ChatScope, positions: dict[UUID, Position]
) -> tuple[ChatMessage, ...]:
    """Return these messages as frames for one visitor, in the order in which they became visible."""
    rows = await session.execute(_select_messages(scope).where(Message.id.in_(positions)))
    messages = await _chat_messages(session, [(row[0], row[1]) for row in rows], lambda message: positions[message.id])
    return tuple(sorted(messages, key=lambda message: Position.parse(message.cursor) or Position(0, 0)))


async def read_upto(session: AsyncSession, scope: ChatScope) -> datetime | None:
    """Return the time of the newest message of this visitor that an agent has read; None when none was."""
    newest = func.max(Message.at)
    read = select(func.max(ReadMark.inbound_read)).where(ReadMark.conversation_id == Conversation.id).scalar_subquery()
    return await session.scalar(
        select(newest)
        .join(ContactPoint, ContactPoint.id == Message.point_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(ContactPoint.scheme == "webchat", ContactPoint.value == scope.point_value)
        .where(Message.contact_id == ContactPoint.contact_id, Message.direction == Direction.INBOUND)
        .where(Message.channel_id == scope.channel_id, read >= Conversation.inbound_count),
    )


async def conversation_of(session: AsyncSession, scope: ChatScope) -> UUID | None:
    """Return the conversation of a visitor's newest message; None before the first one."""
    conversation_ids = _select_messages(scope).with_only_columns(Message.conversation_id)
    return await session.scalar(conversation_ids.order_by(Message.at.desc()).limit(1))


async def file_of(session: AsyncSession, scope: ChatScope, visitor_id: UUID, file_id: UUID) -> Attachment | None:
    """Return a file that this visitor sent or received; None when there is none."""
    uploaded = and_(Attachment.message_id.is_(None), Attachment.visitor_id == visitor_id)
    in_messages = Attachment.message_id.in_(_select_messages(scope).with_only_columns(Message.id))
    return await session.scalar(select(Attachment).where(Attachment.id == file_id, or_(uploaded, in_messages)))


async def uploads_of(session: AsyncSession, visitor_id: UUID, ids: Collection[UUID]) -> Sequence[Attachment]:
    """Return the files with these ids that this visitor has uploaded."""
    attachments = await session.scalars(
        select(Attachment).where(Attachment.id.in_(ids), Attachment.visitor_id == visitor_id),
    )
    return attachments.all()


async def _newest_page(session: AsyncSession, scope: ChatScope, end: Position) -> tuple[ChatMessage, ...]:
    query = _select_messages(scope).order_by(Message.at.desc(), Message.id.desc()).limit(PAGE_SIZE)
    rows = await session.execute(query)
    return tuple(reversed(await _chat_messages(session, [(row[0], row[1]) for row in rows], lambda _: end)))


def _select_messages(scope: ChatScope) -> Select[Message, str]:
    return (
        select(Message, Agent.name)
        .join(ContactPoint, and_(ContactPoint.id == Message.point_id, ContactPoint.contact_id == Message.contact_id))
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(ContactPoint.scheme == "webchat", ContactPoint.value == scope.point_value)
        .where(Message.channel_id == scope.channel_id, VISIBLE_TO_VISITOR)
    )


async def _chat_messages(
    session: AsyncSession, rows: Sequence[MessageAndAuthor], position_of: Callable[[Message], Position]
) -> list[ChatMessage]:
    files = await _chat_files(session, (message.id for message, _ in rows if message.has_files))
    return [_chat_message(message, author, files[message.id], position_of(message)) for message, author in rows]


async def _chat_files(session: AsyncSession, message_ids: Iterable[UUID]) -> defaultdict[UUID, list[ChatFile]]:
    files: defaultdict[UUID, list[ChatFile]] = defaultdict(list)
    if ids := list(message_ids):
        query = select(Attachment).where(Attachment.message_id.in_(ids)).order_by(Attachment.id)
        for file in await session.scalars(query):
            chat_file = ChatFile(id=file.id, filename=file.filename, media_type=file.media_type, size=file.size)
            files[file.message_id or file.id].append(chat_file)
    return files


def _chat_message(message: Message, author: str | None, files: Sequence[ChatFile], position: Position) -> ChatMessage:
    is_own = message.direction is Direction.INBOUND
    return ChatMessage(
        id=(client_message_id(message.external_id or "") if is_own else None) or message.id,
        from_="me" if is_own else "agent",
        author=None if is_own else author,
        text=message.body,
        attachments=tuple(files),
        at=message.at if is_own else message.send_at or message.at,
        cursor=str(position),
        read=not is_own and message.status is Status.READ,
    )
