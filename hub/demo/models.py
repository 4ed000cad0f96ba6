"""The mailboxes of the demo's customers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base, new_id, now


class DemoMail(Base, kw_only=True):
    """A mail in the mailbox of a demo customer."""

    __tablename__ = "demo_mail"
    __table_args__ = (Index(None, "address", "received_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    address: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(default_factory=now)
