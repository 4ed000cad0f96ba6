"""A sending process, to be killed: python -m tests.delivery.sending_process DATABASE_URL FOLDER."""

import asyncio
import sys
from pathlib import Path

import uvloop

from hub.channels.accounts import Connections
from hub.delivery import worker
from hub.runtime.context import open_context
from hub.settings import Settings
from tests.support.outbox import more_kinds


async def main(database_url: str, folder: str) -> None:
    settings = Settings(data_dir=Path(folder), secret_key="00" * 32)
    async with open_context(settings, database_url=database_url) as context:
        await worker.run(context, context.shared(Connections), asyncio.Event())


if __name__ == "__main__":
    with more_kinds():
        uvloop.run(main(*sys.argv[1:]))  # as the product
