"""Customers as the inbox shows them: one contact with all their addresses, and the search that finds them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer, sees_all
from hub.errors import NotFound
from hub.inbox.queries import listed_many, row_of, rows, seen_by
from hub.inbox.wire import Listed, Row
from hub.timeline.models import Contact, ContactPoint, Conversation, Message

MOST_FOUND = 30
LONGEST_NUMBER = 17  # digits of a conversation's number
LAST = "\U0010ffff"  # sorts after every other character
NAMED: ColumnElement[Any] = literal_column("to_tsvector('simple', contact.name)")
NO_SUCH = "There is no such contact, or none of their conversations is yours to see."
SEARCHED: ColumnElement[Any] = literal_column(
    "to_tsvector('simple', left(coalesce(message.subject, '') || ' ' || message.body, 20000))"
)


class PointItem(Struct, frozen=True, kw_only=True):
    """One address of a customer."""

    id: UUID
    scheme: str
    value: str
    verified: bool


class ContactItem(Struct, frozen=True, kw_only=True):
    """A customer, whole: who they are, where they can be reached, and what they wanted before."""

    id: UUID
    name: str
    language: str | None
    time_zone: str | None
    created_at: datetime
    points: tuple[PointItem, ...]
    conversations: tuple[Row, ...]
    conversation_count: int


class FoundContact(Struct, frozen=True, kw_only=True):
    """A customer in a list of results."""

    id: UUID
    name: str
    points: tuple[PointItem, ...]


class Found(Struct, frozen=True, kw_only=True):
    """What a search found: customers, and conversations in which it was said."""

    contacts: tuple[FoundContact, ...]
    conversations: tuple[Listed, ...]


def known_to(viewer: Viewer) -> ColumnElement[bool]:
    """Keep the contacts of whom a viewer sees at least one conversation."""
    if sees_all(viewer):
        return Contact.merged_into_id.is_(None)
    return exists().where(Conversation.contact_id == Contact.id, seen_by(viewer))


async def contact(session: AsyncSession, viewer: Viewer, contact_id: UUID) -> ContactItem:
    """Give a customer; one who was merged is shown as who they became. Raises NotFound. Five queries."""
    merged = await session.scalar(select(Contact.merged_into_id).where(Contact.id == contact_id))
    wanted = select(Contact).where(Contact.id == (merged or contact_id), known_to(viewer))
    found = await session.scalar(wanted)
    if found is None:
        raise NotFound(NO_SUCH)
    points = (await _points(session, [found.id])).get(found.id, ())
    theirs = (Conversation.contact_id == found.id, seen_by(viewer))
    latest = await session.execute(rows().where(*theirs).order_by(Conversation.last_at.desc()).limit(10))
    count = await session.scalar(select(func.count()).select_from(Conversation).where(*theirs))
    return ContactItem(
        id=found.id,
        name=found.name,
        language=found.language,
        time_zone=found.time_zone,
        created_at=found.created_at,
        points=points,
        conversations=tuple(row_of(record) for record in latest),
        conversation_count=count or 0,
    )


async def _points(session: AsyncSession, ids: list[UUID]) -> dict[UUID, tuple[PointItem, ...]]:
    found: dict[UUID, list[PointItem]] = {}
    wanted = select(ContactPoint).where(ContactPoint.contact_id.in_(ids)).order_by(ContactPoint.created_at)
    for point in await session.scalars(wanted):
        item = PointItem(id=point.id, scheme=point.scheme, value=point.display, verified=point.verified_at is not None)
        found.setdefault(point.contact_id, []).append(item)
    return {id_: tuple(items) for id_, items in found.items()}


async def search(session: AsyncSession, viewer: Viewer, words: str) -> Found:
    """Find customers by name or any address, and conversations by number, subject or anything said in them."""
    words = " ".join(words.replace("\0", " ").split())[:200]
    if not words:
        return Found(contacts=(), conversations=())
    contacts = await _contacts(session, viewer, words)
    ids = list(await session.scalars(_said(viewer, words)))
    return Found(contacts=contacts, conversations=tuple(await listed_many(session, viewer, ids)))


async def _contacts(session: AsyncSession, viewer: Viewer, words: str) -> tuple[FoundContact, ...]:
    start = words.lower()
    by_name = select(Contact.id).where(*_begins(func.lower(Contact.name), start)).limit(MOST_FOUND)
    by_word = select(Contact.id).where(NAMED.op("@@")(_word_starts(words))).limit(MOST_FOUND)
    by_point = select(ContactPoint.contact_id).where(*_begins(ContactPoint.value, start)).limit(MOST_FOUND)
    matching = union(by_name, by_word, by_point).subquery()
    wanted = select(Contact.id, Contact.name).where(Contact.id.in_(select(matching.c.id)), known_to(viewer))
    found = (await session.execute(wanted.order_by(Contact.name, Contact.id).limit(MOST_FOUND))).all()
    points = await _points(session, [record.id for record in found]) if found else {}
    return tuple(FoundContact(id=r.id, name=r.name, points=points.get(r.id, ())) for r in found)


def _begins(column: SQLColumnExpression[str], start: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Keep what begins with this: a range, so that the index serves whatever the plan."""
    return column.op("~>=~", is_comparison=True)(start), column.op("~<~", is_comparison=True)(start + LAST)


def _word_starts(words: str) -> ColumnElement[Any]:
    """Ask for names in which every one of these words begins a word; the server takes the words apart."""
    quoted = ("'" + word.replace("\\", " ").replace("'", "''") + "':*" for word in words.split())
    return func.to_tsquery(text("'simple'"), bindparam("starts", " & ".join(quoted), type_=Text))


def _said(viewer: Viewer, words: str) -> Select[UUID]:
    """Find conversations by their number or by words said in them, the latest first.

    The hits are collected and capped before they are put in order: a rare word must not walk the whole timeline.
    """
    number = words.removeprefix("#")
    query = func.websearch_to_tsquery(text("'simple'"), bindparam("words", words, type_=Text))
    hits = (
        select(Message.conversation_id, Message.at)
        .where(SEARCHED.op("@@")(query))
        .limit(5000)
        .cte("hits")
        .prefix_with("materialized", dialect="postgresql")
    )
    last = select(hits.c.conversation_id, func.max(hits.c.at).label("at")).group_by(hits.c.conversation_id).subquery()
    is_number = number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER
    wanted = (
        select(Conversation.id)
        .outerjoin(last, last.c.conversation_id == Conversation.id)
        .where(
            seen_by(viewer),
            or_(last.c.at.is_not(None), Conversation.number == int(number)) if is_number else last.c.at.is_not(None),
        )
    )
    return wanted.order_by(last.c.at.desc().nulls_first()).limit(MOST_FOUND)
