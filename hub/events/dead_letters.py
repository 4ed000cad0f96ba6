"""Entries that a durable reader gave up: put aside, listed, and handled again when a person says so."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.errors import DeadLetterNotFound
from hub.events.models import DeadLetter, Entry
from hub.events.reader import Reader
from hub.runtime.context import AppContext

LONGEST_ERROR = 500  # characters of an error that are stored


async def put_aside(session: AsyncSession, reader: str, entry: Entry, *, attempts: int, error: str) -> None:
    """Store that a reader gave up an entry after so many attempts."""
    session.add(DeadLetter(reader=reader, position=entry.position, attempts=attempts, error=error[:LONGEST_ERROR]))
    await session.flush()


async def dead_letters(session: AsyncSession, reader: str | None = None, *, limit: int = 100) -> Sequence[DeadLetter]:
    """Return up to `limit` dead letters of a reader (None: of all), in the order of the log."""
    found = select(DeadLetter).order_by(DeadLetter.reader, DeadLetter.position).limit(limit)
    if reader is not None:
        found = found.where(DeadLetter.reader == reader)
    return (await session.scalars(found)).all()


async def retry(context: AppContext, reader: Reader, position: int) -> None:
    """Handle one dead letter again, now and apart from the order of the log, and remove it when that succeeds.

    Raises DeadLetterNotFound when there is none at this position, and the exception of the handler when it fails again,
    after storing that. Two retries at once have one effect, but an `OutsideReader` may send twice.
    """
    async with context.transaction() as session:
        both = select(Entry).join(DeadLetter, DeadLetter.position == Entry.position)
        entry = await session.scalar(both.where(DeadLetter.reader == reader.name, Entry.position == position))
    if entry is None:
        raise DeadLetterNotFound
    try:
        await reader.handle(context, [entry], lambda session: _remove(session, reader.name, position))
    except Exception as error:
        await _note(context, reader.name, position, error)
        raise


async def _remove(session: AsyncSession, reader: str, position: int) -> None:
    gone = delete(DeadLetter).where(DeadLetter.reader == reader, DeadLetter.position == position)
    if (await session.execute(gone.returning(DeadLetter.position))).scalar_one_or_none() is None:
        raise DeadLetterNotFound


async def _note(context: AppContext, reader: str, position: int, error: Exception) -> None:
    """Store that another attempt failed."""
    values = {
        "attempts": DeadLetter.attempts + 1,
        "error": f"{type(error).__name__}: {error}"[:LONGEST_ERROR],
        "at": func.clock_timestamp(),
    }
    async with context.transaction() as session:
        chosen = update(DeadLetter).where(DeadLetter.reader == reader, DeadLetter.position == position)
        await session.execute(chosen.values(values))
