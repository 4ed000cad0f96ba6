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
    """The wait of a loop between two rounds, which `wake` ends; `wake` during a round ends the next wait at once."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """End the wait of the loop, or its next wait; any number of calls ends one wait."""
        self._woken.set()

    async def wait(self, seconds: float, *, gather: float = 0.0) -> bool:
        """Wait at most `seconds` for `wake`; return whether it was called.

        Afterwards wait `gather` more seconds (but not beyond `seconds` in total), so that several calls in quick
        succession cost one round.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
                if gather:
                    await asyncio.sleep(gather)
        woken = self._woken.is_set()
        self._woken.clear()
        return woken


@asynccontextmanager
async def wake_on(signals: Signals, *topics: str, stop: asyncio.Event | None = None) -> AsyncIterator[Wakeup]:
    """Yield a Wakeup that each signal on `topics` wakes, and `stop` once when it is set."""
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
    """Wait `seconds`, then call `act`; repeat until cancelled. Failures are logged as `name`."""
    while True:
        await asyncio.sleep(seconds)
        with failures_logged(logger, name):
            await act()


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended; their exceptions are dropped."""
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
