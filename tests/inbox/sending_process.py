"""A process that sends, to be killed: python -m tests.inbox.sending_process DATABASE_URL FOLDER."""

import asyncio
import sys
from pathlib import Path

from hub.ground import open_ground
from hub.inbox import delivery
from hub.settings import Settings
from tests.inbox.outgoing import more_kinds


async def main(database_url: str, folder: str) -> None:
    settings = Settings(data_dir=Path(folder), secret_key="00" * 32)
    async with open_ground(settings, database_url=database_url) as ground:
        await delivery.run(ground, asyncio.Event())


if __name__ == "__main__":
    with more_kinds():
        asyncio.run(main(*sys.argv[1:]))
