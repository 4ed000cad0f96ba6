"""What a batch of arrivals changes: worked out in memory, one message after the other."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct, field

from hub.channels.contract import Capabilities, File, InboundMessage, Point
from hub.errors import Reason, packed
from hub.events import definitions as events
from hub.events.definitions import Event, State
from hub.events.log import entry
from hub.intake.arrival_store import StoredArrival
from hub.storage.database import new_id
from hub.timeline import threading
from hub.timeline.contacts import Found, Key, key_of
from hub.timeline.text import clean, preview
from hub.timeline.threading import Known, Said, Surroundings, new_reply_key

MAX_TEXT = 200_000
MAX_CC = 20
MAX_ANSWERS = 20


class IntakeChannel(Struct, frozen=True, kw_only=True):
    """A channel as intake needs it."""

    id: UUID
    kind: str
    team_id: UUID | None
    demo: bool
    capabilities: Capabilities


class InboundItem(Struct, frozen=True, kw_only=True):
    """One message out of one arrival; `unreadable` when all there is is that it came."""

    arrival: StoredArrival
    lane: IntakeChannel
    message: InboundMessage
    unreadable: Reason | None = None


class ConversationState(Known, kw_only=True):
    """A conversation while a batch is taken in."""

    team_id: UUID | None
    assignee_id: UUID | None
    waiting_since: datetime | None
    inbound_count: int
    preview: str = ""
    last_channel_id: UUID | None = None
    last_direction: str = "inbound"
    snoozed_until: datetime | None = None
    touched: bool = False


class Plan(Struct, kw_only=True):
    """The rows a batch writes."""

    opened: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    files: list[tuple[UUID, File]] = field(default_factory=list)
    parties: dict[tuple[UUID, UUID], dict[str, Any]] = field(default_factory=dict)
    awaited: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    enqueue: dict[UUID, tuple[UUID | None, str]] = field(default_factory=dict)
    woken: dict[UUID, str] = field(default_factory=dict)
    standing: dict[UUID, ConversationState] = field(default_factory=dict)


def sender_of(heard: InboundItem) -> Point:
    """Tell who wrote; an arrival nobody could read has an unknown sender of its channel."""
    if heard.message.sender.value:
        return heard.message.sender
    return Point(scheme="unknown", value=str(heard.lane.id), name=None)


def plan(
    heard: Sequence[InboundItem],
    points: dict[Key, Found],
    around: Surroundings,
    standing: dict[UUID, ConversationState],
) -> Plan:
    """Work out what each message changes, in the order of arrival."""
    made = Plan(standing=standing)
    last: datetime | None = None
    for one in heard:
        at = one.arrival.received_at if last is None else max(one.arrival.received_at, last + timedelta(microseconds=1))
        last = at
        sender = sender_of(one)
        point = points[key_of(sender.scheme, sender.value)]
        conversation = _conversation(made, one, point, around, at)
        _record_message(made, one, point, conversation, at)
        _await(made, one, conversation, around)
        if one.message.message_id:
            around.by_answer.setdefault(one.message.message_id, {})[one.lane.id] = conversation.id
        around.latest[conversation.contact_id] = conversation.id
        _join(made, one, points, conversation, at)
    return made


def _await(made: Plan, one: InboundItem, conversation: ConversationState, around: Surroundings) -> None:
    """Remember which messages this one answers that have not come: mail overtakes mail."""
    for answered in one.message.references[:MAX_ANSWERS]:
        if answered not in around.by_answer:
            around.awaited.setdefault(answered, {})[one.lane.id] = conversation.id
            row = {"email_id": answered, "conversation_id": conversation.id, "channel_id": one.lane.id}
            made.awaited.append(row)


def _conversation(made: Plan, one: InboundItem, point: Found, around: Surroundings, at: datetime) -> ConversationState:
    said = Said(
        contact_id=point.contact_id,
        point_id=point.id,
        channel_id=one.lane.id,
        email_id=one.message.message_id,
        at=at,
        threads=one.lane.capabilities.threads,
        reply_keys=one.message.reply_keys,
        answers=one.message.references,
    )
    found = threading.belongs_to(said, around)
    if found is not None:
        return made.standing[found]
    opened = _open(made, one, point, at)
    around.known[opened.id] = made.standing[opened.id] = opened
    return opened


def _open(made: Plan, one: InboundItem, point: Found, at: datetime) -> ConversationState:
    conversation = ConversationState(
        id=new_id(),
        contact_id=point.contact_id,
        state=State.OPEN,
        last_at=at,
        team_id=one.lane.team_id,
        assignee_id=None,
        waiting_since=None,
        inbound_count=0,
    )
    made.opened.append(
        {
            "id": conversation.id,
            "contact_id": point.contact_id,
            "subject": (one.message.subject or None),
            "state": State.OPEN,
            "team_id": one.lane.team_id,
            "assigned_why": [],
            "reply_key": new_reply_key(),
            "preview": "",
            "last_direction": "inbound",
            "last_at": at,
            "inbound_count": 0,
            "reply_count": 0,
            "version": 0,
            "demo": one.lane.demo,
            "opened_at": at,
        }
    )
    _record_event(made, events.ConversationOpened(conversation_id=conversation.id), conversation, at)
    return conversation


def _record_event(made: Plan, event: Event, conversation: ConversationState, at: datetime) -> None:
    line = entry(event, conversation_id=conversation.id, contact_id=conversation.contact_id)
    made.entries.append({**line, "at": at})


def _record_message(made: Plan, one: InboundItem, point: Found, conversation: ConversationState, at: datetime) -> None:
    """Add the message, and let the conversation feel it."""
    row = _row(one, point, conversation, at)
    made.messages.append(row)
    made.files += [(row["id"], file) for file in one.message.files]
    _record_event(made, events.MessageReceived(message_id=row["id"]), conversation, at)
    conversation.touched = True
    conversation.inbound_count += 1
    if at >= conversation.last_at:  # else another process was quicker with what came after it
        conversation.last_at = at
        conversation.last_channel_id = one.lane.id
        conversation.last_direction = "inbound"
        conversation.preview = preview(one.message.text or one.message.subject or "")
    if not one.message.automatic:
        _mark_waiting(made, conversation, one.lane, at)


def _mark_waiting(made: Plan, conversation: ConversationState, lane: IntakeChannel, at: datetime) -> None:
    """A person wrote: let the conversation wait for us, open it, and see that somebody has it.

    What sleeps or was resolved goes back to its owner if that is possible: routing wakes and records it.
    """
    conversation.waiting_since = conversation.waiting_since or at
    if conversation.state == State.RESOLVED:
        _record_event(made, events.ConversationReopened(by_customer=True), conversation, at)
        conversation.state, conversation.resolved_at = State.OPEN, None
        made.woken[conversation.id] = lane.capabilities.work_class
    elif conversation.state == State.SNOOZED:
        made.woken[conversation.id] = lane.capabilities.work_class
    elif conversation.assignee_id is None and conversation.id not in made.woken:
        made.enqueue[conversation.id] = (conversation.team_id, lane.capabilities.work_class)


def _row(one: InboundItem, point: Found, conversation: ConversationState, at: datetime) -> dict[str, Any]:
    message = one.message
    full = message.full_text if (message.full_text or "").strip() != message.text.strip() else None
    return {
        "id": new_id(),
        "conversation_id": conversation.id,
        "contact_id": conversation.contact_id,
        "at": at,
        "direction": "inbound",
        "channel_id": one.lane.id,
        "external_id": message.external_id,
        "point_id": point.id,
        "cc": [address.value for address in message.cc[:MAX_CC]],
        "subject": clean(message.subject),
        "body": clean(message.text[:MAX_TEXT]) or "",
        "full_body": clean(full and full[:MAX_TEXT]),
        "html": clean(message.html),
        "email_id": message.message_id,
        "sent_at": message.sent_at,
        "arrival_id": one.arrival.id if message.original or one.unreadable else None,
        "automatic": message.automatic,
        "unreadable": one.unreadable.detail if one.unreadable else None,
        "reason": packed(one.unreadable),
        "mentions": [],
        "has_files": bool(message.files),
    }


def _join(
    made: Plan, one: InboundItem, points: dict[Key, Found], conversation: ConversationState, at: datetime
) -> None:
    """Whoever is cc'd, or answers in another's conversation, takes part from now on."""
    sender = sender_of(one)
    for address in (sender, *one.message.cc[:MAX_CC]):
        point = points.get(key_of(address.scheme, address.value))
        if point is not None and point.contact_id != conversation.contact_id:
            made.parties.setdefault(
                (conversation.id, point.id),
                {"conversation_id": conversation.id, "point_id": point.id, "joined_at": at},
            )


def changed(standing: Iterable[ConversationState]) -> list[dict[str, Any]]:
    """Give the rows of the conversations that a batch touched, in lock order."""
    return [
        {
            "id": one.id,
            "state": one.state,
            "snoozed_until": one.snoozed_until,
            "waiting_since": one.waiting_since,
            "assignee_id": one.assignee_id,
            "resolved_at": one.resolved_at,
            "preview": one.preview,
            "last_direction": one.last_direction,
            "last_at": one.last_at,
            "last_channel_id": one.last_channel_id,
            "inbound_count": one.inbound_count,
        }
        for one in sorted((one for one in standing if one.touched), key=lambda one: one.id)
    ]
