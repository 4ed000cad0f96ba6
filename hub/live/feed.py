"""The live feed of one process: its parts, their loops, and how sockets join and leave."""

import asyncio

import msgspec
import structlog

from hub.access import sessions as access
from hub.access.scope import sees
from hub.access.sessions import AccessSignal
from hub.events.log import Position
from hub.live.connections import Connection, ConnectionRegistry
from hub.live.counts import CountFeed
from hub.live.online import OnlineAgents
from hub.live.presence import FRAME_TOPIC, ONLINE_ROOM, Ephemeral, Presence
from hub.live.protocol import Close
from hub.live.relay import EMPTY_FRAME, LogRelay
from hub.live.session_watch import SessionWatch
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel, failures_logged
from hub.signals import Gap, Signal

HEARTBEAT_INTERVAL = 25.0  # seconds between empty frames, by which clients know that the connection is open
SLICE = 500  # sockets served before other tasks get a turn

log = structlog.get_logger("hub.feed")


class Feed:
    """All agents' sockets of one process, and the loops that keep them up to date."""

    def __init__(self, context: AppContext) -> None:
        """Begin without sockets; the loops start with the first one."""
        self._context = context
        self._tasks: list[asyncio.Task[None]] = []
        self.connections = ConnectionRegistry()
        self.presence = Presence(context)
        self._sessions = SessionWatch(context, self.connections, at=lambda: self.relay.position)
        self._counts = CountFeed(context, self.connections)
        self._online = OnlineAgents(context, self.connections, self.presence)
        self.relay = LogRelay(context, self.connections, self._sessions, changed=self._counts.mark_stale)

    async def start(self) -> None:
        """Start the loops where they do not run yet, and wait until the log is read."""
        if not self._tasks:
            loops = [self.relay.run(), self._receive_signals(), self._send_heartbeats()]
            loops += [self._counts.run(), self._sessions.run(), self._online.run(), self._online.keep_alive()]
            self._tasks = [asyncio.create_task(loop) for loop in loops]
        await self.relay.started()

    async def close(self) -> None:
        """Close every socket, so that its client connects to another process, and stop the loops."""
        for connection in self.connections.all:
            connection.end(Close.RESTART)
        await cancel(*self._tasks)
        self._tasks = []

    async def join(self, connection: Connection, after: Position | None) -> None:
        """Send a socket the frames it missed after a position (None: nothing), then every new one."""
        await self.start()
        await self.relay.join(connection, after)
        self._online.joined(connection.viewer.agent_id)
        self._counts.mark_stale()

    async def leave(self, connection: Connection) -> None:
        """Forget a socket."""
        connection.outlet.close()
        if self.connections.remove(connection):
            self._online.left(connection.viewer.agent_id)
        await self.presence.set_viewing(connection.member, connection.viewing, None)

    async def _receive_signals(self) -> None:
        """Relay the signals of other processes: viewing, typing, presence and revoked sessions."""
        signals = await self._context.signals.subscribe(FRAME_TOPIC, ONLINE_ROOM, access.TOPIC)
        async for signal in signals:
            with failures_logged(log, "feed.signal_failed"):
                await self._on_signal(signal)

    async def _on_signal(self, signal: Signal | Gap) -> None:
        if isinstance(signal, Gap):
            await self._sessions.renew(self.connections.all)
        elif signal.topic == FRAME_TOPIC:
            sent = msgspec.json.decode(signal.payload, type=Ephemeral)
            self.connections.send(sent.frame, wanted=lambda to: sees(to.viewer, sent.team_id, sent.assignee_id))
        elif signal.topic == ONLINE_ROOM:
            self._online.mark_changed()
        else:
            await self._sessions.on_access_signal(msgspec.json.decode(signal.payload, type=AccessSignal))

    async def _send_heartbeats(self) -> None:
        """Send every socket an empty frame at each interval, in slices, so that other tasks get their turn."""
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            for n, connection in enumerate(self.connections.all):
                connection.put(EMPTY_FRAME)
                if n % SLICE == 0:
                    await asyncio.sleep(0)
