"""Reads batches of the log for the relay, and the entries that sockets missed once for all that missed the same."""

import asyncio
import time

from hub.events import log
from hub.events.log import Position
from hub.live.frames import Batch, batch_of
from hub.live.last_scope import LastScopes
from hub.runtime.context import AppContext

BATCH = 200
TOO_OLD = 5_000  # entries behind, from which on fetching everything is cheaper than the replay
CACHE_TTL = 2.0  # seconds for which sockets that reconnect together share one query


class Replay:
    """Reads the log; when many sockets reconnect, once for each position they reconnect with."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nothing read."""
        self._context = context
        self._reading = asyncio.Lock()
        self._horizon = 0  # a transaction number that PostgreSQL is known to have reached
        self._recent: dict[Position, bool] = {}
        self._batches: dict[tuple[Position, Position], Batch | None] = {}
        self._expires_at = 0.0

    async def read(self, after: Position, scopes: LastScopes | None = None) -> Batch | None:
        """Return the next batch of entries with their rows as they are now; None: there are no entries."""
        async with self._context.transaction() as session:
            entries = await log.read_after(session, after, limit=BATCH)
            return await batch_of(session, entries, scopes) if entries else None

    async def can_replay(self, after: Position, at: Position) -> bool:
        """Return whether the log can be replayed from `after`: a position of this database, and not too old."""
        if at <= after and after.xid <= self._horizon:
            return True
        async with self._reading:
            self._expire_cache()
            if after not in self._recent:
                self._recent[after] = await self._is_recent(after)
            return self._recent[after]

    async def batch_between(self, after: Position, at: Position) -> Batch | None:
        """Return the next batch after one position and up to another; None: there are no entries in between.

        One query is shared for `CACHE_TTL` seconds: a row that has changed since is in a later entry, which follows.
        """
        async with self._reading:
            self._expire_cache()
            if (after, at) not in self._batches:
                self._batches[after, at] = await self.read(after)
            return self._batches[after, at]

    async def _is_recent(self, after: Position) -> bool:
        async with self._context.transaction() as session:
            behind = await log.count_after(session, after, limit=TOO_OLD + 1)
            self._horizon = (await log.current_position(session)).xid
        return behind <= TOO_OLD and after.xid <= self._horizon

    def _expire_cache(self) -> None:
        if time.monotonic() > self._expires_at:
            self._recent, self._batches = {}, {}
            self._expires_at = time.monotonic() + CACHE_TTL
