"""Contacts and their addresses, conversations, messages, attachments and the bytes of files."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Identity, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.events.definitions import Direction, State, Status
from hub.storage.closed_sets import one_of
from hub.storage.database import Base, new_id, now
from hub.timeline.lifecycle import Lifecycle


class Contact(Base, kw_only=True):
    """A customer: person or organisation."""

    __tablename__ = "contact"
    __table_args__ = (Index("contact_words_idx", text("to_tsvector('simple', name)"), postgresql_using="gin"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    name: Mapped[str]  # never empty: at worst the first address
    named: Mapped[bool] = mapped_column(default=False)  # False: the name was made from an address
    language: Mapped[str | None] = mapped_column(default=None)
    time_zone: Mapped[str | None] = mapped_column(default=None)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"), index=True, default=None)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, server_default=text("now()"))


Index("contact_name_idx", func.lower(Contact.name).label("start"), postgresql_ops={"start": "text_pattern_ops"})


class ContactPoint(Base, kw_only=True):
    """An address of a contact; unique in the hub."""

    __tablename__ = "contact_point"
    __table_args__ = (
        UniqueConstraint("scheme", "value"),
        Index("contact_point_value_idx", "value", postgresql_ops={"value": "text_pattern_ops"}),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"), index=True)
    scheme: Mapped[str]
    value: Mapped[str]  # normalised
    display: Mapped[str]  # what people see of it: as a rule the value as it was written
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, server_default=text("now()"))


class ContactMerge(Base, kw_only=True):
    """A merge of two contacts, with what it moved, so that it can be undone."""

    __tablename__ = "contact_merge"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"), index=True)
    target_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"), index=True)
    point_ids: Mapped[list[Any]]
    conversation_ids: Mapped[list[Any]]
    reason: Mapped[str]
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agent.id"), default=None)
    merged_at: Mapped[datetime] = mapped_column(default_factory=now)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)


class Conversation(Lifecycle, Base, kw_only=True):
    """One matter of a contact, from open to resolved, over any channels; only its verbs change its state."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index("conversation_open_idx", "last_at", "id", postgresql_where=text("state = 'open'")),
        Index("conversation_team_idx", "team_id", "last_at", "id", postgresql_where=text("state = 'open'")),
        Index(
            "conversation_unassigned_idx",
            "team_id",
            "last_at",
            "id",
            postgresql_where=text("state = 'open' and assignee_id is null"),
        ),
        Index("conversation_mine_idx", "assignee_id", "last_at", "id", postgresql_where=text("state = 'open'")),
        Index("conversation_snoozed_idx", "snoozed_until", postgresql_where=text("state = 'snoozed'")),
        Index("conversation_resolved_idx", "last_at", "id", postgresql_where=text("state = 'resolved'")),
        Index("conversation_contact_idx", "contact_id", "last_at"),
        Index(
            "conversation_tally_idx",
            "team_id",
            "assignee_id",
            "last_channel_id",
            "state",
            postgresql_where=text("state <> 'resolved'"),
        ),
        Index("conversation_demo_idx", "demo", postgresql_where=text("demo")),
        {"postgresql_with": {"fillfactor": "80"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    number: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True, init=False)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"))
    subject: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[State] = mapped_column(*one_of("state", State), default=State.OPEN)
    snoozed_until: Mapped[datetime | None] = mapped_column(default=None)
    waiting_since: Mapped[datetime | None] = mapped_column(default=None)
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), default=None)
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("agent.id"), default=None)
    assigned_why: Mapped[list[Any]] = mapped_column(default_factory=list)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list, server_default=text("'{}'"))
    wrap_up: Mapped[str | None] = mapped_column(default=None)
    reply_key: Mapped[str] = mapped_column(unique=True)  # 26 of a-z0-9, unguessable
    preview: Mapped[str] = mapped_column(default="")
    last_direction: Mapped[Direction] = mapped_column(*one_of("last_direction", Direction), default=Direction.INBOUND)
    last_at: Mapped[datetime] = mapped_column(default_factory=now)
    last_channel_id: Mapped[UUID | None] = mapped_column(ForeignKey("channel.id"), default=None)
    inbound_count: Mapped[int] = mapped_column(default=0)
    reply_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    demo: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime] = mapped_column(default_factory=now)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)

    def change_tags(self, *, added: Collection[str], removed: Collection[str]) -> None:
        """Add tags at the end, and remove others."""
        self.tags = [tag for tag in self.tags if tag not in removed] + list(added)
        self.version += 1


