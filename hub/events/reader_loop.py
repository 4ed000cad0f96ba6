"""Run a durable reader: every entry of the log in order, at least once, by one process at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Unavailable
from hub.events import cursors, log
from hub.events.cursors import LeaseLost
from hub.events.dead_letters import put_aside
from hub.events.log import Position, position_of
from hub.events.models import Entry
from hub.events.reader import Reader, Start
from hub.events.tail import AGAIN, LogWait
from hub.runtime.context import LOG_TOPIC, AppContext
from hub.runtime.loops import cancel, failures_logged, log_failure, pause, run_every, wake_on
from hub.storage.database import new_id

LEASE = timedelta(seconds=15)  # after which a process that died is replaced
STANDBY = 5.0  # seconds between looks of a process that stands by
ENDED = "The process ended during each attempt."

logger = structlog.get_logger("hub.events")


async def run(context: AppContext, reader: Reader, stop: asyncio.Event) -> None:
    """Have a reader handle every entry, until `stop` is set; stand by while another process does.

    The entry that is being handled when `stop` is set is finished first.
    """
    turn = _Turn(context, reader)
    renewing = asyncio.create_task(
        run_every(LEASE.total_seconds() / 3, turn.renew, logger, "reader.renewal_failed"),
    )
    try:
        async with wake_on(context.signals, LOG_TOPIC, stop=stop) as wakeup:
            wait = LogWait(context, wakeup)
            while not stop.is_set():
                await _round(turn, wait, stop)
    finally:
        await cancel(renewing)
        await turn.end()


async def _round(turn: "_Turn", wait: LogWait, stop: asyncio.Event) -> None:
    """Handle the next entries, or wait for what has to come first."""
    try:
        if not turn.ours and not await turn.begin():
            await pause(stop, STANDBY)
        elif entries := await turn.next():
            wait.reset()
            await pause(stop, await turn.handle(entries))
        else:
            await wait.after(turn.position)
    except LeaseLost:
        turn.ours = False
    except Exception as error:
        log_failure(logger, "reader.failed", error, reader=turn.reader.name)
        await pause(stop, AGAIN)


class _Turn:
    """One process's turn at reading by a name: its lease, its position, and the attempts at the next entry."""

    def __init__(self, context: AppContext, reader: Reader) -> None:
        self.reader = reader
        self.ours = False  # whether this process has the lease
        self.position = Position(0, 0)
        self._context = context
        self._owner = new_id()
        self._attempts = 0  # begun at the next entry
        self._postponed = 0  # how often in a row the next entry could not be handled yet
        self._error = ENDED  # why the last attempt at the next entry failed, as far as this process knows
        self._single = 0  # so many entries are handled one by one, since one of them may be bad

    async def begin(self) -> bool:
        """Take the lease; return whether this process has it now."""
        async with self._context.transaction() as session:
            at = Position(0, 0) if self.reader.start is Start.BEGINNING else await log.now_at(session)
            await cursors.create(session, self.reader.name, at)
            cursor = await cursors.take(session, self.reader.name, self._owner, LEASE)
        if cursor is not None:
            self.position = Position(cursor.xid, cursor.position)
            self._attempts = cursor.attempts
            self._single = self.reader.batch  # one of these may have killed the process before
        self.ours = cursor is not None
        return self.ours

    async def renew(self) -> None:
        """Lengthen the lease, if this process has it."""
        if self.ours:
            try:
                async with self._context.transaction() as session:
                    await cursors.renew(session, self.reader.name, self._owner, LEASE)
            except LeaseLost:
                self.ours = False

    async def end(self) -> None:
        """End the lease, so that another process may begin at once."""
        if self.ours:
            with failures_logged(logger, "reader.release_failed"), suppress(LeaseLost):
                async with self._context.transaction() as session:
                    await cursors.release(session, self.reader.name, self._owner)

    async def next(self) -> Sequence[Entry]:
        """Return the entries to be handled next."""
        async with self._context.transaction() as session:
            return await log.since(session, self.position, limit=1 if self._single else self.reader.batch)

    async def handle(self, entries: Sequence[Entry]) -> float:
        """Handle entries and move on; return for how many seconds to wait after a failure, 0 after none.

        A batch that fails is handled again one by one, and only then is an attempt counted: before it begins, so
        that an entry that kills the process counts too.
        """
        counted = self._single > 0 or self.reader.batch == 1
        if counted and self._attempts >= self.reader.attempts:
            await self._give_up(entries[0], self._error)
            return 0.0
        if counted:
            await self._count(self._attempts + 1)
        try:
            await self.reader.handle(self._context, entries, lambda session: self._move(session, entries[-1]))
        except LeaseLost:
            raise
        except Exception as error:
            log_failure(logger, "reader.entry_failed", error, reader=self.reader.name, position=entries[0].position)
            return await self._failed(entries, error) if counted else self._split(entries)
        self._moved(entries)
        return 0.0

    def _split(self, entries: Sequence[Entry]) -> float:
        self._single = len(entries)
        return 0.0

    async def _failed(self, entries: Sequence[Entry], error: Exception) -> float:
        """Decide what follows a failed attempt at one entry; return for how many seconds to wait."""
        if isinstance(error, Unavailable):
            self._attempts -= 1
            self._postponed += 1
            with failures_logged(logger, "reader.failed", reader=self.reader.name):
                await self._count(self._attempts)
            return self.reader.pause_after(self._postponed)
        if self._attempts < self.reader.attempts:
            return self.reader.pause_after(self._attempts)
        self._error = f"{type(error).__name__}: {error}"
        await self._give_up(entries[0], self._error)
        return 0.0

    async def _give_up(self, entry: Entry, error: str) -> None:
        """Put an entry aside as a dead letter and move on, in one transaction."""
        async with self._context.transaction() as session:
            await self._move(session, entry)
            await put_aside(session, self.reader.name, entry, attempts=self._attempts, error=error)
        logger.error("reader.entry_put_aside", reader=self.reader.name, position=entry.position, reason=error)
        self._moved([entry])

    async def _count(self, attempts: int) -> None:
        async with self._context.transaction() as session:
            await cursors.count_attempts(session, self.reader.name, self._owner, attempts)
        self._attempts = attempts

    async def _move(self, session: AsyncSession, entry: Entry) -> None:
        await cursors.move(session, self.reader.name, self._owner, position_of(entry))

    def _moved(self, entries: Sequence[Entry]) -> None:
        self.position = position_of(entries[-1])
        self._attempts = self._postponed = 0
        self._error = ENDED
        self._single = max(0, self._single - len(entries))
