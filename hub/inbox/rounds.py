"""Rounds that go on whatever happens in one of them."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hub.database import is_outage
from hub.errors import Unavailable

logger = structlog.get_logger("hub.feed")


async def each(seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    """Do something every so many seconds, for ever."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await act()
        except Exception as error:
            note("feed.look_failed", error)


def note(what: str, error: Exception) -> None:
    """Write a failure into the log: an outage in a line, anything else with where it came from."""
    if isinstance(error, Unavailable) or is_outage(error):
        logger.warning(what, reason="the database does not answer")
    else:
        logger.error(what, exc_info=error)
