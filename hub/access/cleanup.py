"""Delete expired attempt counters, stored responses, links and sessions."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Attempt, Link, SignIn, StoredResponse

GRACE = timedelta(days=1)  # how long rows are kept after they expired


async def delete_expired(session: AsyncSession, now: datetime) -> None:
    """Delete rows that expired more than a day ago; called periodically. Four statements."""
    cutoff = now - GRACE
    await session.execute(delete(Attempt).where(Attempt.ends_at < cutoff))
    await session.execute(delete(StoredResponse).where(StoredResponse.created_at < cutoff))
    await session.execute(delete(Link).where(Link.expires_at < cutoff))
    await session.execute(delete(SignIn).where(SignIn.expires_at < cutoff))
