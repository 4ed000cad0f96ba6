"""Queues, work items, offers with their reasons, and the availability and load of agents."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.channels.contract import WorkClass
from hub.events.definitions import Intent
from hub.routing.states import ItemState, ReservationState
from hub.storage.closed_sets import one_of
from hub.storage.database import Base, new_id, now

LIVE = "state in ('held', 'queued', 'reserved', 'accepted', 'paused', 'wrap_up')"


class Queue(Base, kw_only=True):
    """The queue of a team's work items; `team_id` None: the queue that all agents serve, also for removed teams."""

    __tablename__ = "queue"

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    name: Mapped[str]
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id", ondelete="SET NULL"), unique=True, default=None)
    waiting: Mapped[int] = mapped_column(default=0)  # how many items are queued; locked last in every transaction
    automatic: Mapped[bool] = mapped_column(default=True)  # the router assigns its work
    created_at: Mapped[datetime] = mapped_column(default_factory=now)


class WorkItem(Base, kw_only=True):
    """The work on a conversation, from being queued until it is done or moves to another team."""

    __tablename__ = "work_item"
    __table_args__ = (
        Index("work_item_live_idx", "conversation_id", unique=True, postgresql_where=text(LIVE)),
        Index(
            "work_item_waiting_idx",
            "queue_id",
            "work_class",
            "key",
            "sequence",
            postgresql_where=text("state = 'queued'"),
        ),
        Index("work_item_agent_idx", "agent_id", postgresql_where=text("state in ('reserved', 'accepted', 'wrap_up')")),
        {"postgresql_with": {"fillfactor": "70"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(), init=False)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queue.id"))
    work_class: Mapped[WorkClass] = mapped_column(*one_of("work_class", WorkClass))
    units: Mapped[int] = mapped_column(default=1)
    state: Mapped[ItemState] = mapped_column(*one_of("state", ItemState), default=ItemState.QUEUED)
    key: Mapped[datetime] = mapped_column(default_factory=now)  # sort key: its place in the queue
    queued_at: Mapped[datetime] = mapped_column(default_factory=now)
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("agent.id"), default=None)
    reservation_id: Mapped[UUID | None] = mapped_column(default=None)
    over_cap: Mapped[bool] = mapped_column(default=False)
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_item.id", ondelete="SET NULL"), default=None)
    version: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class Reservation(Base, kw_only=True):
    """An offer of a work item to an agent, with its expiry and its reasons."""

    __tablename__ = "reservation"
    __table_args__ = (
        Index("reservation_open_idx", "item_id", unique=True, postgresql_where=text("state = 'open'")),
        Index("reservation_expiry_idx", "expires_at", postgresql_where=text("state = 'open'")),
        Index(None, "item_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=new_id)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("work_item.id", ondelete="CASCADE"))
    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id"))
    state: Mapped[ReservationState] = mapped_column(*one_of("state", ReservationState), default=ReservationState.OPEN)
    reasons: Mapped[list[Any]] = mapped_column(default_factory=list)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


class Availability(Base, kw_only=True):
    """Whether an agent takes new work; the router locks this row first."""

    # The table keeps its first name: processes of the version before read it by that name during a rolling upgrade.
    __tablename__ = "desk"

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    intent: Mapped[Intent] = mapped_column(*one_of("intent", Intent), default=Intent.OFFLINE)
    intent_at: Mapped[datetime] = mapped_column(default_factory=now)
    seen_at: Mapped[datetime | None] = mapped_column(default=None)  # when their inbox was last known to be open
    assigned_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class Load(Base, kw_only=True):
    """How many units of one work class an agent has, and may have."""

    __tablename__ = "load"
    __table_args__ = (CheckConstraint("used >= 0", name="used"), CheckConstraint("cap >= 0", name="cap"))

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("agent.id", ondelete="CASCADE"), primary_key=True)
    work_class: Mapped[WorkClass] = mapped_column(*one_of("work_class", WorkClass), primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
    cap: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
