"""Select conversations as rows of a list."""

from collections.abc import Collection
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.engine import Row as Record
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.access.scope import visible
from hub.channels.models import Channel
from hub.timeline.models import Contact, Conversation
from hub.timeline.schemas import ContactName, Row

ROW_COLUMNS = (
    Conversation.id,
    Conversation.number,
    Conversation.version,
    Conversation.contact_id,
    Contact.name,
    Conversation.subject,
    Conversation.preview,
    Conversation.last_direction,
    Conversation.last_at,
    Conversation.last_channel_id,
    Channel.kind,
    Conversation.state,
    Conversation.snoozed_until,
    Conversation.waiting_since,
    Conversation.assignee_id,
    Conversation.team_id,
    Conversation.tags,
    Conversation.inbound_count,
)


def row_of(record: Record[Any]) -> Row:
    """Return the wire row of a record with `ROW_COLUMNS`."""
    return Row(
        id=record.id,
        number=record.number,
        version=record.version,
        contact=ContactName(id=record.contact_id, name=record.name),
        subject=record.subject,
        preview=record.preview,
        last_direction=record.last_direction,
        last_at=record.last_at,
        channel_id=record.last_channel_id,
        channel_kind=record.kind,
        state=record.state,
        snoozed_until=record.snoozed_until,
        waiting_since=record.waiting_since,
        assignee_id=record.assignee_id,
        team_id=record.team_id,
        tags=tuple(record.tags),
        inbound_count=record.inbound_count,
    )


@cache
def select_rows() -> Select[Any]:
    """Select list rows; the caller adds the conditions."""
    return (
        cast("Select[Any]", select(*ROW_COLUMNS))
        .select_from(Conversation)
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Channel, Channel.id == Conversation.last_channel_id)
    )


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Return the clause for conversations that a viewer may see."""
    return visible(viewer, Conversation.team_id, Conversation.assignee_id)


async def rows_by_id(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, Row]:
    """Return list rows by id, without checking rights: the live feed does that for each recipient."""
    records = await session.execute(select_rows().where(Conversation.id.in_(ids)))
    return {record.id: row_of(record) for record in records}


async def team_and_assignee(session: AsyncSession, conversation_id: UUID) -> tuple[UUID | None, UUID | None] | None:
    """Return the team and the assignee of a conversation, which decide who may see it; None: no such conversation."""
    query = select(Conversation.team_id, Conversation.assignee_id).where(Conversation.id == conversation_id)
    record = (await session.execute(query)).one_or_none()
    return None if record is None else (record.team_id, record.assignee_id)
