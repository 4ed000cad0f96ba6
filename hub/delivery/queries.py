"""Queries behind the list of deliveries, limited to the conversations the viewer may see.

A delivery is addressed by the id of its message, which is unique among deliveries.
"""

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
from hub.delivery.models import Delivery, DeliveryState
from hub.errors import Reason
from hub.runtime.page_keys import page_key, parse_row_key
from hub.timeline.models import Contact, ContactPoint, Conversation

State = Literal["due", "doubtful", "failed", "sent"]

STATES: dict[State, tuple[DeliveryState, ...]] = {
    "due": UNSETTLED,
    "doubtful": (DeliveryState.DOUBTFUL,),
    "failed": (DeliveryState.FAILED,),
    "sent": (DeliveryState.SENT,),
}


class HistoryLine(Struct, frozen=True, kw_only=True):
    """One step in a delivery's history: an attempt, a retry, a decision by an agent."""

    at: datetime
    what: str
    detail: str
    reason: Reason | None = None


class DeliveryItem(Struct, frozen=True, kw_only=True):
    """The delivery of an outbound message; `id` is the message's id."""

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
    """A page of deliveries, newest first; `next` is the value of `after` for the next page, None on the last."""

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
    """Return a page of the deliveries in a state, newest first. One query.

    `state` "due" includes deliveries being sent; `after` is the previous page's `next`. Raises BadInput.
    """
    wanted = _visible_deliveries(viewer).where(Delivery.state.in_(STATES[state]))
    if after is not None:
        wanted = wanted.where(tuple_(Delivery.created_at, Delivery.message_id) < tuple_(*parse_row_key(after)))
    wanted = wanted.order_by(Delivery.created_at.desc(), Delivery.message_id.desc()).limit(limit + 1)
    rows = (await session.execute(wanted)).all()
    items = tuple(_item(*row) for row in rows[:limit])
    return DeliveryPage(items=items, next=page_key(items[-1].created_at, items[-1].id) if len(rows) > limit else None)


async def delivery_item(session: AsyncSession, viewer: Viewer, message_id: UUID) -> DeliveryItem:
    """Return the delivery of a message, read again from the database; raises NotFound."""
    await session.flush()
    wanted = (
        _visible_deliveries(viewer).where(Delivery.message_id == message_id).execution_options(populate_existing=True)
    )
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise DeliveryNotFound
    return _item(*row)


async def lock_delivery(session: AsyncSession, viewer: Viewer, message_id: UUID) -> Delivery:
    """Lock the delivery of a message and return it; raises NotFound."""
    wanted = (
        select(Delivery)
        .join(Conversation, Conversation.id == Delivery.conversation_id)
        .where(Delivery.message_id == message_id, visible(viewer, Conversation.team_id, Conversation.assignee_id))
        .with_for_update(of=Delivery)
    )
    found = (await session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise DeliveryNotFound
    return found


def _visible_deliveries(viewer: Viewer) -> Select[Delivery, str, str]:
    return (
        select(Delivery, Contact.name, ContactPoint.display)
        .join(Conversation, Conversation.id == Delivery.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .join(ContactPoint, ContactPoint.id == Delivery.point_id)
        .where(visible(viewer, Conversation.team_id, Conversation.assignee_id))
    )


def _item(delivery: Delivery, name: str, address: str) -> DeliveryItem:
    return DeliveryItem(
        id=delivery.message_id,
        message_id=delivery.message_id,
        conversation_id=delivery.conversation_id,
        contact=name or address,
        channel_id=delivery.channel_id,
        to=address,
        state=delivery.state,
        attempts=delivery.attempts,
        due_at=delivery.due_at,
        error=delivery.error,
        reason=msgspec.convert(delivery.reason, Reason) if delivery.reason else None,
        code=delivery.code,
        created_at=delivery.created_at,
        history=tuple(msgspec.convert(delivery.history, list[HistoryLine])),
    )
