"""Wire types of the inbox: lists, one conversation, and the state shown beside them.

All times are RFC 3339 in UTC, all ids are UUIDs. A cursor is "XID.POSITION", opaque to clients.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from hub.access.rights import AgentKind
from hub.channels.contract import Appearance, Capabilities
from hub.events.definitions import Intent
from hub.timeline.schemas import Row


class Mine(Struct, frozen=True, kw_only=True):
    """A conversation's state for one agent: the views it belongs to, how far it is read, whether there is a draft.

    Views: "mine", "unassigned", "mentions", "snoozed", "open", "resolved", "team:ID", "channel:ID" (open ones).
    """

    views: tuple[str, ...]
    inbound_read: int = 0
    draft: bool = False


class Listed(Struct, frozen=True, kw_only=True):
    """A conversation's row together with its state for one agent."""

    row: Row
    mine: Mine


class ConversationPage(Struct, frozen=True, kw_only=True):
    """A page of a view, latest activity first, as of `cursor`; `next` is `after` of the next page, null on the last."""

    cursor: str
    items: tuple[Listed, ...]
    next: str | None


class Reach(Struct, frozen=True, kw_only=True):
    """One way to reply to a customer: a channel and one of the customer's contact points."""

    channel_id: UUID
    channel_kind: str
    channel_name: str
    from_address: str
    point_id: UUID
    to_address: str
    to_name: str | None
    verified: bool
    last_used: bool  # the customer's last message came this way
    closed: str | None = None  # why no reply is possible now: a code such as "paused"; None: possible


class ConversationDetail(Struct, frozen=True, kw_only=True):
    """One conversation: its row, the ways to reply, and the viewer's drafts."""

    cursor: str
    listed: Listed
    reach: tuple[Reach, ...]
    drafts: tuple["DraftItem", ...]
    why: tuple[str, ...] = ()  # the reasons of its assignment


class DraftItem(Struct, frozen=True, kw_only=True):
    """A draft of one agent in one conversation; `channel_id` null: of a note."""

    channel_id: UUID | None
    text: str
    subject: str | None = None
    updated_at: datetime


class Counts(Struct, frozen=True, kw_only=True):
    """The number of conversations in each view of an agent; `teams` and `channels` by id."""

    mine: int
    unassigned: int
    mentions: int
    snoozed: int
    open: int
    teams: dict[str, int]
    channels: dict[str, int]


class AgentItem(Struct, frozen=True, kw_only=True):
    """An agent, as every other agent may see it."""

    id: UUID
    name: str
    kind: AgentKind
    role: str
    team_ids: tuple[UUID, ...]
    intent: Intent
    online: bool
    disabled: bool = False


class TeamItem(Struct, frozen=True, kw_only=True):
    """A team's id and name."""

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
    appearance: Appearance
    capabilities: Capabilities


class InboxState(Struct, frozen=True, kw_only=True):
    """The data for a client's first screen: agents, teams, channels, tags, and the numbers beside the views.

    `kinds` are the kinds of all channels, archived ones too: old messages are shown with their icons.
    """

    cursor: str
    counts: Counts
    agents: tuple[AgentItem, ...]
    teams: tuple[TeamItem, ...]
    channels: tuple[ChannelItem, ...]
    kinds: dict[str, Appearance]
    tags: tuple[str, ...]
