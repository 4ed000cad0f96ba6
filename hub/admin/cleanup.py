"""Deletes expired rows and unreferenced files, in small batches."""

import asyncio

import structlog
from sqlalchemy import text

from hub.access.cleanup import delete_expired
from hub.runtime.context import AppContext
from hub.runtime.loops import failures_logged, pause
from hub.storage.database import now

CLEAN_EVERY = 300.0  # seconds between clean-ups
log = structlog.get_logger("hub.cleanup")

DELETE_UNSENT = (  # attachments that were uploaded and never sent
    "delete from attachment where id in (select id from attachment where message_id is null"
    " and created_at < now() - interval '2 days' limit 1000) returning digest"
)
FIND_UNREFERENCED = (
    "select digest from unnest(cast(:digests as text[])) as gone (digest)"
    " where not exists (select from attachment a where a.digest = gone.digest)"
    " and not exists (select from arrival a where a.digest = gone.digest)"
)
DELETE_OLD = (
    # Message-IDs that a mail referred to and that have not arrived within 30 days
    "delete from awaited where at < now() - interval '30 days' and email_id in"
    " (select email_id from awaited where at < now() - interval '30 days' order by at limit 1000)",
)


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Clean up every five minutes until `stop` is set."""
    while not stop.is_set():
        with failures_logged(log, "cleanup.failed"):
            await clean_up(context)
        await pause(stop, CLEAN_EVERY)


async def clean_up(context: AppContext) -> None:
    """Delete expired rows and files once."""
    async with context.transaction() as session:
        await delete_expired(session, now())
    await _delete_unsent_files(context)
    for statement in DELETE_OLD:
        async with context.transaction() as session:
            await session.execute(text(statement))


async def _delete_unsent_files(context: AppContext) -> None:
    """Delete uploads that were never sent, and their bytes on disk unless another row refers to them."""
    async with context.transaction() as session:
        unsent = set(await session.scalars(text(DELETE_UNSENT)))
    if unsent:
        async with context.transaction() as session:
            unreferenced = list(await session.scalars(text(FIND_UNREFERENCED), {"digests": sorted(unsent)}))
        for digest in unreferenced:
            await context.files.remove_unreferenced(digest)
