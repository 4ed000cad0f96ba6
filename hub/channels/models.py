"""The table of channels: our own addresses with their kind, settings, bookmark and health."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base, new_id, now


class Channel(Base, kw_only=True):
    """An address at which customers reach us: a mailbox, a chat on a web site, a phone number, a bot."""

    __tablename__ = "channel"
    __table_args__ = (Index(None, "kind", "address", unique=True, postgresql_where="archived_at is null"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    kind: Mapped[str]
    name: Mapped[str]
    address: Mapped[str]  # normalised: mailbox, public key, number
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), default=None)
    settings: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # the Account without its secrets
    secrets: Mapped[str | None] = mapped_column(default=None)  # the secret fields as JSON, encrypted
    bookmark: Mapped[str | None] = mapped_column(default=None)  # where `Adapter.listen` continues
    paused_at: Mapped[datetime | None] = mapped_column(default=None)
    archived_at: Mapped[datetime | None] = mapped_column(default=None)
    last_in_at: Mapped[datetime | None] = mapped_column(default=None)
    last_out_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(default=None)  # in English
    reason: Mapped[dict[str, Any] | None] = mapped_column(default=None)  # the same as an errors.Reason
    error_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
