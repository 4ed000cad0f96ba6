"""Create the demo data, a shop's history marked as demo, and remove it with one command."""

import sys
import time

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.models import Channel
from hub.demo import clear as demo_clear
from hub.demo.types import Scale
from hub.runtime.context import AppContext
from hub.timeline.models import Contact

LOCK = text("select pg_advisory_xact_lock(1917, 1)")  # one process at a time creates or removes it
WIDTH = 32


async def is_empty(context: AppContext) -> bool:
    """Return whether no customer has ever written."""
    async with context.transaction() as session:
        return await session.scalar(select(Contact.id).limit(1)) is None


async def is_present(context: AppContext) -> bool:
    """Return whether there is demo data."""
    async with context.transaction() as session:
        return await present(session)


async def present(session: AsyncSession) -> bool:
    """Return whether the shop's channels exist: demo data is created and removed as a whole."""
    return await session.scalar(select(Channel.id).where(Channel.demo).limit(1)) is not None


async def fill(context: AppContext, scale: Scale | None = None) -> None:
    """Create the shop and its history; changes nothing when it exists already.

    The phrase books are loaded for this alone.
    """
    from hub.demo import fill as demo_fill

    began, bar = time.monotonic(), Bar("  demo data     ")
    async with context.transaction() as session:
        await session.execute(LOCK)
        if await present(session):
            bar.say("already here")
            return
        await demo_fill.fill(session, context, scale or Scale(), bar.show)
        people = await session.scalar(text("select count(*) from contact where demo"))
        said = await session.scalar(
            text(
                "select count(*) from message m join conversation c on c.id = m.conversation_id where c.demo",
            )
        )
    await _analyze(context)
    bar.say(f"{people:,} customers, {said:,} messages, {time.monotonic() - began:.1f} s")


async def clear(context: AppContext) -> None:
    """Remove all demo data, with the files that nothing else needs."""
    began, bar = time.monotonic(), Bar("  demo data     ")
    unused: list[str] = []
    async with context.transaction() as session:
        await session.execute(LOCK)
        unused = await demo_clear.clear(session)
    for digest in unused:
        await context.files.remove(digest)
    await _analyze(context)
    bar.say(f"removed, {time.monotonic() - began:.1f} s")


async def _analyze(context: AppContext) -> None:
    """Update the statistics of the query planner."""
    async with context.engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("analyze contact, contact_point, conversation, message, entry, delivery, work_item"))


class Bar:
    """Shows progress: a bar on a terminal, a line for each quarter elsewhere."""

    def __init__(self, label: str) -> None:
        """Begin at zero."""
        self._label, self._drawn, self._quarter = label, sys.stdout.isatty(), 0

    def show(self, done: float) -> None:
        """Show which part is done, from 0 to 1."""
        if self._drawn:
            full = round(done * WIDTH)
            sys.stdout.write(f"\r{self._label}{'█' * full}{'░' * (WIDTH - full)} {done:4.0%}")
        elif int(done * 4) > self._quarter:
            self._quarter = int(done * 4)
            sys.stdout.write(f"{self._label}{done:.0%}\n")
        sys.stdout.flush()

    def say(self, what: str) -> None:
        """Replace the bar by a sentence."""
        sys.stdout.write(f"{chr(13) if self._drawn else ''}{self._label}{what}{' ' * WIDTH if self._drawn else ''}\n")
        sys.stdout.flush()
