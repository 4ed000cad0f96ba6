"""Announces to agents, the router and other processes which agents have the inbox open."""

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

ANNOUNCE_EVERY = 1.0  # minimum seconds between two announcements
REPORT_EVERY = 20.0  # seconds between reports that agents are still online

log = structlog.get_logger("hub.feed")


class OnlineAgents:
    """The agents who opened or closed the inbox in this process, announced in batches."""

    def __init__(self, context: AppContext, connections: ConnectionRegistry, presence: Presence) -> None:
        """Begin with nothing to announce."""
        self._context = context
        self._connections = connections
        self._presence = presence
        self._changed = asyncio.Event()
        self._opened: set[UUID] = set()
        self._closed: set[UUID] = set()

    def joined(self, agent_id: UUID) -> None:
        """Announce soon that an agent opened a socket."""
        self._opened.add(agent_id)
        self._changed.set()

    def left(self, agent_id: UUID) -> None:
        """Announce soon that an agent closed their last socket in this process."""
        self._closed.add(agent_id)
        self._changed.set()

    def mark_changed(self) -> None:
        """Read soon which agents are online, since another process announced a change."""
        self._changed.set()

    async def run(self) -> None:
        """Announce changes in batches until cancelled; the longer it takes, the less often."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            began = monotonic()
            try:
                await self._announce()
            except Exception as error:
                self._changed.set()
                log_failure(log, "feed.presence_failed", error)
            await asyncio.sleep(max(ANNOUNCE_EVERY, 5 * (monotonic() - began)))

    async def keep_alive(self) -> None:
        """Report at intervals which agents are still online and which conversations they view, until cancelled."""
        await run_every(REPORT_EVERY, self._report, log, "feed.look_failed")

    async def _announce(self) -> None:
        closed, self._closed = self._closed - set(self._connections.agents), set()
        opened = self._opened & set(self._connections.agents)
        await self._presence.update_online(opened, closed)
        async with self._context.transaction() as session:
            await availability.mark_inbox_open(session, opened)
        self._opened -= opened
        present = encode_text_frame(msgspec.json.encode([Present(online=self._presence.online)]))
        for connection in self._connections.all:
            if connection.last_online_frame != present:
                connection.last_online_frame = present
                connection.put(present)

    async def _report(self) -> None:
        self._opened |= set(self._connections.agents)
        self._changed.set()
        for connection in self._connections.all:
            if connection.viewing is not None:
                await self._presence.keep_viewing(connection.member, connection.viewing)
