"""The transitions of a conversation: the only code that changes its state.

`Lifecycle` is a base of the mapped class `models.Conversation` and of the in-memory struct that intake plans a batch
with, so each transition has one definition. A method checks that the transition is possible, changes the fields and
increments `version`. It reads no clock, runs no query and records no event: its caller does.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from hub.events.definitions import Direction, State
from hub.timeline.errors import AlreadyResolved, NotResolved, NotSnoozed
from hub.timeline.text import preview


class LastMessage(Struct, frozen=True, kw_only=True):
    """The facts that lists show of the last message of a conversation; notes do not count."""

    at: datetime
    direction: Direction
    channel_id: UUID | None
    text: str


class LifecycleFields(Protocol):
    """The fields that the transitions change."""

    state: State
    snoozed_until: datetime | None  # set while snoozed, and only then
    resolved_at: datetime | None  # set while resolved, and only then
    wrap_up: str | None
    waiting_since: datetime | None  # time of the customer's first unanswered message; None while resolved
    team_id: UUID | None
    assignee_id: UUID | None
    assigned_why: list[Any]
    preview: str
    last_direction: Direction
    last_at: datetime
    last_channel_id: UUID | None
    inbound_count: int
    reply_count: int
    version: int


class Lifecycle:
    """The transitions, for any class with the fields of `LifecycleFields`."""

    __slots__ = ()

    def receive(self: LifecycleFields, *, at: datetime, channel_id: UUID, text: str) -> None:
        """Count a message of the customer, and show it in lists unless a later one is shown there already."""
        self.inbound_count += 1
        self.version += 1
        if at >= self.last_at:  # else another process has stored a later message before this one
            _set_last_message(self, LastMessage(at=at, direction=Direction.INBOUND, channel_id=channel_id, text=text))

    def wait(self: LifecycleFields, since: datetime) -> None:
        """Mark that the customer waits for an answer; a customer who waits already keeps the earlier time.

        Raises AlreadyResolved; a resolved conversation must be reopened first.
        """
        _refuse_resolved(self)
        self.version += 1
        _set_waiting(self, self.waiting_since or since)

    def answer(self: LifecycleFields, *, at: datetime, channel_id: UUID, text: str) -> None:
        """Count an answer and mark that the customer no longer waits."""
        self.reply_count += 1
        self.version += 1
        _set_waiting(self, None)
        _set_last_message(self, LastMessage(at=at, direction=Direction.OUTBOUND, channel_id=channel_id, text=text))

    def undo_answer(self: LifecycleFields, last: LastMessage | None, *, waiting_since: datetime | None) -> None:
        """Undo an answer.

        `last` is the last remaining message (None: do not change what lists show); `waiting_since` is the time since
        which the customer would have waited without that answer; it is ignored in a resolved conversation.
        """
        self.reply_count -= 1
        self.version += 1
        _set_waiting(self, None if self.state is State.RESOLVED else waiting_since)
        if last is not None:
            _set_last_message(self, last)

    def resolve(self: LifecycleFields, *, at: datetime, wrap_up: str | None = None) -> None:
        """Resolve the conversation. Raises AlreadyResolved."""
        _refuse_resolved(self)
        self.version += 1
        _set_state(self, State.RESOLVED, resolved_at=at, wrap_up=wrap_up)
        _set_waiting(self, None)

    def change_wrap_up(self: LifecycleFields, wrap_up: str | None) -> None:
        """Replace the wrap-up of a resolved conversation. Raises NotResolved."""
        _refuse_unresolved(self)
        self.version += 1
        _set_state(self, State.RESOLVED, resolved_at=self.resolved_at, wrap_up=wrap_up)

    def reopen(self: LifecycleFields, *, waiting_since: datetime | None) -> None:
        """Open a resolved conversation; `waiting_since` None: the customer does not wait. Raises NotResolved."""
        _refuse_unresolved(self)
        self.version += 1
        _set_state(self, State.OPEN)
        _set_waiting(self, waiting_since)

    def snooze(self: LifecycleFields, until: datetime) -> None:
        """Snooze an open conversation, or change the time of a snoozed one. Raises AlreadyResolved."""
        _refuse_resolved(self)
        self.version += 1
        _set_state(self, State.SNOOZED, snoozed_until=until)

    def wake(self: LifecycleFields) -> None:
        """Open a snoozed conversation. Raises NotSnoozed."""
        if self.state is not State.SNOOZED:
            raise NotSnoozed
        self.version += 1
        _set_state(self, State.OPEN)

    def assign(self: LifecycleFields, agent_id: UUID, reasons: Sequence[str]) -> None:
        """Assign an agent; `reasons` are codes from which the web app explains the choice."""
        self.version += 1
        _set_assignee(self, agent_id, reasons)

    def unassign(self: LifecycleFields) -> None:
        """Remove the assigned agent; the team stays."""
        self.version += 1
        _set_assignee(self, None, ())

    def move_to_team(self: LifecycleFields, team_id: UUID | None) -> None:
        """Move the conversation to a team; None: to all agents."""
        self.version += 1
        _set_team(self, team_id)

    def clear_last_channel(self: LifecycleFields) -> None:
        """Show no channel in lists, after the channel of the last message was removed."""
        self.version += 1
        _clear_last_channel(self)

    def touch(self: LifecycleFields) -> None:
        """Count a change that only the history shows, such as a note."""
        self.version += 1


def _refuse_resolved(conversation: LifecycleFields) -> None:
    if conversation.state is State.RESOLVED:
        raise AlreadyResolved


def _refuse_unresolved(conversation: LifecycleFields) -> None:
    if conversation.state is not State.RESOLVED:
        raise NotResolved


def _set_state(
    conversation: LifecycleFields,
    state: State,
    *,
    snoozed_until: datetime | None = None,
    resolved_at: datetime | None = None,
    wrap_up: str | None = None,
) -> None:
    """Set the state and the fields that depend on it, so that none keeps a value of the previous state."""
    conversation.state, conversation.snoozed_until = state, snoozed_until
    conversation.resolved_at, conversation.wrap_up = resolved_at, wrap_up


def _set_waiting(conversation: LifecycleFields, since: datetime | None) -> None:
    conversation.waiting_since = since


def _set_assignee(conversation: LifecycleFields, agent_id: UUID | None, reasons: Sequence[str]) -> None:
    conversation.assignee_id, conversation.assigned_why = agent_id, list(reasons)


def _set_team(conversation: LifecycleFields, team_id: UUID | None) -> None:
    conversation.team_id = team_id


def _clear_last_channel(conversation: LifecycleFields) -> None:
    conversation.last_channel_id = None


def _set_last_message(conversation: LifecycleFields, last: LastMessage) -> None:
    conversation.last_at, conversation.last_direction = last.at, last.direction
    conversation.last_channel_id, conversation.preview = last.channel_id, preview(last.text)
