"""What sockets missed, read once for all who missed the same."""

import asyncio
import time

from hub.events import log
from hub.events.log import Position
from hub.live.frames import Batch, batch_of
from hub.live.last_scope import LastScopes
from hub.runtime.context import AppContext

BATCH = 200
TOO_OLD = 5_000  # so many lines behind, and a fresh look is cheaper than the replay
KEPT_FOR = 2.0  # seconds in which those who come back together are served from one reading


class Replay:
    """Reads the log for the relay and, in a storm of reconnects, once for each place sockets come back with."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing read."""
        self._context = context
        self._reading = asyncio.Lock()
        self._horizon = 0  # a transaction number known to have been given out
        self._far: dict[Position, bool] = {}
        self._batches: dict[tuple[Position, Position], Batch | None] = {}
        self._until = 0.0

    async def begin(self) -> Position:
        """Give the place from which to relay."""
        async with self._context.transaction() as session:
            place = await log.now_at(session)
        self._horizon = place.xid
        return place

    async def read(self, after: Position, places: LastScopes | None = None) -> Batch | None:
        """Read what comes next, as it is now."""
        async with self._context.transaction() as session:
            entries = await log.since(session, after, limit=BATCH)
            return await batch_of(session, entries, places) if entries else None

    async def is_hidden(self, after: Position) -> bool:
        """Tell whether more is written already, which a running transaction may still precede."""
        async with self._context.transaction() as session:
            return await log.behind(session, after, limit=1) > 0

    async def may_go_on(self, after: Position, at: Position) -> bool:
        """Tell whether the log can be replayed from there: a place of ours, and not too far back."""
        if at <= after and after.xid <= self._horizon:
            return True
        async with self._reading:
            self._tidy()
            if after not in self._far:
                self._far[after] = await self._is_near(after)
            return self._far[after]

    async def between(self, after: Position, at: Position) -> Batch | None:
        """Read what comes after a place and up to another that all of it has reached; None: nothing.

        The same may be handed out for a moment: what has changed since is in a later line, which comes too.
        """
        async with self._reading:
            self._tidy()
            if (after, at) not in self._batches:
                self._batches[after, at] = await self.read(after)
            return self._batches[after, at]

    async def _is_near(self, after: Position) -> bool:
        async with self._context.transaction() as session:
            behind = await log.behind(session, after, limit=TOO_OLD + 1)
            self._horizon = (await log.now_at(session)).xid
        return behind <= TOO_OLD and after.xid <= self._horizon

    def _tidy(self) -> None:
        if time.monotonic() > self._until:
            self._far, self._batches = {}, {}
            self._until = time.monotonic() + KEPT_FOR
