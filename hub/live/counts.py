"""Sends agents the number of conversations in each view when it changes."""

import asyncio
from time import monotonic
from uuid import UUID

import msgspec
import structlog

from hub.inbox.queries import tally
from hub.inbox.views import Tally
from hub.live.connections import ConnectionRegistry
from hub.live.protocol import Counted
from hub.runtime.context import AppContext
from hub.runtime.loops import failures_logged
from hub.runtime.websocket import encode_text_frame

COUNT_EVERY = 0.5  # minimum seconds between two counts
COUNT_WITHIN = 2.0  # maximum pause in seconds after a slow count

log = structlog.get_logger("hub.feed")


class CountFeed:
    """Counts once for all sockets of this process."""

    def __init__(self, context: AppContext, connections: ConnectionRegistry) -> None:
        """Begin with nothing to count."""
        self._context = context
        self._connections = connections
        self._stale = asyncio.Event()

    def mark_stale(self) -> None:
        """Request a new count soon."""
        self._stale.set()

    async def run(self) -> None:
        """Count after changes, and send each agent the numbers that differ from the last ones, until cancelled."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            began = monotonic()
            with failures_logged(log, "feed.count_failed"):
                async with self._context.transaction() as session:
                    counted = await tally(session)
                self._send(counted)
            await asyncio.sleep(max(COUNT_EVERY, min(COUNT_WITHIN, 10 * (monotonic() - began))))

    def _send(self, counted: Tally) -> None:
        by_agent: dict[UUID, bytes] = {}
        for connection in self._connections.all:
            agent_id = connection.viewer.agent_id
            if agent_id not in by_agent:
                counts = Counted(counts=counted.counts(connection.viewer))
                by_agent[agent_id] = encode_text_frame(msgspec.json.encode([counts]))
            if connection.last_counts_frame != by_agent[agent_id]:
                connection.last_counts_frame = by_agent[agent_id]
                connection.put(connection.last_counts_frame)
