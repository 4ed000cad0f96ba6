"""Relays the event log to the agents' sockets: to each the entries its agent may see, after a replay of missed ones."""

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

REST = 0.1  # maximum seconds of rest after a batch (as long as it took): with many sockets batches get larger
EMPTY_FRAME = encode_text_frame(b"[]")


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
        """Begin with nothing read; `changed` is called after every batch sent."""
        self._connections = connections
        self._sessions = sessions
        self._changed = changed
        self._replay = Replay(context)
        self._scopes = LastScopes()
        self._to_renew: set[UUID] = set()  # agents whose rights changed in the last batch
        self._tail = Tail(context, "feed", self._relay_next, max_rest=REST)

    @property
    def position(self) -> Position:
        """Return the log position up to which every socket in the registry has been sent entries."""
        return self._tail.position

    async def run(self) -> None:
        """Relay until cancelled."""
        await self._tail.run()

    async def started(self) -> None:
        """Wait until the tail has its first position: entries committed from then on are relayed."""
        await self._tail.started.wait()

    async def join(self, connection: Connection, after: Position | None) -> None:
        """Send a socket the entries it missed after a position (None: nothing), then add it to the registry."""
        if after is not None:
            after = await self._catch_up(connection, after)
        async with self._tail.position_lock:  # so that nothing falls between the replay and the relay
            if after is not None and after < self.position:
                await self._catch_up(connection, after)
            self._connections.add(connection)

    async def _catch_up(self, connection: Connection, after: Position) -> Position:
        """Send the entries between a position and that of the relay; return the position that was reached."""
        if not await self._replay.can_replay(after, self.position):
            connection.send(Reset(reason="too_old", cursor=str(self.position)))
            return self.position
        while after < (at := self.position):
            batch = await self._replay.batch_between(after, at)
            if batch is not None:
                connection.put(payload(batch, connection.viewer, connection.audience) or EMPTY_FRAME)
            after = at if batch is None else batch.position
        return after

    async def _relay_next(self, after: Position) -> Position | None:
        """Send the next batch and return its position, None: there is no batch.

        Agents whose rights the last batch changed get their new rights first.
        """
        if self._to_renew:
            await self._sessions.renew(self._connections.of_agents(self._to_renew))
            self._to_renew = set()
        batch = await self._replay.read(after, self._scopes)
        if batch is None:
            return None
        self._send_to_all(batch)
        self._to_renew = {line.event.agent_id for line in batch.lines if isinstance(line.event, AgentChanged)}
        return batch.position

    def _send_to_all(self, batch: Batch) -> None:
        for connection in self._connections.all:
            frame = payload(batch, connection.viewer, connection.audience)
            if frame:
                connection.put(frame)
        self._changed()
