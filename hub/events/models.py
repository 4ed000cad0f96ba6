"""Tables of the event log, the cursors of its durable readers, and their dead letters."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base, Xid


class Entry(Base, kw_only=True):
    """One entry of the log: an event, with the transaction that wrote it."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_reader_idx", "xid", "position"),
        Index(
            "entry_contact_idx",
            "contact_id",
            "at",
            "position",
            postgresql_where=text("contact_id is not null and shown"),
        ),
    )

    position: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    xid: Mapped[int] = mapped_column(Xid, server_default=text("pg_current_xact_id()"), init=False)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"), init=False)
    conversation_id: Mapped[UUID | None] = mapped_column(default=None)
    contact_id: Mapped[UUID | None] = mapped_column(default=None)
    agent_id: Mapped[UUID | None] = mapped_column(default=None)  # the agent who did it; None: a customer or the hub
    private_to: Mapped[UUID | None] = mapped_column(default=None)  # the only agent who may see it
    shown: Mapped[bool] = mapped_column(default=False)  # an item of its own in the timeline
    event: Mapped[dict[str, Any]]


class Cursor(Base, kw_only=True):
    """The position that a reader has reached in the log, and the process that runs it now."""

    __tablename__ = "cursor"

    reader: Mapped[str] = mapped_column(primary_key=True)
    xid: Mapped[int] = mapped_column(Xid)
    position: Mapped[int]
    attempts: Mapped[int] = mapped_column(server_default=text("0"), default=0)  # unsuccessful, at the next entry
    owner: Mapped[UUID | None] = mapped_column(default=None)  # the process that runs the reader; None: no process
    leased_until: Mapped[datetime | None] = mapped_column(default=None)  # end of the owner's lease


class DeadLetter(Base, kw_only=True):
    """An entry that a reader gave up after several failed attempts."""

    __tablename__ = "dead_letter"

    reader: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    error: Mapped[str]
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"), init=False)  # of the last attempt
