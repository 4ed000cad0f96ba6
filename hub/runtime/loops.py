"""Helpers of every background loop: wait for a signal or a time, repeat, cancel, log a failure and go on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from structlog.typing import FilteringBoundLogger

from hub.errors import HubError
from hub.signals import Signals, Subscription
from hub.storage.database import is_outage


class Wakeup:
    """The wake-up of one loop, for its wait between two rounds. `wake` during a round ends the next wait at once."""

    def __init__(self) -> None:
        self._called = asyncio.Event()

    def wake(self) -> None:
        """End the wait of the loop, or its next wait; any number of calls ends one wait."""
        self._called.set()

    async def wait(self, seconds: float, *, gather: float = 0.0) -> bool:
        """Wait for a wake-up, at most `seconds`; return whether there was one.

        After the wake-up go on waiting for `gather` seconds (but not beyond `seconds`), so that several wake-ups
        that come close together cost one round.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._called.wait()
                if gather:
                    await asyncio.sleep(gather)
        woken = self._called.is_set()
        self._called.clear()
        return woken


@asynccontextmanager
async def wake_on(signals: Signals, *topics: str, stop: asyncio.Event | None = None) -> AsyncIterator[Wakeup]:
    """Give a wake-up that is called by each signal on `topics` and, once, when `stop` is set."""
    subscription = await signals.subscribe(*topics)
    wakeup = Wakeup()
    watchers = [asyncio.create_task(_wake_on_signals(subscription, wakeup))]
    if stop is not None:
        watchers.append(asyncio.create_task(_wake_on_stop(stop, wakeup)))
    try:
        yield wakeup
    finally:
        await cancel(*watchers)
        await signals.unsubscribe(subscription)


async def _wake_on_signals(subscription: Subscription, wakeup: Wakeup) -> None:
    while True:
        await subscription.batch()
        wakeup.wake()


async def _wake_on_stop(stop: asyncio.Event, wakeup: Wakeup) -> None:
    await stop.wait()
    wakeup.wake()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for `seconds`, or until `stop` is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def run_every(
    seconds: float, act: Callable[[], Awaitable[object]], logger: FilteringBoundLogger, name: str
) -> None:
    """Wait `seconds`, then call `act`, again and again; log its failures as `name` and go on."""
    while True:
        await asyncio.sleep(seconds)
        with failures_logged(logger, name):
            await act()


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended, however they end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def failures_logged(logger: FilteringBoundLogger, name: str, **details: object) -> Iterator[None]:
    """Log an exception of the block as `name`, with `details`, and go on after the block."""
    try:
        yield
    except Exception as error:
        log_failure(logger, name, error, **details)


def log_failure(logger: FilteringBoundLogger, name: str, error: Exception, **details: object) -> None:
    """Log a failure as `name`: an outage as one warning, anything else as an error with its traceback."""
    if is_outage(error):
        reason = error.detail if isinstance(error, HubError) else "The database does not answer."
        logger.warning(name, reason=reason, **details)
    else:
        logger.error(name, exc_info=error, **details)
