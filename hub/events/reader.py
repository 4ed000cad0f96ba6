"""Definition of a durable reader of the event log: its name, its start, how it handles entries and failures."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.models import Entry
from hub.runtime.context import AppContext

Settle = Callable[[AsyncSession], Awaitable[None]]


class Start(Enum):
    """The entries that a reader gets when it runs for the very first time."""

    NOW = "now"  # those that are committed from then on
    BEGINNING = "beginning"  # all


@dataclass(frozen=True, kw_only=True)
class Reader(ABC):
    """A reader with a cursor in the database, by its `name`.

    It is given every entry in the order of the log. When one fails it waits and tries that entry again, up to
    `attempts` times, and then puts it aside as a dead letter and goes on. A handler that raises `Unavailable` is
    asked again later, as often as it takes, since that says nothing about the entry.
    """

    name: str
    start: Start = Start.NOW
    attempts: int = 5
    first_pause: timedelta = timedelta(seconds=1)  # after the first failure, then twice as long each time
    longest_pause: timedelta = timedelta(minutes=1)
    batch: int = 1  # entries that are handled and settled together

    @abstractmethod
    async def handle(self, context: AppContext, entries: Sequence[Entry], settle: Settle) -> None:
        """Handle entries in order; `settle` notes in its transaction that this is done, and may refuse by raising."""

    def pause_after(self, failures: int) -> float:
        """Return for how many seconds to wait after so many failures in a row."""
        doubled: int = 2 ** min(failures - 1, 30)
        return min(self.first_pause * doubled, self.longest_pause).total_seconds()


@dataclass(frozen=True, kw_only=True)
class DatabaseReader(Reader):
    """A reader whose effects are rows of ours: they are committed together with the cursor, so each counts once.

    `apply` gets the transaction of its batch. It must not wait for anything but the database, since the open
    transaction holds back every reader of the log.
    """

    apply: Callable[[AsyncSession, Entry], Awaitable[None]]
    batch: int = 50

    async def handle(self, context: AppContext, entries: Sequence[Entry], settle: Settle) -> None:
        """Apply the entries and settle them in one transaction."""
        async with context.transaction() as session:
            await settle(session)  # first: it locks the cursor, so no other process can be at work on these
            for entry in entries:
                await self.apply(session, entry)


@dataclass(frozen=True, kw_only=True)
class OutsideReader(Reader):
    """A reader whose effects lie outside our database, such as a webhook. No transaction is open during `send`.

    Each entry is sent at least once: again when the process dies between `send` and the commit of the cursor. The
    position of the entry is the same each time; send it along for the receiver to recognise repeats by. `send`
    needs a time limit of its own.
    """

    send: Callable[[Entry], Awaitable[None]]

    async def handle(self, context: AppContext, entries: Sequence[Entry], settle: Settle) -> None:
        """Send the entries, then settle them."""
        for entry in entries:
            await self.send(entry)
        async with context.transaction() as session:
            await settle(session)