class Participant(Base, kw_only=True):
    """An address that takes part in another contact's conversation, such as one in Cc."""

    __tablename__ = "participant"

    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    point_id: Mapped[UUID] = mapped_column(ForeignKey("contact_point.id", ondelete="CASCADE"), primary_key=True)
    joined_at: Mapped[datetime] = mapped_column(default_factory=now, server_default=text("now()"))


class Message(Base, kw_only=True):
    """A message or a note; each message names its own channel."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("channel_id", "external_id"),
        Index("message_contact_idx", "contact_id", "at", "id"),
        Index("message_conversation_idx", "conversation_id", "at", "id"),
        Index("message_email_id_idx", "email_id", postgresql_where=text("email_id is not null")),
        Index(
            "message_search_idx",
            text("to_tsvector('simple', left(coalesce(subject, '') || ' ' || body, 20000))"),
            postgresql_using="gin",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"))
    at: Mapped[datetime]  # by the database's clock: received, or queued
    direction: Mapped[Direction] = mapped_column(*one_of("direction", Direction))
    channel_id: Mapped[UUID | None] = mapped_column(ForeignKey("channel.id"), default=None)
    external_id: Mapped[str | None] = mapped_column(default=None)
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agent.id"), default=None)
    point_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact_point.id"), default=None)
    cc: Mapped[list[Any]] = mapped_column(default_factory=list)  # addresses as text
    subject: Mapped[str | None] = mapped_column(default=None)
    body: Mapped[str] = mapped_column(default="")  # without quoted text
    full_body: Mapped[str | None] = mapped_column(default=None)  # with quoted text; None: the same as the body
    html: Mapped[str | None] = mapped_column(default=None)  # sanitised
    email_id: Mapped[str | None] = mapped_column(default=None)  # Message-ID, with brackets
    sent_at: Mapped[datetime | None] = mapped_column(default=None)  # the provider's clock
    arrival_id: Mapped[UUID | None] = mapped_column(default=None)  # None: the original is not kept
    automatic: Mapped[bool] = mapped_column(default=False)
    unreadable: Mapped[str | None] = mapped_column(default=None)  # why, in English
    status: Mapped[Status | None] = mapped_column(*one_of("status", Status), default=None)  # outbound only
    status_detail: Mapped[str | None] = mapped_column(default=None)  # in English
    reason: Mapped[dict[str, Any] | None] = mapped_column(default=None)  # why unreadable or not sent: errors.Reason
    send_at: Mapped[datetime | None] = mapped_column(default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    mentions: Mapped[list[Any]] = mapped_column(default_factory=list)
    has_files: Mapped[bool] = mapped_column(default=False)


class PendingReference(Base, kw_only=True):
    """The id of a message that was answered before it arrived; once it arrives, it joins that conversation."""

    # The table keeps its first name: processes of the version before read it by that name during a rolling upgrade.
    __tablename__ = "awaited"

    email_id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    channel_id: Mapped[UUID] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True, init=False)


class Attachment(Base, kw_only=True):
    """A file of a message, stored by its digest; `message_id` is None while the message is being written."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    message_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True, default=None
    )
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agent.id"), default=None)  # the agent who uploaded it
    visitor_id: Mapped[UUID | None] = mapped_column(default=None)  # or the visitor who did
    digest: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    content_id: Mapped[str | None] = mapped_column(default=None)
    inline: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=now, server_default=text("now()"))


class Blob(Base, kw_only=True):
    """The bytes of an arrival or an attachment of up to 64 KiB; larger ones are files."""

    __tablename__ = "blob"

    digest: Mapped[str] = mapped_column(primary_key=True)  # SHA-256, hex
    body: Mapped[bytes] = mapped_column(LargeBinary)
