"""The verbs of a conversation: the only code that changes its state.

`Lifecycle` is a base of the mapped class `models.Conversation` and of the in-memory struct that intake plans a batch
with, so each transition has one definition. A verb checks that the transition is possible, changes the fields and
raises `version` by one. It reads no clock, runs no query and records no event: its caller does.
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


class Stateful(Protocol):
    """The fields that the verbs change."""

    state: State
    snoozed_until: datetime | None  # set while snoozed, and only then
    resolved_at: datetime | None  # set while resolved, and only then
    wrap_up: str | None
    waiting_since: datetime | None  # the customer's first message that nobody has answered; None while resolved
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
    """The verbs, for any class with the fields of `Stateful`."""

    __slots__ = ()

    def receive(self: Stateful, *, at: datetime, channel_id: UUID, text: str) -> None:
        """Count a message of the customer, and show it in lists unless a later one is shown there already."""
        self.inbound_count += 1
        self.version += 1
        if at >= self.last_at:  # else another process has stored a later message before this one
            _show_last(self, LastMessage(at=at, direction=Direction.INBOUND, channel_id=channel_id, text=text))

    def wait(self: Stateful, since: datetime) -> None:
        """Let the customer wait for an answer; one who waits already has waited longer.

        Raises AlreadyResolved: a resolved conversation is reopened first.
        """
        _refuse_resolved(self)
        self.version += 1
        _set_waiting(self, self.waiting_since or since)

    def answer(self: Stateful, *, at: datetime, channel_id: UUID, text: str) -> None:
        """Count an answer: the customer waits no longer."""
        self.reply_count += 1
        self.version += 1
        _set_waiting(self, None)
        _show_last(self, LastMessage(at=at, direction=Direction.OUTBOUND, channel_id=channel_id, text=text))

    def undo_answer(self: Stateful, last: LastMessage | None, *, waiting_since: datetime | None) -> None:
        """Undo an answer.

        `last` is the last message that remains (None: leave what lists show); `waiting_since` is when the customer
        began to wait, were it not for that answer. In a resolved conversation nobody waits.
        """
        self.reply_count -= 1
        self.version += 1
        _set_waiting(self, None if self.state is State.RESOLVED else waiting_since)
        if last is not None:
            _show_last(self, last)

    def resolve(self: Stateful, *, at: datetime, wrap_up: str | None = None) -> None:
        """Settle the matter. Raises AlreadyResolved."""
        _refuse_resolved(self)
        self.version += 1
        _set_state(self, State.RESOLVED, resolved_at=at, wrap_up=wrap_up)
        _set_waiting(self, None)

    def change_wrap_up(self: Stateful, wrap_up: str | None) -> None:
        """Replace the wrap-up of a resolved conversation. Raises NotResolved."""
        _refuse_unresolved(self)
        self.version += 1
        _set_state(self, State.RESOLVED, resolved_at=self.resolved_at, wrap_up=wrap_up)

    def reopen(self: Stateful, *, waiting_since: datetime | None) -> None:
        """Open a resolved conversation; `waiting_since` None: the customer waits for nothing. Raises NotResolved."""
        _refuse_unresolved(self)
        self.version += 1
        _set_state(self, State.OPEN)
        _set_waiting(self, waiting_since)

    def snooze(self: Stateful, until: datetime) -> None:
        """Set an open conversation aside, or give a snoozed one another time. Raises AlreadyResolved."""
        _refuse_resolved(self)
        self.version += 1
        _set_state(self, State.SNOOZED, snoozed_until=until)

    def wake(self: Stateful) -> None:
        """Open a snoozed conversation. Raises NotSnoozed."""
        if self.state is not State.SNOOZED:
            raise NotSnoozed
        self.version += 1
        _set_state(self, State.OPEN)

    def assign(self: Stateful, agent_id: UUID, reasons: Sequence[str]) -> None:
        """Make an agent responsible; `reasons` are the codes that a screen explains the choice with."""
        self.version += 1
        _set_assignee(self, agent_id, reasons)

    def unassign(self: Stateful) -> None:
        """Leave the conversation to its team, with no agent responsible."""
        self.version += 1
        _set_assignee(self, None, ())

    def move_to_team(self: Stateful, team_id: UUID | None) -> None:
        """Give the conversation to a team; None: to all agents."""
        self.version += 1
        _set_team(self, team_id)

    def forget_channel(self: Stateful) -> None:
        """Show no channel in lists: that of the last message is removed."""
        self.version += 1
        _forget_channel(self)

    def touch(self: Stateful) -> None:
        """Count a change that only the history shows, such as a note."""
        self.version += 1


def _refuse_resolved(conversation: Stateful) -> None:
    if conversation.state is State.RESOLVED:
        raise AlreadyResolved


def _refuse_unresolved(conversation: Stateful) -> None:
    if conversation.state is not State.RESOLVED:
        raise NotResolved


def _set_state(
    conversation: Stateful,
    state: State,
    *,
    snoozed_until: datetime | None = None,
    resolved_at: datetime | None = None,
    wrap_up: str | None = None,
) -> None:
    """Set the state and all that belongs to it, so that nothing of the previous state remains."""
    conversation.state, conversation.snoozed_until = state, snoozed_until
    conversation.resolved_at, conversation.wrap_up = resolved_at, wrap_up


def _set_waiting(conversation: Stateful, since: datetime | None) -> None:
    conversation.waiting_since = since


def _set_assignee(conversation: Stateful, agent_id: UUID | None, reasons: Sequence[str]) -> None:
    conversation.assignee_id, conversation.assigned_why = agent_id, list(reasons)


def _set_team(conversation: Stateful, team_id: UUID | None) -> None:
    conversation.team_id = team_id


def _forget_channel(conversation: Stateful) -> None:
    conversation.last_channel_id = None


def _show_last(conversation: Stateful, last: LastMessage) -> None:
    conversation.last_at, conversation.last_direction = last.at, last.direction
    conversation.last_channel_id, conversation.preview = last.channel_id, preview(last.text)
