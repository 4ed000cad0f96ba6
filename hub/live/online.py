"""Tell agents, the router and other processes which agents have the inbox open."""

import asyncio
from time import monotonic
from uuid import UUID

import msgspec
import structlog

from hub.live.connections import ConnectionRegistry
from hub.live.presence import Presence
from hub.live.protocol import Present
from hub.routing import availability
from hub.runtime.context import AppContext
from hub.runtime.loops import log_failure, run_every
from hub.runtime.websocket import encode_text_frame

MOVES_EVERY = 1.0  # seconds between two announcements, at least
SEEN_EVERY = 20.0  # seconds between reports that agents are still here

log = structlog.get_logger("hub.feed")


class OnlineAgents:
    """The agents who came to and left this process, announced together."""

    def __init__(self, context: AppContext, connections: ConnectionRegistry, presence: Presence) -> None:
        """Begin with nothing to announce."""
        self._context = context
        self._connections = connections
        self._presence = presence
        self._moved = asyncio.Event()
        self._came: set[UUID] = set()
        self._gone: set[UUID] = set()

    def joined(self, agent_id: UUID) -> None:
        """Announce soon that an agent opened a socket."""
        self._came.add(agent_id)
        self._moved.set()

    def left(self, agent_id: UUID) -> None:
        """Announce soon that an agent closed the last socket here."""
        self._gone.add(agent_id)
        self._moved.set()

    def mark_moved(self) -> None:
        """Read soon which agents are online, since another process announced a change."""
        self._moved.set()

    async def run(self) -> None:
        """Announce changes, many in one go, until cancelled; the longer it takes, the less often."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            began = monotonic()
            try:
                await self._announce()
            except Exception as error:
                self._moved.set()
                log_failure(log, "feed.presence_failed", error)
            await asyncio.sleep(max(MOVES_EVERY, 5 * (monotonic() - began)))

    async def keep_alive(self) -> None:
        """Report again and again which agents are still here and what they look at, until cancelled."""
        await run_every(SEEN_EVERY, self._report, log, "feed.look_failed")

    async def _announce(self) -> None:
        gone, self._gone = self._gone - set(self._connections.agents), set()
        came = self._came & set(self._connections.agents)
        await self._presence.move(came, gone)
        async with self._context.transaction() as session:
            await availability.seen(session, came)
        self._came -= came
        present = encode_text_frame(msgspec.json.encode([Present(online=self._presence.online)]))
        for connection in self._connections.all:
            if connection.present != present:
                connection.present = present
                connection.put(present)

    async def _report(self) -> None:
        self._came |= set(self._connections.agents)
        self._moved.set()
        for one in self._connections.all:
            if one.looks_at is not None:
                await self._presence.still_looks(one.member, one.looks_at)
