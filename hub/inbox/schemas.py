"""What the inbox says on the wire: list rows, timeline items, and the frames of the live feed.

All instants are RFC 3339 in UTC, all ids are UUIDs. A cursor is "XID.POSITION", opaque to clients.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hub.channels.contract import Capabilities
from hub.errors import Reason
from hub.events.definitions import Direction, Event, Status
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


class Author(Struct, frozen=True, kw_only=True):
    """Who wrote: a customer, an agent, a bot, or the hub itself."""

    kind: Literal["contact", "agent", "bot", "system"]
    id: UUID | None
    name: str


class AttachmentItem(Struct, frozen=True, kw_only=True):
    """A file of a message: fetched from /api/attachments/ID."""

    id: UUID
    filename: str
    media_type: str
    size: int  # bytes
    inline: bool = False
    preview: bool = False  # a raster picture: /api/attachments/ID/preview shows it small and re-encoded


class MessageItem(Struct, frozen=True, kw_only=True, tag="message"):
    """A message in the timeline, whole; applying it twice is harmless."""

    id: UUID
    conversation_id: UUID
    contact_id: UUID
    key: str  # sorts within the timeline (fixed width, compare as text)
    at: datetime
    direction: Direction
    author: Author
    channel_id: UUID | None  # None for a note
    channel_kind: str | None
    to: str | None = None  # the address it went to or came in at, for people to read
    cc: tuple[str, ...] = ()
    subject: str | None = None
    text: str = ""  # plain text or the small Markdown subset; never HTML
    quoted: bool = False  # GET /api/messages/ID/full has quotes and signature too
    original: bool = False  # GET /api/messages/ID/original shows it as the customer sent it
    attachments: tuple[AttachmentItem, ...] = ()
    automatic: bool = False
    unreadable: str | None = None  # why the raw arrival could not be read; a supervisor can open it
    status: Status | None = None  # outbound only
    status_detail: str | None = None
    reason: Reason | None = None  # why it could not be read or sent, as a code with parameters
    send_at: datetime | None = None  # while queued: can be taken back until then
    delivery_id: UUID | None = None  # outbound only: for retry and for settling a doubtful one
    removed: bool = False  # taken back before it left
    mentions: tuple[UUID, ...] = ()


class EventItem(Struct, frozen=True, kw_only=True, tag="event"):
    """A small line of the timeline: something that happened between messages."""

    id: str  # the entry's position
    conversation_id: UUID
    contact_id: UUID
    key: str
    at: datetime
    author: Author
    event: Event


Item = MessageItem | EventItem


class TimelinePage(Struct, frozen=True, kw_only=True):
    """A customer's history over all channels and conversations, oldest first; `previous` asks for older ones."""

    cursor: str
    items: tuple[Item, ...]
    previous: str | None


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
    capabilities: Capabilities


class InboxState(Struct, frozen=True, kw_only=True):
    """What the inbox needs before the first list: who is here, which channels, how many where."""

    cursor: str
    counts: Counts
    agents: tuple[AgentItem, ...]
    teams: tuple[TeamItem, ...]
    channels: tuple[ChannelItem, ...]
    tags: tuple[str, ...]
