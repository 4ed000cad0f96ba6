"""Search: customers by name or address, conversations by number or by words said in them."""

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
from hub.customers.profile import PointItem, _points, known_to
from hub.inbox.queries import listed_many
from hub.inbox.schemas import Listed
from hub.timeline.conversations import seen_by
from hub.timeline.models import Contact, ContactPoint, Conversation, Message

MOST_FOUND = 30

LONGEST_NUMBER = 17  # digits of a conversation's number

LAST = "\U0010ffff"  # sorts after every other character

NAMED: ColumnElement[Any] = literal_column("to_tsvector('simple', contact.name)")

SEARCHED: ColumnElement[Any] = literal_column(
    "to_tsvector('simple', left(coalesce(message.subject, '') || ' ' || message.body, 20000))"
)


class FoundContact(Struct, frozen=True, kw_only=True):
    """A customer in a list of results."""

    id: UUID
    name: str
    points: tuple[PointItem, ...]


class Found(Struct, frozen=True, kw_only=True):
    """What a search found: customers, and conversations in which it was said."""

    contacts: tuple[FoundContact, ...]
    conversations: tuple[Listed, ...]


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
