"""What the inbox says on the wire: list rows, timeline items, and the frames of the live feed.

All instants are RFC 3339 in UTC, all ids are UUIDs. A cursor is "XID.POSITION", opaque to clients.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hub.channels.contract import Capabilities
from hub.timeline.events import Direction, Event, State, Status

Intent = Literal["available", "away", "offline"]


class ContactName(Struct, frozen=True, kw_only=True):
    """A customer in a list: id and the best name there is."""

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


class Happened(Struct, frozen=True, kw_only=True, tag="happened"):
    """An entry of the timeline, with the rows it concerns as they are now.

    `listed` is None when the conversation is none of this agent's any more: drop it from all lists.
    `item` is the message or event line to put into the open thread, where there is one.
    """

    cursor: str
    event: Event
    conversation_id: UUID | None
    contact_id: UUID | None
    listed: Listed | None = None
    item: Item | None = None
    agent: AgentItem | None = None
    team: TeamItem | None = None
    channel: ChannelItem | None = None


class Counted(Struct, frozen=True, kw_only=True, tag="counted"):
    """The numbers beside the views, now."""

    counts: Counts


class Present(Struct, frozen=True, kw_only=True, tag="present"):
    """Who has the inbox open; no cursor, never replayed."""

    online: tuple[UUID, ...]


class Viewing(Struct, frozen=True, kw_only=True, tag="viewing"):
    """Which colleagues look at a conversation just now."""

    conversation_id: UUID
    agents: tuple[UUID, ...]


class Writing(Struct, frozen=True, kw_only=True, tag="writing"):
    """Somebody is typing: a colleague (agent_id) or the customer (agent_id None). Holds for 6 s."""

    conversation_id: UUID
    agent_id: UUID | None
    mode: Literal["reply", "note"] = "reply"


class Reset(Struct, frozen=True, kw_only=True, tag="reset"):
    """The cursor is too old, or the agent's rights changed: fetch afresh what is on screen."""

    reason: Literal["too_old", "rights_changed"]
    cursor: str


Frame = Happened | Counted | Present | Viewing | Writing | Reset


class Look(Struct, frozen=True, kw_only=True, tag="look", forbid_unknown_fields=True):
    """I look at this conversation now, or at none; repeat it each 20 s."""

    conversation_id: UUID | None


class Type(Struct, frozen=True, kw_only=True, tag="type", forbid_unknown_fields=True):
    """I am writing in this conversation; at most each 3 s."""

    conversation_id: UUID
    mode: Literal["reply", "note"]


Command = Look | Type
