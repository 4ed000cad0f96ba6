"""Follow the event log in memory: read on after a position as transactions commit; lost when the process ends."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog

from hub.events import log
from hub.events.log import Position
from hub.runtime.context import LOG_TOPIC, AppContext
from hub.runtime.loops import Wakeup, failures_logged, log_failure, wake_on

POLL = 1.5  # seconds between looks at the log, which make up for lost signals
SOON = 0.005  # seconds until the next look while a running transaction hides entries, then twice as long each time
AGAIN = 0.5  # seconds until the next look after a failure

logger = structlog.get_logger("hub.events")
Read = Callable[[Position], Awaitable[Position | None]]


class LogWait:
    """Waits until the log may have grown: for a signal or a poll, and shortly while entries are still hidden.

    An entry is hidden while a transaction that began before its own is still running: its signal has come
    already, and nothing signals the end of the other transaction.
    """

    def __init__(self, context: AppContext, wakeup: Wakeup) -> None:
        self._context = context
        self._wakeup = wakeup
        self._soon = SOON

    def reset(self) -> None:
        """Begin again with the shortest wait, since entries were read."""
        self._soon = SOON

    async def after(self, position: Position) -> None:
        """Wait until there may be entries after `position`."""
        hidden = False
        with failures_logged(logger, "events.look_failed"):
            async with self._context.transaction() as session:
                hidden = await log.behind(session, position, limit=1) > 0
        woken = await self._wakeup.wait(self._soon if hidden else POLL)
        self._soon = SOON if woken else min(2 * self._soon, POLL)


class Tail:
    """A position in the log that moves on while entries are committed.

    `read` is given the position, passes on the entries after it, and returns the position of the last of them
    (None: there are none). An exception from it is logged, and the same entries are read again. `wanted` tells
    whether anything is interested in entries; while nothing is, they are skipped.
    """

    def __init__(
        self,
        context: AppContext,
        name: str,
        read: Read,
        *,
        rest: float = 0.0,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Describe a tail; after a batch it rests as long as the batch took, at most `rest` seconds."""
        self._context = context
        self._name = name
        self._read = read
        self._rest = rest
        self._wanted = wanted
        self.position = Position(0, 0)
        self.moving = asyncio.Lock()  # held while the position moves: hold it to keep the position where it is
        self.started = asyncio.Event()  # set once entries that are committed from now on will be read

    async def run(self) -> None:
        """Follow the log from its present end until cancelled."""
        async with wake_on(self._context.signals, LOG_TOPIC) as wakeup:
            wait = LogWait(self._context, wakeup)
            while True:
                began = monotonic()
                if await self._look():
                    wait.reset()
                    await asyncio.sleep(min(self._rest, monotonic() - began))
                else:
                    await wait.after(self.position)

    async def _look(self) -> bool:
        """Read what follows and move on; return whether there was anything."""
        try:
            async with self.moving:
                if not self.started.is_set() or not self._wanted():
                    await self._skip()
                    return False
                reached = await self._read(self.position)
                self.position = reached or self.position
                return reached is not None
        except Exception as error:
            log_failure(logger, f"{self._name}.read_failed", error)
            await asyncio.sleep(AGAIN)
            return False

    async def _skip(self) -> None:
        """Move to the end of the log, unless entries have become wanted meanwhile."""
        async with self._context.transaction() as session:
            end = await log.now_at(session)
        if not self.started.is_set() or not self._wanted():
            self.position = end
        self.started.set()
