"""The table of arrivals: raw bytes from providers that wait to be processed."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.closed_sets import one_of
from hub.storage.database import Base, new_id, now


class ArrivalState(StrEnum):
    """The state of an arrival."""

    KEPT = "kept"  # stored, not processed yet
    TAKEN = "taken"  # processed: its messages are in the timeline
    QUARANTINED = "quarantined"


class Arrival(Base, kw_only=True):
    """Raw bytes received from a provider, with the state of their processing; the bytes are in blobs or files."""

    __tablename__ = "arrival"
    __table_args__ = (
        UniqueConstraint("channel_id", "dedupe_key"),
        Index("arrival_due_idx", "due_at", "sequence", postgresql_where=text("state = 'kept'")),
        Index("arrival_quarantined_idx", "received_at", postgresql_where=text("state = 'quarantined'")),
        Index(
            "arrival_stream_idx",
            "channel_id",
            "stream",
            "sequence",
            postgresql_where=text("state = 'kept' and stream is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    sequence: Mapped[int] = mapped_column(init=False, server_default=text("nextval('arrival_sequence')"))
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channel.id"))
    dedupe_key: Mapped[str]
    stream: Mapped[str | None] = mapped_column(default=None)  # arrivals of one stream are processed in order
    meta: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # url and headers of a callback
    digest: Mapped[str | None] = mapped_column(default=None)  # SHA-256 of the bytes, in hex; None once they are deleted
    size: Mapped[int] = mapped_column(default=0)
    state: Mapped[ArrivalState] = mapped_column(*one_of("state", ArrivalState), default=ArrivalState.KEPT)
    attempts: Mapped[int] = mapped_column(default=0)  # failed attempts
    begun: Mapped[int] = mapped_column(default=0, server_default="0")  # claims by workers
    due_at: Mapped[datetime] = mapped_column(  # first the end of the lease of the process that stored it
        default_factory=now, server_default=text("clock_timestamp() + interval '15 s'")
    )
    error: Mapped[str | None] = mapped_column(default=None)  # in English
    reason: Mapped[dict[str, Any] | None] = mapped_column(default=None)  # the same as an errors.Reason
    received_at: Mapped[datetime] = mapped_column(default_factory=now, server_default=text("clock_timestamp()"))
    taken_at: Mapped[datetime | None] = mapped_column(default=None)
