"""Durable readers of the event log: a name, a start, and how entries and failures are handled."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.models import Entry
from hub.runtime.context import AppContext

# Moves the cursor of the reader past the entries, in the given transaction.
MarkHandled = Callable[[AsyncSession], Awaitable[None]]


class Start(Enum):
    """The first entry of a reader that has no cursor yet."""

    NOW = "now"  # the first one that is committed from then on
    BEGINNING = "beginning"  # the oldest in the log


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """A reader whose cursor is stored in the database under its `name`.

    It gets every entry in log order. An entry that fails is tried again, up to `attempts` times; then it is stored as
    a dead letter and the reader goes on. A handler that raises `Unavailable` is called again later without a limit,
    since the entry is not at fault.
    """

    name: str
    start: Start = Start.NOW
    attempts: int = 5
    first_pause: timedelta = timedelta(seconds=1)  # after the first failure; doubled after each further one
    longest_pause: timedelta = timedelta(minutes=1)
    batch: int = 1  # entries that are handled together

    @abstractmethod
    async def handle(self, context: AppContext, entries: Sequence[Entry], mark_handled: MarkHandled) -> None:
        """Handle entries in order and call `mark_handled` once; it raises when another process has handled them."""

    def pause_after(self, failures: int) -> float:
        """Return the seconds to wait after a number of failures in a row."""
        doubled: int = 2 ** min(failures - 1, 30)
        return min(self.first_pause * doubled, self.longest_pause).total_seconds()


@dataclass(frozen=True, kw_only=True)
class DatabaseReader(Reader):
    """A reader that writes to our database: its rows are committed together with the cursor, so each entry counts once.

    `apply` gets the transaction of its batch. It must not wait for anything but the database, since the open
    transaction holds back every reader of the log.
    """

    apply: Callable[[AsyncSession, Entry], Awaitable[None]]
    batch: int = 50

    async def handle(self, context: AppContext, entries: Sequence[Entry], mark_handled: MarkHandled) -> None:
        """Apply the entries and mark them as handled, in one transaction."""
        async with context.transaction() as session:
            await mark_handled(session)  # first: it locks the cursor, so no other process can handle these entries
            for entry in entries:
                await self.apply(session, entry)


@dataclass(frozen=True, kw_only=True)
class ExternalReader(Reader):
    """A reader that acts outside our database, such as a webhook. No transaction is open during `send`.

    Each entry is sent at least once: again when the process dies between `send` and the commit of the cursor. The
    position of the entry is the same each time; send it along, so that the receiver can recognise repeats. `send`
    must have a time limit of its own.
    """

    send: Callable[[Entry], Awaitable[None]]

    async def handle(self, context: AppContext, entries: Sequence[Entry], mark_handled: MarkHandled) -> None:
        """Send the entries, then mark them as handled."""
        for entry in entries:
            await self.send(entry)
        async with context.transaction() as session:
            await mark_handled(session)
