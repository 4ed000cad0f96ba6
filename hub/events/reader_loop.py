"""The loop of a durable reader: every entry of the log in order, at least once, in one process at a time."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import Unavailable
from hub.events import cursors, log
from hub.events.cursors import LeaseLost
from hub.events.dead_letters import store_dead_letter
from hub.events.log import Position, position_of
from hub.events.models import Entry
from hub.events.reader import Reader, Start
from hub.events.tail import RETRY_SECONDS, LogWait
from hub.runtime.context import LOG_TOPIC, AppContext
from hub.runtime.loops import cancel, failures_logged, log_failure, pause, run_every, wake_on
from hub.storage.database import new_id

LEASE = timedelta(seconds=15)  # after which another process replaces one that died
STANDBY_SECONDS = 5.0  # between two attempts to take the lease that another process holds
PROCESS_ENDED = "The process ended during each attempt."

logger = structlog.get_logger("hub.events")


async def run(context: AppContext, reader: Reader, stop: asyncio.Event) -> None:
    """Handle every entry with a reader until `stop` is set; stand by while another process holds the lease.

    The entry that is being handled when `stop` is set is finished first.
    """
    worker = _ReaderWorker(context, reader)
    renewing = asyncio.create_task(
        run_every(LEASE.total_seconds() / 3, worker.renew_lease, logger, "reader.renewal_failed"),
    )
    try:
        async with wake_on(context.signals, LOG_TOPIC, stop=stop) as wakeup:
            wait = LogWait(context, wakeup)
            while not stop.is_set():
                await _round(worker, wait, stop)
    finally:
        await cancel(renewing)
        await worker.release_lease()


async def _round(worker: "_ReaderWorker", wait: LogWait, stop: asyncio.Event) -> None:
    """Handle the next entries; without the lease or entries, wait for them."""
    try:
        if not worker.has_lease and not await worker.take_lease():
            await pause(stop, STANDBY_SECONDS)
        elif entries := await worker.next():
            wait.reset()
            await pause(stop, await worker.handle(entries))
        else:
            await wait.after(worker.position)
    except LeaseLost:
        worker.has_lease = False
    except Exception as error:
        log_failure(logger, "reader.failed", error, reader=worker.reader.name)
        await pause(stop, RETRY_SECONDS)


class _ReaderWorker:
    """A reader in this process: its lease, its position, and the attempts at the next entry."""

    def __init__(self, context: AppContext, reader: Reader) -> None:
        self.reader = reader
        self.has_lease = False  # whether this process has the lease
        self.position = Position(0, 0)
        self._context = context
        self._owner = new_id()
        self._attempts = 0  # attempts at the next entry that were begun
        self._postponed = 0  # attempts in a row at the next entry that ended with Unavailable
        self._error = PROCESS_ENDED  # why the last attempt at the next entry failed, as far as this process knows
        self._one_by_one = 0  # number of the next entries to handle singly, since one of them may be bad

    async def take_lease(self) -> bool:
        """Try to take the lease; return whether this process has it now."""
        async with self._context.transaction() as session:
            at = Position(0, 0) if self.reader.start is Start.BEGINNING else await log.current_position(session)
            await cursors.create(session, self.reader.name, at)
            cursor = await cursors.acquire(session, self.reader.name, self._owner, LEASE)
        if cursor is not None:
            self.position = Position(cursor.xid, cursor.position)
            self._attempts = cursor.attempts
            self._one_by_one = self.reader.batch  # one of these may have killed the process before
        self.has_lease = cursor is not None
        return self.has_lease

    async def renew_lease(self) -> None:
        """Extend the lease if this process has it."""
        if self.has_lease:
            try:
                async with self._context.transaction() as session:
                    await cursors.renew(session, self.reader.name, self._owner, LEASE)
            except LeaseLost:
                self.has_lease = False

    async def release_lease(self) -> None:
        """End the lease, so that another process may take it at once."""
        if self.has_lease:
            with failures_logged(logger, "reader.release_failed"), suppress(LeaseLost):
                async with self._context.transaction() as session:
                    await cursors.release(session, self.reader.name, self._owner)

    async def next(self) -> Sequence[Entry]:
        """Return the entries to be handled next."""
        async with self._context.transaction() as session:
            return await log.read_after(session, self.position, limit=1 if self._one_by_one else self.reader.batch)

    async def handle(self, entries: Sequence[Entry]) -> float:
        """Handle entries and advance; return the seconds to wait before the next attempt, 0 after a success.

        A batch that fails is handled again one by one, and only then is an attempt counted: before it begins, so
        that an entry that kills the process counts too.
        """
        counted = self._one_by_one > 0 or self.reader.batch == 1
        if counted and self._attempts >= self.reader.attempts:
            await self._give_up(entries[0], self._error)
            return 0.0
        if counted:
            await self._store_attempts(self._attempts + 1)
        try:
            await self.reader.handle(self._context, entries, lambda session: self._store_position(session, entries[-1]))
        except LeaseLost:
            raise
        except Exception as error:
            log_failure(logger, "reader.entry_failed", error, reader=self.reader.name, position=entries[0].position)
            return await self._after_failure(entries, error) if counted else self._retry_one_by_one(entries)
        self._advance(entries)
        return 0.0

    def _retry_one_by_one(self, entries: Sequence[Entry]) -> float:
        self._one_by_one = len(entries)
        return 0.0

    async def _after_failure(self, entries: Sequence[Entry], error: Exception) -> float:
        """Retry one entry later, or give it up after too many attempts; return the seconds to wait."""
        if isinstance(error, Unavailable):
            self._attempts -= 1
            self._postponed += 1
            with failures_logged(logger, "reader.failed", reader=self.reader.name):
                await self._store_attempts(self._attempts)
            return self.reader.pause_after(self._postponed)
        if self._attempts < self.reader.attempts:
            return self.reader.pause_after(self._attempts)
        self._error = f"{type(error).__name__}: {error}"
        await self._give_up(entries[0], self._error)
        return 0.0

    async def _give_up(self, entry: Entry, error: str) -> None:
        """Store an entry as a dead letter and advance, in one transaction."""
        async with self._context.transaction() as session:
            await self._store_position(session, entry)
            await store_dead_letter(session, self.reader.name, entry, attempts=self._attempts, error=error)
        logger.error("reader.entry_put_aside", reader=self.reader.name, position=entry.position, reason=error)
        self._advance([entry])

    async def _store_attempts(self, attempts: int) -> None:
        async with self._context.transaction() as session:
            await cursors.count_attempts(session, self.reader.name, self._owner, attempts)
        self._attempts = attempts

    async def _store_position(self, session: AsyncSession, entry: Entry) -> None:
        await cursors.advance(session, self.reader.name, self._owner, position_of(entry))

    def _advance(self, entries: Sequence[Entry]) -> None:
        self.position = position_of(entries[-1])
        self._attempts = self._postponed = 0
        self._error = PROCESS_ENDED
        self._one_by_one = max(0, self._one_by_one - len(entries))
