"""Read batches of the log for the relay, and what sockets missed once for all that missed the same."""

import asyncio
import time

from hub.events import log
from hub.events.log import Position
from hub.live.frames import Batch, batch_of
from hub.live.last_scope import LastScopes
from hub.runtime.context import AppContext

BATCH = 200
TOO_OLD = 5_000  # entries behind, from which on fetching everything is cheaper than the replay
KEPT_FOR = 2.0  # seconds for which sockets that come back together share one reading


class Replay:
    """Reads the log; in a storm of reconnects once for each position that sockets come back with."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing read."""
        self._context = context
        self._reading = asyncio.Lock()
        self._horizon = 0  # a transaction number that PostgreSQL is known to have reached
        self._far: dict[Position, bool] = {}
        self._batches: dict[tuple[Position, Position], Batch | None] = {}
        self._until = 0.0

    async def read(self, after: Position, scopes: LastScopes | None = None) -> Batch | None:
        """Return the next batch of entries with their rows as they are now; None: there are no entries."""
        async with self._context.transaction() as session:
            entries = await log.read_after(session, after, limit=BATCH)
            return await batch_of(session, entries, scopes) if entries else None

    async def may_go_on(self, after: Position, at: Position) -> bool:
        """Return whether the log can be replayed from `after`: a position of this database, and not too old."""
        if at <= after and after.xid <= self._horizon:
            return True
        async with self._reading:
            self._tidy()
            if after not in self._far:
                self._far[after] = await self._is_near(after)
            return self._far[after]

    async def between(self, after: Position, at: Position) -> Batch | None:
        """Return the next batch after one position on the way to another; None: there is nothing in between.

        One reading is shared for `KEPT_FOR` seconds: a row that has changed since is in a later entry, which follows.
        """
        async with self._reading:
            self._tidy()
            if (after, at) not in self._batches:
                self._batches[after, at] = await self.read(after)
            return self._batches[after, at]

    async def _is_near(self, after: Position) -> bool:
        async with self._context.transaction() as session:
            behind = await log.count_after(session, after, limit=TOO_OLD + 1)
            self._horizon = (await log.current_position(session)).xid
        return behind <= TOO_OLD and after.xid <= self._horizon

    def _tidy(self) -> None:
        if time.monotonic() > self._until:
            self._far, self._batches = {}, {}
            self._until = time.monotonic() + KEPT_FOR
