"""Helpers to write the event log and to read it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events import reader_loop
from hub.events.definitions import ConversationOpened
from hub.events.log import record
from hub.events.models import Entry
from hub.events.reader import Reader
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.database import new_id

TABLE = "create table if not exists effect (id bigserial primary key, reader text not null, entry bigint not null)"
EMPTY = "truncate entry, cursor, dead_letter, effect"
NOTE = text("insert into effect (reader, entry) values (:reader, :entry)")
EFFECTS = text("select entry from effect where reader = :reader order by id")
OPEN = text(
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and state like 'idle in transaction%' and pid <> pg_backend_pid()"
)
ENDS_WITHIN = 60.0


async def until(holds: Callable[[], Awaitable[bool]], *, within: float = 10.0) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(within):
        while not await holds():
            await asyncio.sleep(0.01)


async def write(session: AsyncSession) -> int:
    """Record an event in a transaction; return the position of its entry."""
    record(session, ConversationOpened(conversation_id=new_id()))
    await session.flush()
    return int((await session.execute(select(func.max(Entry.position)))).scalar_one())


async def effect(session: AsyncSession, reader: str, entry: Entry) -> None:
    """Record that a reader handled an entry."""
    await session.execute(NOTE, {"reader": reader, "entry": entry.position})


@dataclass
class Journal:
    """An event log that is empty at first."""

    context: AppContext
    url: str
    folder: Path

    async def write(self, count: int = 1) -> list[int]:
        """Record events, each in a transaction of its own; return their positions."""
        written: list[int] = []
        for _ in range(count):
            async with self.context.transaction() as session:
                written.append(await write(session))
        return written

    async def order(self) -> list[int]:
        """Return the positions of all entries in the order of the log."""
        async with self.context.transaction() as session:
            return list(await session.scalars(select(Entry.position).order_by(Entry.xid, Entry.position)))

    async def effects(self, reader: str) -> list[int]:
        """Return the positions of the entries that a reader handled, in the order in which it did."""
        async with self.context.transaction() as session:
            return list(await session.scalars(EFFECTS, {"reader": reader}))

    async def has_effects(self, reader: str, count: int) -> None:
        """Wait until a reader has handled this many entries."""

        async def enough() -> bool:
            return len(await self.effects(reader)) >= count

        await until(enough)

    async def open_transactions(self) -> int:
        """Count the other connections that are idle within a transaction."""
        async with self.context.transaction() as session:
            return int((await session.execute(OPEN)).scalar_one())

    async def change(self, statement: str, **values: object) -> None:
        """Change rows directly in the database."""
        async with self.context.transaction() as session:
            await session.execute(text(statement), values)

    async def lease_runs_out(self) -> None:
        """Make all leases expire, as if the process that held them had died or stalled."""
        await self.change("update cursor set leased_until = clock_timestamp() - interval '1 second'")

    @asynccontextmanager
    async def reading(self, reader: Reader, context: AppContext | None = None) -> AsyncIterator[asyncio.Event]:
        """Run a reader until the block ends, or until the yielded event is set."""
        stop = asyncio.Event()
        running = asyncio.create_task(reader_loop.run(context or self.context, reader, stop))
        try:
            yield stop
        finally:
            stop.set()
            async with asyncio.timeout(10):
                await running

    @asynccontextmanager
    async def process(self, name: str, *, kill_at: int = 0) -> AsyncIterator[asyncio.subprocess.Process]:
        """Start another process with this reader; it ends after the last entry, or is killed at the entry `kill_at`."""
        arguments = ("-m", "tests.events.reading_process", name, self.url, str(self.folder), str(kill_at))
        started = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        try:
            yield started
        finally:
            if started.returncode is None:
                started.kill()
                await started.wait()

    async def run_process(self, name: str, *, kill_at: int = 0) -> int:
        """Run such a process to its end; return its exit code."""
        async with self.process(name, kill_at=kill_at) as started, asyncio.timeout(ENDS_WITHIN):
            return await started.wait()


@asynccontextmanager
async def another_context(url: str, folder: Path) -> AsyncIterator[AppContext]:
    """Open the context of one more process."""
    settings = Settings(data_dir=folder, secret_key="00" * 32)
    async with open_context(settings, database_url=url) as context:
        yield context


@asynccontextmanager
async def open_journal(url: str, folder: Path) -> AsyncIterator[Journal]:
    """Empty the log."""
    async with another_context(url, folder) as context:
        journal = Journal(context, url, folder)
        await journal.change(TABLE)
        await journal.change(EMPTY)
        yield journal
