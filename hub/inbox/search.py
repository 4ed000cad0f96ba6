"""Searches customers by name or address, and conversations by number or by words of their messages."""

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.customers.profile import PointItem, points_by_contact, visible_contacts
from hub.inbox.queries import listed_many
from hub.inbox.schemas import Listed
from hub.timeline.conversations import visible_to
from hub.timeline.models import Contact, ContactPoint, Conversation, Message

MAX_RESULTS = 30  # of each kind

MAX_NUMBER_DIGITS = 17  # of a conversation's number

LAST_CHARACTER = "\U0010ffff"  # sorts after every other character

NAME_VECTOR: ColumnElement[Any] = literal_column("to_tsvector('simple', contact.name)")

MESSAGE_VECTOR: ColumnElement[Any] = literal_column(
    "to_tsvector('simple', left(coalesce(message.subject, '') || ' ' || message.body, 20000))"
)


class FoundContact(Struct, frozen=True, kw_only=True):
    """A customer found by a search."""

    id: UUID
    name: str
    points: tuple[PointItem, ...]


class Found(Struct, frozen=True, kw_only=True):
    """The result of a search: customers, and conversations."""

    contacts: tuple[FoundContact, ...]
    conversations: tuple[Listed, ...]


async def search(session: AsyncSession, viewer: Viewer, words: str) -> Found:
    """Find customers by name or address, and conversations by number, subject or message text.

    Only what the viewer may see is found, at most 30 of each. Up to four queries; none for empty words.
    """
    words = " ".join(words.replace("\0", " ").split())[:200]
    if not words:
        return Found(contacts=(), conversations=())
    contacts = await _contacts(session, viewer, words)
    ids = list(await session.scalars(_matching(viewer, words)))
    return Found(contacts=contacts, conversations=tuple(await listed_many(session, viewer, ids)))


async def _contacts(session: AsyncSession, viewer: Viewer, words: str) -> tuple[FoundContact, ...]:
    start = words.lower()
    by_name = select(Contact.id).where(*_starts_with(func.lower(Contact.name), start)).limit(MAX_RESULTS)
    by_word = select(Contact.id).where(NAME_VECTOR.op("@@")(_word_starts(words))).limit(MAX_RESULTS)
    by_point = select(ContactPoint.contact_id).where(*_starts_with(ContactPoint.value, start)).limit(MAX_RESULTS)
    matching = union(by_name, by_word, by_point).subquery()
    wanted = select(Contact.id, Contact.name).where(Contact.id.in_(select(matching.c.id)), visible_contacts(viewer))
    found = (await session.execute(wanted.order_by(Contact.name, Contact.id).limit(MAX_RESULTS))).all()
    points = await points_by_contact(session, [record.id for record in found]) if found else {}
    return tuple(FoundContact(id=r.id, name=r.name, points=points.get(r.id, ())) for r in found)


def _starts_with(column: SQLColumnExpression[str], start: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return clauses for values that begin with `start`: a range, so that every query plan can use the index."""
    return column.op("~>=~", is_comparison=True)(start), column.op("~<~", is_comparison=True)(start + LAST_CHARACTER)


def _word_starts(words: str) -> ColumnElement[Any]:
    """Return a text query for names in which each of these words is the beginning of a word."""
    quoted = ("'" + word.replace("\\", " ").replace("'", "''") + "':*" for word in words.split())
    return func.to_tsquery(text("'simple'"), bindparam("starts", " & ".join(quoted), type_=Text))


def _matching(viewer: Viewer, words: str) -> Select[UUID]:
    """Select conversations by number or by words of their messages, the latest match first.

    Matches are collected and capped before they are sorted, so that a rare word does not scan the whole timeline.
    """
    number = words.removeprefix("#")
    query = func.websearch_to_tsquery(text("'simple'"), bindparam("words", words, type_=Text))
    hits = (
        select(Message.conversation_id, Message.at)
        .where(MESSAGE_VECTOR.op("@@")(query))
        .limit(5000)
        .cte("hits")
        .prefix_with("materialized", dialect="postgresql")
    )
    last = select(hits.c.conversation_id, func.max(hits.c.at).label("at")).group_by(hits.c.conversation_id).subquery()
    is_number = number.isascii() and number.isdigit() and len(number) <= MAX_NUMBER_DIGITS
    wanted = (
        select(Conversation.id)
        .outerjoin(last, last.c.conversation_id == Conversation.id)
        .where(
            visible_to(viewer),
            or_(last.c.at.is_not(None), Conversation.number == int(number)) if is_number else last.c.at.is_not(None),
        )
    )
    return wanted.order_by(last.c.at.desc().nulls_first()).limit(MAX_RESULTS)
