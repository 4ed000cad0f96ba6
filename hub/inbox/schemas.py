"""What the inbox says on the wire: list rows, timeline items, and the frames of the live feed.

All instants are RFC 3339 in UTC, all ids are UUIDs. A cursor is "XID.POSITION", opaque to clients.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hub.timeline.schemas import Row

Intent = Literal["available", "away", "offline"]


class Mine(Struct, frozen=True, kw_only=True):
    """What a conversation is to the agent who looks: the views it belongs to, and how far it is read.

    Views: "mine", "unassigned", "mentions", "snoozed", "open", "resolved", "team:ID", "channel:ID" (open ones).
    """

    views: tuple[str, ...]
    inbound_read: int = 0
    draft: bool = False


class Listed(Struct, frozen=True, kw_only=True):
    """A row as one agent sees it."""

    row: Row
    mine: Mine


class ConversationPage(Struct, frozen=True, kw_only=True):
    """A page of a view, newest activity first, true at `cursor`; `next` asks for the page below."""

    cursor: str
    items: tuple[Listed, ...]
    next: str | None


class Reach(Struct, frozen=True, kw_only=True):
    """One way to answer this customer: through a channel of ours to one of their addresses."""

    channel_id: UUID
    channel_kind: str
    channel_name: str
    from_address: str
    point_id: UUID
    to_address: str
    to_name: str | None
    verified: bool
    last_used: bool  # the customer wrote here last
    closed: str | None = None  # why one cannot answer here now (code, e.g. "paused", "window_closed")


class ConversationDetail(Struct, frozen=True, kw_only=True):
    """One conversation, opened: its row, the ways to answer, the drafts of the agent who looks."""

    cursor: str
    listed: Listed
    reach: tuple[Reach, ...]
    drafts: tuple["DraftItem", ...]
    why: tuple[str, ...] = ()  # why it went to whom (the assignment's reasons)


class DraftItem(Struct, frozen=True, kw_only=True):
    """A draft, kept on the server for each agent, conversation and channel (None: a note)."""

    channel_id: UUID | None
    text: str
    subject: str | None = None
    updated_at: datetime


class Counts(Struct, frozen=True, kw_only=True):
    """How many conversations are in each view of this agent; team and channel ids as keys."""

    mine: int
    unassigned: int
    mentions: int
    snoozed: int
    open: int
    teams: dict[str, int]
    channels: dict[str, int]


class AgentItem(Struct, frozen=True, kw_only=True):
    """A colleague, as every agent may see them."""

    id: UUID
    name: str
    kind: Literal["person", "bot"]
    role: str
    team_ids: tuple[UUID, ...]
    intent: Intent
    online: bool
    disabled: bool = False


class TeamItem(Struct, frozen=True, kw_only=True):
    """A team."""

    id: UUID
    name: str


class ChannelItem(Struct, frozen=True, kw_only=True):
    """A channel, as every agent may see it."""

    id: UUID
    kind: str
    name: str
    address: str
    team_id: UUID | None
    paused: bool
    capabilities: dict[str, object]


class InboxState(Struct, frozen=True, kw_only=True):
    """What the inbox needs before the first list: who is here, which channels, how many where."""

    cursor: str
    counts: Counts
    agents: tuple[AgentItem, ...]
    teams: tuple[TeamItem, ...]
    channels: tuple[ChannelItem, ...]
    tags: tuple[str, ...]
