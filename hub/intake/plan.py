"""Plans the rows that a batch of arrivals writes, one message after the other. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import asdict

from hub.channels.contract import Capabilities, File, InboundMessage, Point, WorkClass
from hub.errors import Reason, reason_to_json
from hub.events import definitions as events
from hub.events.definitions import Direction, Event, State
from hub.events.log import entry_values
from hub.intake.arrival_store import StoredArrival
from hub.storage.database import new_id
from hub.timeline import threading
from hub.timeline.contacts import PointKey, StoredPoint, key_of
from hub.timeline.lifecycle import Lifecycle
from hub.timeline.text import clean
from hub.timeline.threading import IncomingMessage, KnownConversation, KnownThreads, new_reply_key

MAX_TEXT = 200_000
MAX_CC = 20
MAX_ANSWERS = 20
CHANGED_BY_INTAKE = (
    "state",
    "resolved_at",
    "wrap_up",
    "waiting_since",
    "preview",
    "last_direction",
    "last_at",
    "last_channel_id",
    "inbound_count",
    "version",
)


class IntakeChannel(Struct, frozen=True, kw_only=True):
    """A channel as intake needs it."""

    id: UUID
    kind: str
    team_id: UUID | None
    demo: bool
    capabilities: Capabilities


class InboundItem(Struct, frozen=True, kw_only=True):
    """One message of an arrival; `unreadable` is the reason why only a placeholder can be shown, None: it was read."""

    arrival: StoredArrival
    channel: IntakeChannel
    message: InboundMessage
    unreadable: Reason | None = None


class ConversationState(KnownConversation, Lifecycle, kw_only=True):
    """The state of a conversation while a batch is planned; it has the verbs of `Conversation`."""

    team_id: UUID | None
    snoozed_until: datetime | None = None
    waiting_since: datetime | None = None
    assignee_id: UUID | None = None
    assigned_why: list[Any] = field(default_factory=list)
    wrap_up: str | None = None
    preview: str = ""
    last_direction: Direction = Direction.INBOUND
    last_channel_id: UUID | None = None
    inbound_count: int = 0
    reply_count: int = 0
    version: int = 0


class Plan(Struct, kw_only=True):
    """The rows that a batch writes, and the conversations to route afterwards.

    `unassigned` maps conversations without an owner, which are queued, to their team and work class; `returning`
    maps snoozed and reopened ones, which go back to their owner if possible, to their work class.
    """

    conversations: dict[UUID, ConversationState]
    opened: dict[UUID, dict[str, Any]] = field(default_factory=dict)  # new conversations' columns that never change
    touched: set[UUID] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    files: list[tuple[UUID, File]] = field(default_factory=list)
    participants: dict[tuple[UUID, UUID], dict[str, Any]] = field(default_factory=dict)
    pending: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    unassigned: dict[UUID, tuple[UUID | None, WorkClass]] = field(default_factory=dict)
    returning: dict[UUID, WorkClass] = field(default_factory=dict)

    def inserts(self) -> list[dict[str, Any]]:
        """Return the rows of new conversations, ordered by id."""
        return [{**self.opened[id_], **asdict(self.conversations[id_])} for id_ in sorted(self.opened)]

    def updates(self) -> list[dict[str, Any]]:
        """Return the changed columns of known conversations, in the order in which they are locked."""
        known = [self.conversations[id_] for id_ in sorted(self.touched - self.opened.keys())]
        return [
            {"id": conversation.id, **{name: getattr(conversation, name) for name in CHANGED_BY_INTAKE}}
            for conversation in known
        ]

    def add_event(self, event: Event, conversation: ConversationState, at: datetime, *, by: UUID | None = None) -> None:
        """Add an entry of the log; `by` is the agent who caused it, None: the customer or the hub."""
        row = entry_values(event, conversation_id=conversation.id, contact_id=conversation.contact_id, agent_id=by)
        self.entries.append({**row, "at": at})


def sender_of(item: InboundItem) -> Point:
    """Return the sender; an unreadable arrival has an unknown sender, one for each channel."""
    if item.message.sender.value:
        return item.message.sender
    return Point(scheme="unknown", value=str(item.channel.id), name=None)


def plan_messages(
    planned: Plan, items: Sequence[InboundItem], points: Mapping[PointKey, StoredPoint], known: KnownThreads
) -> None:
    """Add to a plan what each message changes, in the order of arrival.

    `points` are the contact points of all senders and copies. `known` has the threads the messages may belong to, all
    of whose conversations are in the plan; the messages are added to it.
    """
    previous_at: datetime | None = None
    for item in items:
        received_at = item.arrival.received_at
        at = received_at if previous_at is None else max(received_at, previous_at + timedelta(microseconds=1))
        previous_at = at
        sender = sender_of(item)
        point = points[key_of(sender.scheme, sender.value)]
        conversation = _conversation(planned, item, point, known, at)
        _add_message(planned, item, point, conversation, at)
        _add_pending_references(planned, item, conversation, known)
        if item.message.message_id:
            known.by_answer.setdefault(item.message.message_id, {})[item.channel.id] = conversation.id
        known.latest[conversation.contact_id] = conversation.id
        _add_participants(planned, item, points, conversation, at)


def _add_pending_references(
    planned: Plan, item: InboundItem, conversation: ConversationState, known: KnownThreads
) -> None:
    """Add the ids of answered messages that have not arrived: a mail may arrive before the mail it answers."""
    for answered in item.message.references[:MAX_ANSWERS]:
        if answered not in known.by_answer:
            known.pending.setdefault(answered, {})[item.channel.id] = conversation.id
            row = {"email_id": answered, "conversation_id": conversation.id, "channel_id": item.channel.id}
            planned.pending.append(row)


def _conversation(
    planned: Plan, item: InboundItem, point: StoredPoint, known: KnownThreads, at: datetime
) -> ConversationState:
    """Return the conversation a message belongs to; a new one where there is none."""
    message = IncomingMessage(
        contact_id=point.contact_id,
        point_id=point.id,
        channel_id=item.channel.id,
        email_id=item.message.message_id,
        at=at,
        threads=item.channel.capabilities.threads,
        reply_keys=item.message.reply_keys,
        answers=item.message.references,
    )
    found = threading.belongs_to(message, known)
    if found is not None:
        return planned.conversations[found]
    opened = _open(planned, item, point, at)
    known.conversations[opened.id] = planned.conversations[opened.id] = opened
    return opened


def _open(planned: Plan, item: InboundItem, point: StoredPoint, at: datetime) -> ConversationState:
    conversation = ConversationState(
        id=new_id(), contact_id=point.contact_id, state=State.OPEN, last_at=at, team_id=item.channel.team_id
    )
    planned.opened[conversation.id] = {
        "subject": item.message.subject or None,
        "reply_key": new_reply_key(),
        "demo": item.channel.demo,
        "opened_at": at,
    }
    planned.add_event(events.ConversationOpened(conversation_id=conversation.id), conversation, at)
    return conversation


def _add_message(
    planned: Plan, item: InboundItem, point: StoredPoint, conversation: ConversationState, at: datetime
) -> None:
    """Add a message and change the conversation; after an automatic message no customer waits for a reply."""
    row = _row(item, point, conversation, at)
    planned.messages.append(row)
    planned.files += [(row["id"], file) for file in item.message.files]
    planned.touched.add(conversation.id)
    planned.add_event(events.MessageReceived(message_id=row["id"]), conversation, at)
    conversation.receive(at=at, channel_id=item.channel.id, text=item.message.text or item.message.subject or "")
    if not item.message.automatic:
        _mark_waiting(planned, conversation, item.channel.capabilities.work_class, at)


def _mark_waiting(planned: Plan, conversation: ConversationState, work_class: WorkClass, at: datetime) -> None:
    """Mark that a customer waits, reopen the conversation if resolved, and have it routed.

    A snoozed or reopened conversation returns to its owner if possible; routing wakes a snoozed one.
    """
    if conversation.state is State.RESOLVED:
        conversation.reopen(waiting_since=at)
        planned.add_event(events.ConversationReopened(by_customer=True), conversation, at)
        planned.returning[conversation.id] = work_class
        return
    conversation.wait(at)
    if conversation.state is State.SNOOZED:
        planned.returning[conversation.id] = work_class
    elif conversation.assignee_id is None and conversation.id not in planned.returning:
        planned.unassigned[conversation.id] = (conversation.team_id, work_class)


def _row(item: InboundItem, point: StoredPoint, conversation: ConversationState, at: datetime) -> dict[str, Any]:
    message = item.message
    full = message.full_text if (message.full_text or "").strip() != message.text.strip() else None
    return {
        "id": new_id(),
        "conversation_id": conversation.id,
        "contact_id": conversation.contact_id,
        "at": at,
        "direction": Direction.INBOUND,
        "channel_id": item.channel.id,
        "external_id": message.external_id,
        "point_id": point.id,
        "cc": [address.value for address in message.cc[:MAX_CC]],
        "subject": clean(message.subject),
        "body": clean(message.text[:MAX_TEXT]) or "",
        "full_body": clean(full and full[:MAX_TEXT]),
        "html": clean(message.html),
        "email_id": message.message_id,
        "sent_at": message.sent_at,
        "arrival_id": item.arrival.id if message.original or item.unreadable else None,
        "automatic": message.automatic,
        "unreadable": item.unreadable.detail if item.unreadable else None,
        "reason": reason_to_json(item.unreadable),
        "mentions": [],
        "has_files": bool(message.files),
    }


def _add_participants(
    planned: Plan,
    item: InboundItem,
    points: Mapping[PointKey, StoredPoint],
    conversation: ConversationState,
    at: datetime,
) -> None:
    """Add as participants the sender and the addresses in Cc, except those of the conversation's own contact."""
    for address in (sender_of(item), *item.message.cc[:MAX_CC]):
        point = points.get(key_of(address.scheme, address.value))
        if point is not None and point.contact_id != conversation.contact_id:
            planned.participants.setdefault(
                (conversation.id, point.id),
                {"conversation_id": conversation.id, "point_id": point.id, "joined_at": at},
            )
