"""Follow the event log with a position in memory, which is lost when the process ends."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from hub.events import log
from hub.events.log import Position
from hub.runtime.context import LOG_TOPIC, AppContext
from hub.runtime.loops import Wakeup, failures_logged, log_failure, wake_on

POLL_SECONDS = 1.5  # between two reads of the log without a signal; makes up for lost signals
SHORTEST_WAIT = 0.005  # seconds until the next read while a running transaction hides entries; doubles each time
RETRY_SECONDS = 0.5  # until the next read after a failure

logger = structlog.get_logger("hub.events")
ReadEntries = Callable[[Position], Awaitable[Position | None]]


class LogWait:
    """Waits until the log may have grown: for a signal or a poll, and shortly while entries are still hidden.

    An entry is hidden while a transaction that began before its own is still running: its signal has
    already arrived, and nothing signals the end of the other transaction.
    """

    def __init__(self, context: AppContext, wakeup: Wakeup) -> None:
        self._context = context
        self._wakeup = wakeup
        self._next_wait = SHORTEST_WAIT

    def reset(self) -> None:
        """Start again with the shortest wait, after entries were read."""
        self._next_wait = SHORTEST_WAIT

    async def after(self, position: Position) -> None:
        """Wait until there may be entries after `position`."""
        hidden = False
        with failures_logged(logger, "events.look_failed"):
            async with self._context.transaction() as session:
                hidden = await log.count_after(session, position, limit=1) > 0
        woken = await self._wakeup.wait(self._next_wait if hidden else POLL_SECONDS)
        self._next_wait = SHORTEST_WAIT if woken else min(2 * self._next_wait, POLL_SECONDS)


class Tail:
    """A position in the log that moves on while entries are committed.

    `read` is given the position, passes on the entries after it, and returns the position of the last of them
    (None: there are none). An exception from it is logged, and the same entries are read again. While
    `is_wanted` returns False, entries are skipped.
    """

    def __init__(
        self,
        context: AppContext,
        name: str,
        read: ReadEntries,
        *,
        max_rest: float = 0.0,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare a tail; after a batch it pauses as long as the batch took, at most `max_rest` seconds."""
        self._context = context
        self._name = name
        self._read = read
        self._max_rest = max_rest
        self._is_wanted = is_wanted
        self.position = Position(0, 0)
        self.position_lock = asyncio.Lock()  # held while the position moves: hold it to keep the position where it is
        self.started = asyncio.Event()  # set once entries that are committed from now on will be read

    async def run(self) -> None:
        """Follow the log from its present end until cancelled."""
        async with wake_on(self._context.signals, LOG_TOPIC) as wakeup:
            wait = LogWait(self._context, wakeup)
            while True:
                began = monotonic()
                if await self._read_once():
                    wait.reset()
                    await asyncio.sleep(min(self._max_rest, monotonic() - began))
                else:
                    await wait.after(self.position)

    async def _read_once(self) -> bool:
        """ReadEntries what follows and move on; return whether there was anything."""
        try:
            async with self.position_lock:
                if not self.started.is_set() or not self._is_wanted():
                    await self._skip()
                    return False
                new_position = await self._read(self.position)
                self.position = new_position or self.position
                return new_position is not None
        except Exception as error:
            log_failure(logger, f"{self._name}.read_failed", error)
            await asyncio.sleep(RETRY_SECONDS)
            return False

    async def _skip(self) -> None:
        """Move to the end of the log, unless `is_wanted` returns True meanwhile."""
        async with self._context.transaction() as session:
            end = await log.current_position(session)
        if not self.started.is_set() or not self._is_wanted():
            self.position = end
        self.started.set()
