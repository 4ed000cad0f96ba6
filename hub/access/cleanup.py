"""What access no longer needs: old counters, links, sessions and repeated answers."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Answered, Attempt, Link, SignIn

KEPT = timedelta(days=1)


async def sweep(session: AsyncSession, now: datetime) -> None:
    """Remove what has been of no use for a day; the worker calls it now and then."""
    old = now - KEPT
    await session.execute(delete(Attempt).where(Attempt.ends_at < old))
    await session.execute(delete(Answered).where(Answered.created_at < old))
    await session.execute(delete(Link).where(Link.expires_at < old))
    await session.execute(delete(SignIn).where(SignIn.expires_at < old))
