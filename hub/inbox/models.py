"""The in-tray and the out-tray; drafts, read marks, mentions; the visitors of our own chat."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.database import Base, new_id, now


class Arrival(Base, kw_only=True):
    """What a provider handed us, byte for byte, until it is taken in; the bytes are in blobs or files."""

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
    stream: Mapped[str | None] = mapped_column(default=None)  # taken in in the order in which it came
    meta: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)  # url and headers of a callback
    digest: Mapped[str | None] = mapped_column(default=None)  # of a body kept in files
    size: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="kept")  # kept, taken, quarantined
    attempts: Mapped[int] = mapped_column(default=0)  # those that failed
    begun: Mapped[int] = mapped_column(default=0, server_default="0")  # how often a worker took it up
    due_at: Mapped[datetime] = mapped_column(  # the lease of whoever kept it comes first
        default_factory=now, server_default=text("clock_timestamp() + interval '15 s'")
    )
    error: Mapped[str | None] = mapped_column(default=None)
    received_at: Mapped[datetime] = mapped_column(default_factory=now, server_default=text("clock_timestamp()"))
    taken_at: Mapped[datetime | None] = mapped_column(default=None)


class Delivery(Base, kw_only=True):
    """A message on its way out, with every attempt."""

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
    # due, claimed, sending, sent, failed, doubtful, cancelled
    state: Mapped[str] = mapped_column(default="due")
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)
    lease: Mapped[UUID | None] = mapped_column(default=None)  # the fencing token of the claim
    provider_id: Mapped[str | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(default=None)
    code: Mapped[str | None] = mapped_column(default=None)
    history: Mapped[list[Any]] = mapped_column(default_factory=list)  # [{at, what, detail}]
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)


class Draft(Base, kw_only=True):
    """What an agent has begun to write, for each channel; `channel_key` "note" is a note."""

    __tablename__ = "draft"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    channel_key: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    subject: Mapped[str | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default_factory=now)


class ReadMark(Base, kw_only=True):
    """How many of the customer's messages an agent has read in a conversation."""

    __tablename__ = "read_mark"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    inbound_read: Mapped[int] = mapped_column(default=0)


class Mention(Base, kw_only=True):
    """A colleague was named in a note; open until they have read it."""

    __tablename__ = "mention"
    __table_args__ = (
        Index("mention_open_idx", "agent_id", "conversation_id", postgresql_where=text("seen_at is null")),
    )

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    seen_at: Mapped[datetime | None] = mapped_column(default=None)


class Visitor(Base, kw_only=True):
    """Someone with our chat open: the secret they hold, and who their site says they are."""

    __tablename__ = "visitor"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channel.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    point_value: Mapped[str]
    verified_user: Mapped[str | None] = mapped_column(default=None)  # the site's own id, signed
    verified_email: Mapped[str | None] = mapped_column(default=None)
    name: Mapped[str | None] = mapped_column(default=None)
    claimed_email: Mapped[str | None] = mapped_column(default=None)  # only a claim
    locale: Mapped[str | None] = mapped_column(default=None)
    page_url: Mapped[str | None] = mapped_column(default=None)
    user_agent: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    last_seen_at: Mapped[datetime] = mapped_column(default_factory=now)


class DemoMail(Base, kw_only=True):
    """A mail in the mailbox of a demo customer."""

    __tablename__ = "demo_mail"
    __table_args__ = (Index(None, "address", "received_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    address: Mapped[str]
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(default_factory=now)
