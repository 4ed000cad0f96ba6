"""Relay the event log to the agents' sockets: to each what its agent may see, and first what it missed."""

from collections.abc import Callable
from uuid import UUID

from hub.events.definitions import AgentChanged
from hub.events.log import Position
from hub.events.tail import Tail
from hub.live.connections import Connection, ConnectionRegistry
from hub.live.frames import Batch, payload
from hub.live.last_scope import LastScopes
from hub.live.protocol import Reset
from hub.live.replay import Replay
from hub.live.session_watch import SessionWatch
from hub.runtime.context import AppContext
from hub.runtime.websocket import encode_text_frame

REST = 0.1  # seconds: longest pause after a batch, so that many sockets get larger batches
NOTHING = encode_text_frame(b"[]")


class LogRelay:
    """Reads the log once for all sockets of this process."""

    def __init__(
        self,
        context: AppContext,
        connections: ConnectionRegistry,
        sessions: SessionWatch,
        *,
        changed: Callable[[], None],
    ) -> None:
        """Begin with nothing read; `changed` is called after every batch that was passed on."""
        self._connections = connections
        self._sessions = sessions
        self._changed = changed
        self._replay = Replay(context)
        self._scopes = LastScopes()
        self._to_renew: set[UUID] = set()  # agents whose rights changed in the last batch
        self._tail = Tail(context, "feed", self._read, max_rest=REST)

    @property
    def position(self) -> Position:
        """Return how far every socket in the registry has been sent the log."""
        return self._tail.position

    async def run(self) -> None:
        """Relay until cancelled."""
        await self._tail.run()

    async def started(self) -> None:
        """Wait until everything that is committed from then on will be relayed."""
        await self._tail.started.wait()

    async def join(self, connection: Connection, after: Position | None) -> None:
        """Send a socket what it missed after a position (None: nothing), then add it to the registry."""
        if after is not None:
            after = await self._catch_up(connection, after)
        async with self._tail.position_lock:  # so that nothing falls between the replay and the relay
            if after is not None and after < self.position:
                await self._catch_up(connection, after)
            self._connections.add(connection)

    async def _catch_up(self, connection: Connection, after: Position) -> Position:
        """Send what lies between a position and that of the relay; return the position that was reached."""
        if not await self._replay.may_go_on(after, self.position):
            connection.send(Reset(reason="too_old", cursor=str(self.position)))
            return self.position
        while after < (at := self.position):
            batch = await self._replay.between(after, at)
            if batch is not None:
                connection.put(payload(batch, connection.viewer, connection.kind) or NOTHING)
            after = at if batch is None else batch.position
        return after

    async def _read(self, after: Position) -> Position | None:
        """Pass on the next batch; agents whose rights the last one changed get their new rights first."""
        if self._to_renew:
            await self._sessions.renew(self._connections.of(self._to_renew))
            self._to_renew = set()
        batch = await self._replay.read(after, self._scopes)
        if batch is None:
            return None
        self._pass_on(batch)
        self._to_renew = {line.event.agent_id for line in batch.lines if isinstance(line.event, AgentChanged)}
        return batch.position

    def _pass_on(self, batch: Batch) -> None:
        for connection in self._connections.all:
            frame = payload(batch, connection.viewer, connection.kind)
            if frame:
                connection.put(frame)
        self._changed()
