"""The cursors of durable readers: create, lease to one process at a time, and advance."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.log import Position
from hub.events.models import Cursor


class LeaseLost(Exception):
    """Another process holds the lease of this reader now."""


async def create(session: AsyncSession, name: str, at: Position) -> None:
    """Create a reader's cursor at a position, unless it has one."""
    row = insert(Cursor).values(reader=name, xid=at.xid, position=at.line, attempts=0)
    await session.execute(row.on_conflict_do_nothing())


async def acquire(session: AsyncSession, name: str, owner: UUID, lease: timedelta) -> Cursor | None:
    """Lease a cursor to a process and return it; None: there is none, or another process has the lease."""
    free = or_(Cursor.owner.is_(None), Cursor.owner == owner, Cursor.leased_until < func.clock_timestamp())
    query = select(Cursor).where(Cursor.reader == name, free).with_for_update(skip_locked=True)
    cursor = await session.scalar(query)
    if cursor is not None:
        lease_values = {"owner": owner, "leased_until": func.clock_timestamp() + lease}
        await session.execute(update(Cursor).where(Cursor.reader == name).values(lease_values))
    return cursor


async def renew(session: AsyncSession, name: str, owner: UUID, lease: timedelta) -> None:
    """Extend the lease of its owner. Raises LeaseLost when another process has taken it."""
    await _change(session, name, owner, {"leased_until": func.clock_timestamp() + lease})


async def advance(session: AsyncSession, name: str, owner: UUID, to: Position) -> None:
    """Advance a cursor; its row stays locked until the transaction ends. Raises LeaseLost."""
    await _change(session, name, owner, {"xid": to.xid, "position": to.line, "attempts": 0})


async def count_attempts(session: AsyncSession, name: str, owner: UUID, attempts: int) -> None:
    """Store how many attempts at the next entry were begun. Raises LeaseLost."""
    await _change(session, name, owner, {"attempts": attempts})


async def release(session: AsyncSession, name: str, owner: UUID) -> None:
    """End the lease of its owner, so that another process may acquire the cursor at once. Raises LeaseLost."""
    await _change(session, name, owner, {"owner": None, "leased_until": None})


async def _change(session: AsyncSession, name: str, owner: UUID, values: dict[str, object]) -> None:
    statement = update(Cursor).where(Cursor.reader == name, Cursor.owner == owner).values(values)
    result = await session.execute(statement.returning(Cursor.reader))
    if result.scalar_one_or_none() is None:
        raise LeaseLost(name)
