"""Tables of an agent's own state of a conversation: drafts, read marks and mentions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base, now


class Draft(Base, kw_only=True):
    """An agent's unsent text in a conversation; `channel_key` is a channel's id, or "note" for a note."""

    __tablename__ = "draft"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    channel_key: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    subject: Mapped[str | None] = mapped_column(default=None)
    updated_at: Mapped[datetime] = mapped_column(default_factory=now)


class ReadMark(Base, kw_only=True):
    """The number of inbound messages that an agent has read in a conversation, counted from the first."""

    __tablename__ = "read_mark"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    inbound_read: Mapped[int] = mapped_column(default=0)


class Mention(Base, kw_only=True):
    """An agent mentioned in a note; `seen_at` is None until the agent has read the conversation."""

    __tablename__ = "mention"
    __table_args__ = (
        Index("mention_open_idx", "agent_id", "conversation_id", postgresql_where=text("seen_at is null")),
    )

    message_id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    seen_at: Mapped[datetime | None] = mapped_column(default=None)
