"""Dead letters: log entries that a durable reader failed to handle. Store, list and retry them."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.errors import DeadLetterNotFound
from hub.events.models import DeadLetter, Entry
from hub.events.reader import Reader
from hub.runtime.context import AppContext

MAX_ERROR_CHARS = 500  # stored characters of an error


async def store_dead_letter(session: AsyncSession, reader: str, entry: Entry, *, attempts: int, error: str) -> None:
    """Store an entry that a reader gave up after `attempts` attempts; `error` is the reason of the last failure."""
    session.add(DeadLetter(reader=reader, position=entry.position, attempts=attempts, error=error[:MAX_ERROR_CHARS]))
    await session.flush()


async def dead_letters(session: AsyncSession, reader: str | None = None, *, limit: int = 100) -> Sequence[DeadLetter]:
    """Return up to `limit` dead letters of a reader (None: of all), by reader and in log order."""
    query = select(DeadLetter).order_by(DeadLetter.reader, DeadLetter.position).limit(limit)
    if reader is not None:
        query = query.where(DeadLetter.reader == reader)
    return (await session.scalars(query)).all()


async def retry(context: AppContext, reader: Reader, position: int) -> None:
    """Handle one dead letter again, out of log order, and delete it on success.

    Raises DeadLetterNotFound when there is none at this position. When the handler fails again, stores the error and
    raises it. Two retries at once have one effect, but an `ExternalReader` may send twice.
    """
    async with context.transaction() as session:
        joined = select(Entry).join(DeadLetter, DeadLetter.position == Entry.position)
        entry = await session.scalar(joined.where(DeadLetter.reader == reader.name, Entry.position == position))
    if entry is None:
        raise DeadLetterNotFound
    try:
        await reader.handle(context, [entry], lambda session: _remove(session, reader.name, position))
    except Exception as error:
        await _record_failure(context, reader.name, position, error)
        raise


async def _remove(session: AsyncSession, reader: str, position: int) -> None:
    deletion = delete(DeadLetter).where(DeadLetter.reader == reader, DeadLetter.position == position)
    if (await session.execute(deletion.returning(DeadLetter.position))).scalar_one_or_none() is None:
        raise DeadLetterNotFound


async def _record_failure(context: AppContext, reader: str, position: int, error: Exception) -> None:
    """Store the error of another failed attempt."""
    values = {
        "attempts": DeadLetter.attempts + 1,
        "error": f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARS],
        "at": func.clock_timestamp(),
    }
    async with context.transaction() as session:
        statement = update(DeadLetter).where(DeadLetter.reader == reader, DeadLetter.position == position)
        await session.execute(statement.values(values))
