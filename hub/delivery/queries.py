"""What supervisors see of deliveries, limited to the conversations a viewer may see."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.rights import Viewer
from hub.access.scope import visible
from hub.delivery.claims import UNSETTLED
from hub.delivery.errors import DeliveryNotFound
from hub.delivery.models import Delivery
from hub.errors import Reason
from hub.runtime.page_keys import page_key, parse_row_key
from hub.timeline.models import Contact, ContactPoint, Conversation

State = Literal["due", "doubtful", "failed", "sent"]

STATES: dict[str, tuple[str, ...]] = {
    "due": UNSETTLED,
    "doubtful": ("doubtful",),
    "failed": ("failed",),
    "sent": ("sent",),
}


class HistoryLine(Struct, frozen=True, kw_only=True):
    """One thing that happened to a delivery."""

    at: datetime
    what: str
    detail: str
    reason: Reason | None = None


class DeliveryItem(Struct, frozen=True, kw_only=True):
    """A message on its way out."""

    id: UUID
    message_id: UUID
    conversation_id: UUID
    contact: str
    channel_id: UUID
    to: str
    state: str
    attempts: int
    due_at: datetime
    error: str | None
    reason: Reason | None
    code: str | None  # the provider's own
    created_at: datetime
    history: tuple[HistoryLine, ...]


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """A page of the out-tray, newest first; `next` asks for the page below."""

    items: tuple[DeliveryItem, ...]
    next: str | None


async def deliveries(
    session: AsyncSession,
    viewer: Viewer,
    state: State,
    *,
    after: str | None,
    limit: int,
) -> DeliveryPage:
    """Give a page of the out-tray. One query."""
    wanted = _seen(viewer).where(Delivery.state.in_(STATES[state]))
    if after is not None:
        wanted = wanted.where(tuple_(Delivery.created_at, Delivery.id) < tuple_(*parse_row_key(after)))
    wanted = wanted.order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(limit + 1)
    rows = (await session.execute(wanted)).all()
    items = tuple(_item(row[0], row[1] or row[2], row[2]) for row in rows[:limit])
    return DeliveryPage(items=items, next=page_key(items[-1].created_at, items[-1].id) if len(rows) > limit else None)


async def delivery_item(session: AsyncSession, viewer: Viewer, delivery_id: UUID) -> DeliveryItem:
    """Give one delivery; raises NotFound."""
    await session.flush()
    wanted = _seen(viewer).where(Delivery.id == delivery_id).execution_options(populate_existing=True)
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise DeliveryNotFound
    return _item(row[0], row[1] or row[2], row[2])


async def locked(session: AsyncSession, viewer: Viewer, delivery_id: UUID) -> Delivery:
    """Lock one delivery to change it; raises NotFound."""
    wanted = (
        select(Delivery)
        .join(Conversation, Conversation.id == Delivery.conversation_id)
        .where(Delivery.id == delivery_id, visible(viewer, Conversation.team_id, Conversation.assignee_id))
        .with_for_update(of=Delivery)
    )
    found = (await session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise DeliveryNotFound
    return found


def _seen(viewer: Viewer) -> Select[Delivery, str, str]:
    return (
        select(Delivery, Contact.name, ContactPoint.display)
        .join(Conversation, Conversation.id == Delivery.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(ContactPoint, ContactPoint.id == Delivery.point_id)
        .where(visible(viewer, Conversation.team_id, Conversation.assignee_id))
    )


def _item(delivery: Delivery, contact: str, to: str) -> DeliveryItem:
    columns = {name: getattr(delivery, name) for name in DeliveryItem.__struct_fields__ if hasattr(delivery, name)}
    return msgspec.convert({**columns, "contact": contact, "to": to}, DeliveryItem)
