"""A conversation in a list, as sent to clients."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hub.events.definitions import Direction, State


class ContactName(Struct, frozen=True, kw_only=True):
    """A contact in a list."""

    id: UUID
    name: str


class Row(Struct, frozen=True, kw_only=True):
    """A conversation in a list, whole; `version` grows with every change."""

    id: UUID
    number: int
    version: int
    contact: ContactName
    subject: str | None
    preview: str
    last_direction: Direction
    last_at: datetime
    channel_id: UUID | None  # of the last message
    channel_kind: str | None
    state: State
    snoozed_until: datetime | None
    waiting_since: datetime | None  # the customer waits for us since then
    assignee_id: UUID | None
    team_id: UUID | None
    tags: tuple[str, ...]
    inbound_count: int  # messages of the customer so far; unread = inbound_count - inbound_read
