"""The table of deliveries, one per outbound message."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.closed_sets import one_of
from hub.storage.database import Base, new_id, now


class DeliveryState(StrEnum):
    """The state of a delivery; DOUBTFUL: the message may have been sent or not."""

    DUE = "due"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DOUBTFUL = "doubtful"
    CANCELLED = "cancelled"


class Delivery(Base, kw_only=True):
    """The delivery of an outbound message: its state, attempts and history."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_due_idx", "due_at", postgresql_where=text("state = 'due'")),
        Index("delivery_lease_idx", "lease_until", postgresql_where=text("state in ('claimed', 'sending')")),
        Index("delivery_state_idx", "state", "created_at"),
        Index("delivery_provider_idx", "channel_id", "provider_id", postgresql_where=text("provider_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channel.id"))
    point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id"))
    state: Mapped[DeliveryState] = mapped_column(*one_of("state", DeliveryState), default=DeliveryState.DUE)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)  # doubtful: when to look it up next
    lease: Mapped[UUID | None] = mapped_column(default=None)  # id of the claim that may change the row
    provider_id: Mapped[str | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(default=None)  # in English
    reason: Mapped[dict[str, Any] | None] = mapped_column(default=None)  # the same as an errors.Reason
    code: Mapped[str | None] = mapped_column(default=None)  # the provider's error code
    history: Mapped[list[Any]] = mapped_column(default_factory=list)  # [{at, what, detail, reason}]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
