"""Creates the demo data, a shop's history marked as demo, and removes it."""

import sys
import time

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.models import Channel
from hub.demo import clear as demo_clear
from hub.demo.types import Scale
from hub.runtime.context import AppContext
from hub.timeline.models import Contact

LOCK = text("select pg_advisory_xact_lock(1917, 1)")  # one process at a time creates or removes demo data
WIDTH = 32  # characters of the progress bar


async def is_empty(context: AppContext) -> bool:
    """Return whether the database has no contacts."""
    async with context.transaction() as session:
        return await session.scalar(select(Contact.id).limit(1)) is None


async def is_present(context: AppContext) -> bool:
    """Return whether there is demo data."""
    async with context.transaction() as session:
        return await has_demo_data(session)


async def has_demo_data(session: AsyncSession) -> bool:
    """Return whether the shop's channels exist: demo data is created and removed as a whole."""
    return await session.scalar(select(Channel.id).where(Channel.demo).limit(1)) is not None


async def fill(context: AppContext, scale: Scale | None = None) -> None:
    """Create the shop and its history; changes nothing when it exists already.

    The phrase books are loaded for this alone.
    """
    from hub.demo import fill as demo_fill

    began, bar = time.monotonic(), ProgressBar("  demo data     ")
    async with context.transaction() as session:
        await session.execute(LOCK)
        if await has_demo_data(session):
            bar.finish("already here")
            return
        await demo_fill.fill(session, context, scale or Scale(), bar.show)
        customers = await session.scalar(text("select count(*) from contact where demo"))
        messages = await session.scalar(
            text(
                "select count(*) from message m join conversation c on c.id = m.conversation_id where c.demo",
            )
        )
    await _analyze(context)
    bar.finish(f"{customers:,} customers, {messages:,} messages, {time.monotonic() - began:.1f} s")


async def clear(context: AppContext) -> None:
    """Remove all demo data, with the files that nothing else needs."""
    began, bar = time.monotonic(), ProgressBar("  demo data     ")
    unused: list[str] = []
    async with context.transaction() as session:
        await session.execute(LOCK)
        unused = await demo_clear.clear(session)
    for digest in unused:
        await context.files.remove(digest)
    await _analyze(context)
    bar.finish(f"removed, {time.monotonic() - began:.1f} s")


async def _analyze(context: AppContext) -> None:
    """Update the statistics of the query planner."""
    async with context.engine.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("analyze contact, contact_point, conversation, message, entry, delivery, work_item"))


class ProgressBar:
    """Shows progress: a bar on a terminal, a line for each quarter elsewhere."""

    def __init__(self, label: str) -> None:
        """Begin at zero."""
        self._label, self._tty, self._quarter = label, sys.stdout.isatty(), 0

    def show(self, fraction: float) -> None:
        """Show the fraction done, from 0 to 1."""
        if self._tty:
            full = round(fraction * WIDTH)
            sys.stdout.write(f"\r{self._label}{'█' * full}{'░' * (WIDTH - full)} {fraction:4.0%}")
        elif int(fraction * 4) > self._quarter:
            self._quarter = int(fraction * 4)
            sys.stdout.write(f"{self._label}{fraction:.0%}\n")
        sys.stdout.flush()

    def finish(self, sentence: str) -> None:
        """Replace the bar by a sentence."""
        sys.stdout.write(f"{chr(13) if self._tty else ''}{self._label}{sentence}{' ' * WIDTH if self._tty else ''}\n")
        sys.stdout.flush()
