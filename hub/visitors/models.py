"""Visitor: a browser in which our web chat has been opened."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base, new_id, now


class Visitor(Base, kw_only=True):
    """A browser with a chat: its token's digest, and the identity that the site signed or the person claims."""

    __tablename__ = "visitor"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channel.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    point_value: Mapped[str]
    verified_user: Mapped[str | None] = mapped_column(
        default=None
    )  # the site's id for the customer, from a signed identity
    verified_email: Mapped[str | None] = mapped_column(default=None)
    name: Mapped[str | None] = mapped_column(default=None)
    claimed_email: Mapped[str | None] = mapped_column(default=None)  # typed into the form; proves nothing
    locale: Mapped[str | None] = mapped_column(default=None)
    page_url: Mapped[str | None] = mapped_column(default=None)
    user_agent: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    last_seen_at: Mapped[datetime] = mapped_column(default_factory=now)
