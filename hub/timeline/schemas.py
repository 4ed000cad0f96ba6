"""Wire types of the timeline: conversation rows, messages, and the events between messages."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hub.errors import Reason
from hub.events.definitions import Direction, Event, State, Status


class ContactName(Struct, frozen=True, kw_only=True):
    """A contact's id and display name; the name falls back to an address if the contact gave none."""

    id: UUID
    name: str


class Row(Struct, frozen=True, kw_only=True):
    """A conversation as a list shows it; `version` grows with every change."""

    id: UUID
    number: int
    version: int
    contact: ContactName
    subject: str | None
    preview: str
    last_direction: Direction
    last_at: datetime
    channel_id: UUID | None  # channel of the last message
    channel_kind: str | None
    state: State
    snoozed_until: datetime | None
    waiting_since: datetime | None  # since when the customer waits for an answer; None: not waiting
    assignee_id: UUID | None
    team_id: UUID | None
    tags: tuple[str, ...]
    inbound_count: int  # messages from the customer so far; unread = inbound_count - inbound_read


class Author(Struct, frozen=True, kw_only=True):
    """The author of a message or event: a customer, an agent, a bot, or the hub itself ("system", without an id)."""

    kind: Literal["contact", "agent", "bot", "system"]
    id: UUID | None
    name: str


class AttachmentItem(Struct, frozen=True, kw_only=True):
    """A file of a message, downloaded from /api/attachments/ID."""

    id: UUID
    filename: str
    media_type: str
    size: int  # bytes
    inline: bool = False
    preview: bool = False  # a raster image; /api/attachments/ID/preview serves it for display


class MessageItem(Struct, frozen=True, kw_only=True, tag="message"):
    """A complete message in the timeline; applying it twice changes nothing."""

    id: UUID
    conversation_id: UUID
    contact_id: UUID
    key: str  # sort key within the timeline (fixed width, compared as text)
    at: datetime
    direction: Direction
    author: Author
    channel_id: UUID | None  # None for a note
    channel_kind: str | None
    to: str | None = None  # outbound: the customer's address; inbound: the channel's address
    cc: tuple[str, ...] = ()
    subject: str | None = None
    text: str = ""  # plain text or the small Markdown subset; never HTML
    quoted: bool = False  # GET /api/messages/ID/full also returns quotes and signature
    original: bool = False  # GET /api/messages/ID/original shows the message as the customer sent it
    attachments: tuple[AttachmentItem, ...] = ()
    automatic: bool = False  # sent by a machine, e.g. an out-of-office reply
    unreadable: str | None = None  # why the arrival could not be parsed; a supervisor can download its bytes
    status: Status | None = None  # outbound only
    status_detail: str | None = None
    reason: Reason | None = None  # why it could not be read or sent, as a code with parameters
    send_at: datetime | None = None  # while queued: the message can be undone until then
    delivery_id: UUID | None = (
        None  # outbound only: the id for retrying or settling the delivery; equals the message's id
    )
    removed: bool = False  # undone before it was sent
    mentions: tuple[UUID, ...] = ()  # agents


class EventItem(Struct, frozen=True, kw_only=True, tag="event"):
    """An event between the messages of a timeline, such as an assignment."""

    id: str  # the entry's position in the event log
    conversation_id: UUID
    contact_id: UUID
    key: str  # sort key within the timeline (fixed width, compared as text)
    at: datetime
    author: Author
    event: Event


Item = MessageItem | EventItem


class TimelinePage(Struct, frozen=True, kw_only=True):
    """A page of a customer's history over all channels and conversations, oldest item first.

    `previous` is the value of `before` for the next older page; None on the oldest page.
    """

    cursor: str
    items: tuple[Item, ...]
    previous: str | None
