"""Queries for visitors: the messages of their own contact point on one channel, outbound ones once they are sent."""

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

PAGE = 50
MAX_REPLAYED = 20_000  # entries of the log; a visitor further count_after gets the newest page instead
SENT = (Status.SENT, Status.DELIVERED, Status.READ)
VISIBLE_TO_VISITOR = or_(
    and_(Message.direction == Direction.INBOUND, Message.unreadable.is_(None)),
    and_(Message.direction == Direction.OUTBOUND, Message.status.in_(SENT), Message.removed_at.is_(None)),
)
MESSAGE_ID = Entry.event["message_id"].astext
APPEARED = or_(
    Entry.event["type"].astext == "message_received",
    and_(Entry.event["type"].astext.in_(tags_of(MessageStatusChanged)), Entry.event["status"].astext == "sent"),
)

Found = tuple[Message, str | None]


class Spot(Struct, frozen=True, kw_only=True):
    """The messages a visitor may see: those of one contact point on one channel."""

    channel_id: UUID
    point_value: str


class CatchUp(Struct, frozen=True, kw_only=True):
    """The messages to show to a visitor who connects; `resumed` means that they follow those the browser has."""

    cursor: Position
    resumed: bool
    lines: tuple[ChatMessage, ...]


async def catch_up(session: AsyncSession, spot: Spot, cursor: str | None) -> CatchUp:
    """Return the messages since the cursor, or the newest page when there is no cursor or it is too old."""
    here = await current_position(session)
    after = Position.parse(cursor) if cursor else None
    if after is None or after > here or await count_after(session, after, limit=MAX_REPLAYED) >= MAX_REPLAYED:
        return CatchUp(cursor=here, resumed=False, lines=await _page(session, spot, here))
    missed = await appeared(session, spot, after)
    lines = await messages_at(session, spot, missed)
    return CatchUp(cursor=max([here, after, *missed.values()]), resumed=True, lines=lines)


async def appeared(session: AsyncSession, spot: Spot, after: Position) -> dict[UUID, Position]:
    """Return the messages that became visible to a visitor after a position of the log, with their positions."""
    found = await session.execute(
        select(Message.id, Entry.xid, Entry.position)
        .join(Message, Message.id == cast(MESSAGE_ID, Uuid))
        .join(ContactPoint, ContactPoint.id == Message.point_id)
        .where(_later(after), Entry.xid < HORIZON)
        .where(APPEARED, Message.channel_id == spot.channel_id)
        .where(ContactPoint.scheme == "webchat", ContactPoint.value == spot.point_value)
        .order_by(Entry.xid, Entry.position),
    )
    return {row.id: Position(row.xid, row.position) for row in found}


def _later(after: Position) -> ColumnElement[bool]:
    place = tuple_(literal(after.xid, Xid()), literal(after.line, BigInteger()))
    return tuple_(Entry.xid, Entry.position) > place


async def messages_at(session: AsyncSession, spot: Spot, places: dict[UUID, Position]) -> tuple[ChatMessage, ...]:
    """Return these messages as frames for one visitor, in the order in which they became visible."""
    found = await session.execute(_messages(spot).where(Message.id.in_(places)))
    lines = await _lines(session, [(row[0], row[1]) for row in found], lambda message: places[message.id])
    return tuple(sorted(lines, key=lambda line: Position.parse(line.cursor) or Position(0, 0)))


async def read_upto(session: AsyncSession, spot: Spot) -> datetime | None:
    """Return the time of the newest message of this visitor that an agent has read; None when none was."""
    newest = func.max(Message.at)
    read = select(func.max(ReadMark.inbound_read)).where(ReadMark.conversation_id == Conversation.id).scalar_subquery()
    return await session.scalar(
        select(newest)
        .join(ContactPoint, ContactPoint.id == Message.point_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(ContactPoint.scheme == "webchat", ContactPoint.value == spot.point_value)
        .where(Message.contact_id == ContactPoint.contact_id, Message.direction == Direction.INBOUND)
        .where(Message.channel_id == spot.channel_id, read >= Conversation.inbound_count),
    )


async def conversation_of(session: AsyncSession, spot: Spot) -> UUID | None:
    """Return the conversation of a visitor's newest message; None before the first one."""
    newest = _messages(spot).with_only_columns(Message.conversation_id)
    return await session.scalar(newest.order_by(Message.at.desc()).limit(1))


async def file_of(session: AsyncSession, spot: Spot, visitor_id: UUID, file_id: UUID) -> Attachment | None:
    """Return a file that this visitor sent or received; None when there is none."""
    own = and_(Attachment.message_id.is_(None), Attachment.visitor_id == visitor_id)
    theirs = Attachment.message_id.in_(_messages(spot).with_only_columns(Message.id))
    return await session.scalar(select(Attachment).where(Attachment.id == file_id, or_(own, theirs)))


async def uploads_of(session: AsyncSession, visitor_id: UUID, ids: Collection[UUID]) -> Sequence[Attachment]:
    """Return those of these files that this visitor has uploaded."""
    found = await session.scalars(
        select(Attachment).where(Attachment.id.in_(ids), Attachment.visitor_id == visitor_id),
    )
    return found.all()


async def _page(session: AsyncSession, spot: Spot, here: Position) -> tuple[ChatMessage, ...]:
    newest = _messages(spot).order_by(Message.at.desc(), Message.id.desc()).limit(PAGE)
    found = await session.execute(newest)
    return tuple(reversed(await _lines(session, [(row[0], row[1]) for row in found], lambda _: here)))


def _messages(spot: Spot) -> Select[Message, str]:
    return (
        select(Message, Agent.name)
        .join(ContactPoint, and_(ContactPoint.id == Message.point_id, ContactPoint.contact_id == Message.contact_id))
        .outerjoin(Agent, Agent.id == Message.agent_id)
        .where(ContactPoint.scheme == "webchat", ContactPoint.value == spot.point_value)
        .where(Message.channel_id == spot.channel_id, VISIBLE_TO_VISITOR)
    )


async def _lines(
    session: AsyncSession, found: Sequence[Found], place: Callable[[Message], Position]
) -> list[ChatMessage]:
    files = await _files(session, (message.id for message, _ in found if message.has_files))
    return [_line(message, author, files[message.id], place(message)) for message, author in found]


async def _files(session: AsyncSession, message_ids: Iterable[UUID]) -> defaultdict[UUID, list[ChatFile]]:
    files: defaultdict[UUID, list[ChatFile]] = defaultdict(list)
    if wanted := list(message_ids):
        found = select(Attachment).where(Attachment.message_id.in_(wanted)).order_by(Attachment.id)
        for file in await session.scalars(found):
            line = ChatFile(id=file.id, filename=file.filename, media_type=file.media_type, size=file.size)
            files[file.message_id or file.id].append(line)
    return files


def _line(message: Message, author: str | None, files: Sequence[ChatFile], place: Position) -> ChatMessage:
    mine = message.direction is Direction.INBOUND
    return ChatMessage(
        id=(client_message_id(message.external_id or "") if mine else None) or message.id,
        from_="me" if mine else "agent",
        author=None if mine else author,
        text=message.body,
        attachments=tuple(files),
        at=message.at if mine else message.send_at or message.at,
        cursor=str(place),
        read=not mine and message.status is Status.READ,
    )
