"""All events as one tagged union, which defines the JSON of the log, the live feed and the OpenAPI document.

An event holds the ids of the rows that changed; the live feed sends the rows themselves with it. A renamed event gets a
new tag; its old tag, which the log still contains, goes into `OLD_TAGS`.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from msgspec import Struct

from hub.errors import Reason


class Intent(StrEnum):
    """An agent's choice about new work: AWAY and OFFLINE agents keep their conversations and get no new ones."""

    AVAILABLE = "available"
    AWAY = "away"
    OFFLINE = "offline"


class State(StrEnum):
    """The state of a conversation."""

    OPEN = "open"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Direction(StrEnum):
    """The direction of a message: from the customer, to the customer, or within the team."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Status(StrEnum):
    """The status of an outbound message; it only moves forward."""

    QUEUED = "queued"
    SENDING = "sending"
    DOUBTFUL = "doubtful"
    FAILED = "failed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"


class EventBase(Struct, frozen=True, kw_only=True):
    """The base of all events, with the class variables that the log and the feed read."""

    shown: ClassVar[bool] = False  # whether the timeline shows the event as an item
    attached_row: ClassVar[Literal["agent", "team", "channel"] | None] = None  # the row that the feed sends with it


class MessageEvent(EventBase, frozen=True, kw_only=True):
    """An event of one message: the feed sends the message beside it."""

    message_id: UUID


class ConversationOpened(EventBase, frozen=True, kw_only=True, tag="conversation_opened"):
    """A customer or an agent began a conversation."""

    shown = True

    conversation_id: UUID


class MessageReceived(MessageEvent, frozen=True, kw_only=True, tag="message_received"):
    """A message of a customer arrived."""


class MessageQueued(MessageEvent, frozen=True, kw_only=True, tag="message_queued"):
    """An agent wrote a reply; it is sent at `send_at` and can be undone until then."""

    send_at: datetime


class MessageUnsent(MessageEvent, frozen=True, kw_only=True, tag="message_unsent"):
    """A queued reply was undone before it was sent."""


class MessageStatusChanged(MessageEvent, frozen=True, kw_only=True, tag="message_status_changed"):
    """The status of an outgoing message changed: sent, delivered, read, failed or doubtful."""

    status: Status
    detail: str | None = None
    reason: Reason | None = None


class NoteAdded(MessageEvent, frozen=True, kw_only=True, tag="note_added"):
    """An agent wrote a note, which only the team sees."""

    mentions: tuple[UUID, ...] = ()


class ConversationAssigned(EventBase, frozen=True, kw_only=True, tag="conversation_assigned"):
    """A conversation was assigned to an agent, to a team's queue, or to neither; with the reasons."""

    shown = True

    agent_id: UUID | None
    team_id: UUID | None
    reasons: tuple[str, ...] = ()


class ConversationResolved(EventBase, frozen=True, kw_only=True, tag="conversation_resolved"):
    """A conversation was resolved."""

    shown = True

    wrap_up: str | None = None


class ConversationReopened(EventBase, frozen=True, kw_only=True, tag="conversation_reopened"):
    """A conversation was opened again, by an agent or by the customer's next message."""

    shown = True

    by_customer: bool = False


class ConversationSnoozed(EventBase, frozen=True, kw_only=True, tag="conversation_snoozed"):
    """A conversation was snoozed until a time, or until the customer writes."""

    shown = True

    until: datetime


class ConversationWoken(EventBase, frozen=True, kw_only=True, tag="conversation_woken"):
    """A snooze ended: its time came, an agent ended it, or the customer wrote."""

    shown = True

    by_customer: bool = False


class TagsChanged(EventBase, frozen=True, kw_only=True, tag="tags_changed"):
    """Tags were added to or removed from a conversation."""

    shown = True

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class ReadMarked(EventBase, frozen=True, kw_only=True, tag="read_marked"):
    """An agent has read the customer's messages up to a count (private to that agent)."""

    agent_id: UUID
    inbound_read: int


class DraftKept(EventBase, frozen=True, kw_only=True, tag="draft_kept"):
    """An agent began a draft (private to that agent)."""

    agent_id: UUID


class DraftDropped(EventBase, frozen=True, kw_only=True, tag="draft_dropped"):
    """An agent's draft was sent or discarded (private to that agent)."""

    agent_id: UUID


class ContactChanged(EventBase, frozen=True, kw_only=True, tag="contact_changed"):
    """A customer's name, language or addresses changed."""

    contact_id: UUID


class ContactsMerged(EventBase, frozen=True, kw_only=True, tag="contacts_merged"):
    """Two contacts were found to be one person; `source_id` now points to `target_id`."""

    shown = True

    source_id: UUID
    target_id: UUID
    reason: str


class ContactsUnmerged(EventBase, frozen=True, kw_only=True, tag="contacts_unmerged"):
    """A merge was undone."""

    shown = True

    source_id: UUID
    target_id: UUID


class AgentChanged(EventBase, frozen=True, kw_only=True, tag="agent_changed"):
    """An agent was invited, changed or disabled."""

    attached_row = "agent"

    agent_id: UUID


class TeamChanged(EventBase, frozen=True, kw_only=True, tag="team_changed"):
    """A team was created, changed or removed."""

    attached_row = "team"

    team_id: UUID


class ChannelChanged(EventBase, frozen=True, kw_only=True, tag="channel_changed"):
    """A channel was added, changed, paused, or its health changed."""

    attached_row = "channel"

    channel_id: UUID


class AvailabilityChanged(EventBase, frozen=True, kw_only=True, tag="availability_changed"):
    """An agent became available, away or offline."""

    attached_row = "agent"

    agent_id: UUID
    intent: str


Event = (
    ConversationOpened
    | MessageReceived
    | MessageQueued
    | MessageUnsent
    | MessageStatusChanged
    | NoteAdded
    | ConversationAssigned
    | ConversationResolved
    | ConversationReopened
    | ConversationSnoozed
    | ConversationWoken
    | TagsChanged
    | ReadMarked
    | DraftKept
    | DraftDropped
    | ContactChanged
    | ContactsMerged
    | ContactsUnmerged
    | AgentChanged
    | TeamChanged
    | ChannelChanged
    | AvailabilityChanged
)

OLD_TAGS = {"message_moved": "message_status_changed"}  # old tag -> the tag that replaced it


def tags_of(event: type[Struct]) -> tuple[str, ...]:
    """Return the tags under which the log holds events of a class: the current one, then those it replaced."""
    tag = str(event.__struct_config__.tag)
    return tag, *(old for old, new in OLD_TAGS.items() if new == tag)
