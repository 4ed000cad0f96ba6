"""The broom: what nobody needs any more goes, a little at a time."""

import asyncio

import structlog
from sqlalchemy import text

from hub.access.sweep import sweep as sweep_access
from hub.database import is_outage, now
from hub.errors import Unavailable
from hub.ground import Ground

EVERY = 300.0
log = structlog.get_logger("hub.sweeping")

OLD = (
    # attachments that were uploaded and never sent
    "delete from attachment where id in (select id from attachment where message_id is null"
    " and created_at < now() - interval '2 days' limit 1000)",
    # mails that were answered before they came, and have not come
    "delete from awaited where at < now() - interval '30 days' and email_id in"
    " (select email_id from awaited where at < now() - interval '30 days' order by at limit 1000)",
)


async def run(ground: Ground, stop: asyncio.Event) -> None:
    """Sweep every few minutes until told to stop."""
    while not stop.is_set():
        try:
            await sweep(ground)
        except Exception as error:
            if not isinstance(error, Unavailable) and not is_outage(error):
                log.error("sweeping.failed", exc_info=error)
        try:
            async with asyncio.timeout(EVERY):
                await stop.wait()
        except TimeoutError:
            continue


async def sweep(ground: Ground) -> None:
    """Take away what is too old to be of use."""
    async with ground.transaction() as session:
        await sweep_access(session, now())
    for statement in OLD:
        async with ground.transaction() as session:
            await session.execute(text(statement))
