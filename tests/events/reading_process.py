"""A process that reads the log, to be killed: python -m tests.events.reading_process NAME DATABASE_URL FOLDER KILL_AT.

It handles entries by inserting into `effect`, and kills itself after it has handled entry KILL_AT, before that is
committed. It ends once it has handled the newest entry.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events import reader_loop
from hub.events.models import Entry
from hub.events.reader import DatabaseReader, ExternalReader, Reader, Start
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from tests.events.journal import effect


class Process:
    """Handles the entries of one run."""

    def __init__(self, context: AppContext, name: str, *, kill_at: int, last: int) -> None:
        self.context, self.name, self.kill_at, self.last = context, name, kill_at, last
        self.stop = asyncio.Event()

    async def apply(self, session: AsyncSession, entry: Entry) -> None:
        await effect(session, self.name, entry)
        self._end(entry)

    async def send(self, entry: Entry) -> None:
        async with self.context.transaction() as session:
            await effect(session, self.name, entry)
        self._end(entry)

    def _end(self, entry: Entry) -> None:
        if entry.position == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if entry.position == self.last:
            self.stop.set()

    def reader(self) -> Reader:
        if self.name.startswith("database"):
            return DatabaseReader(name=self.name, start=Start.BEGINNING, attempts=2, apply=self.apply)
        return ExternalReader(name=self.name, start=Start.BEGINNING, attempts=2, send=self.send)


async def main(name: str, database_url: str, folder: str, kill_at: str) -> None:
    settings = Settings(data_dir=Path(folder), secret_key="00" * 32)
    async with open_context(settings, database_url=database_url) as context:
        async with context.transaction() as session:
            last = (await session.execute(select(func.max(Entry.position)))).scalar_one()
        process = Process(context, name, kill_at=int(kill_at), last=last)
        await reader_loop.run(context, process.reader(), process.stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
