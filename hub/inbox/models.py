"""The in-tray and the out-tray; drafts, read marks, mentions; the visitors of our own chat."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.storage.database import Base, now


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
