"""Parts of the product in this process, for campaigns that need a fault at an exact step rather than a dead process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from sqlalchemy import text

from hub.admin.channels import create_channel
from hub.admin.schemas import NewChannel
from hub.channels.models import Channel
from hub.entrypoints import worker
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext

Row = dict[str, object]


@asynccontextmanager
async def at_work(context: AppContext, *names: str) -> AsyncIterator[None]:
    """Run some of the worker's loops until the block ends."""
    stop = asyncio.Event()
    loops = worker.loops(context)
    running = [asyncio.ensure_future(loops[name](stop)) for name in names]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*running)
        await context.shared(Intake).taker.idle()


async def add_channel(context: AppContext, kind: str, filled_in: dict[str, object]) -> Channel:
    """Add a channel."""
    new = NewChannel(kind=kind, name=kind, settings=filled_in, address=str(filled_in.get("address", "chat")))
    async with context.transaction() as session:
        return await create_channel(session, context, new, by=None)


async def rows(context: AppContext, question: str, **values: object) -> list[Row]:
    """Query the database."""
    async with context.transaction() as session:
        return [dict(row) for row in (await session.execute(text(question), values)).mappings()]


async def change(context: AppContext, statement: str, **values: object) -> None:
    """Change rows directly in the database."""
    async with context.transaction() as session:
        await session.execute(text(statement), values)


async def bodies(context: AppContext, channel_id: UUID) -> list[str]:
    """Return the messages that arrived on a channel, in the order that agents see."""
    question = "select body from message where direction = 'inbound' and channel_id = :id order by at, id"
    return [str(row["body"]) for row in await rows(context, question, id=channel_id)]
