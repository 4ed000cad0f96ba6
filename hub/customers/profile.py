"""A contact as an agent sees it: all its contact points, and the conversations that the agent may see."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    exists,
    func,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer, sees_all
from hub.timeline.conversations import row_of, select_rows, visible_to
from hub.timeline.errors import ContactNotFound
from hub.timeline.models import Contact, ContactPoint, Conversation
from hub.timeline.schemas import Row


class PointItem(Struct, frozen=True, kw_only=True):
    """A contact point: one address of a contact."""

    id: UUID
    scheme: str
    value: str
    verified: bool


class ContactItem(Struct, frozen=True, kw_only=True):
    """A contact with its contact points and its latest conversations."""

    id: UUID
    name: str
    language: str | None
    time_zone: str | None
    created_at: datetime
    points: tuple[PointItem, ...]
    conversations: tuple[Row, ...]
    conversation_count: int


def visible_contacts(viewer: Viewer) -> ColumnElement[bool]:
    """Return the clause for contacts with at least one conversation that the viewer may see."""
    if sees_all(viewer):
        return Contact.merged_into_id.is_(None)
    return exists().where(Conversation.contact_id == Contact.id, visible_to(viewer))


async def contact(session: AsyncSession, viewer: Viewer, contact_id: UUID) -> ContactItem:
    """Return a contact, or the contact it was merged into. Raises NotFound. Five queries."""
    merged = await session.scalar(select(Contact.merged_into_id).where(Contact.id == contact_id))
    query = select(Contact).where(Contact.id == (merged or contact_id), visible_contacts(viewer))
    row = await session.scalar(query)
    if row is None:
        raise ContactNotFound
    points = (await points_by_contact(session, [row.id])).get(row.id, ())
    visible = (Conversation.contact_id == row.id, visible_to(viewer))
    latest = await session.execute(select_rows().where(*visible).order_by(Conversation.last_at.desc()).limit(10))
    count = await session.scalar(select(func.count()).select_from(Conversation).where(*visible))
    return ContactItem(
        id=row.id,
        name=row.name,
        language=row.language,
        time_zone=row.time_zone,
        created_at=row.created_at,
        points=points,
        conversations=tuple(row_of(record) for record in latest),
        conversation_count=count or 0,
    )


async def points_by_contact(session: AsyncSession, ids: list[UUID]) -> dict[UUID, tuple[PointItem, ...]]:
    """Return the addresses of contacts by contact id, the oldest first. One query."""
    by_contact: dict[UUID, list[PointItem]] = {}
    query = select(ContactPoint).where(ContactPoint.contact_id.in_(ids)).order_by(ContactPoint.created_at)
    for point in await session.scalars(query):
        item = PointItem(id=point.id, scheme=point.scheme, value=point.display, verified=point.verified_at is not None)
        by_contact.setdefault(point.contact_id, []).append(item)
    return {id_: tuple(items) for id_, items in by_contact.items()}
