"""Rounds that go on whatever happens in one of them."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hub.errors import Unavailable
from hub.storage.database import is_outage

logger = structlog.get_logger("hub.feed")


async def run_every(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Do something every so many seconds, for ever."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await act()
        except Exception as error:
            log_failure("feed.look_failed", error)


def log_failure(what: str, error: Exception) -> None:
    """Write a failure into the log: an outage in a line, anything else with where it came from."""
    if isinstance(error, Unavailable) or is_outage(error):
        logger.warning(what, reason="the database does not answer")
    else:
        logger.error(what, exc_info=error)
