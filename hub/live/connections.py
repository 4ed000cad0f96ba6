"""The agents' sockets of one process: each with its sign-in, its agent's rights, and the state of its screen."""

import asyncio
from collections.abc import Callable, Collection
from uuid import UUID

import msgspec

from hub.access.rights import Viewer, sees_all
from hub.access.sessions import AccessSignal, SignedIn
from hub.live.outlet import SocketWriter
from hub.live.protocol import Close
from hub.runtime.websocket import encode_text_frame

AUDIENCES: dict[object, object] = {}


class Connection:
    """One agent's socket."""

    __slots__ = (
        "audience",
        "close_code",
        "closed",
        "id",
        "last_counts_frame",
        "last_online_frame",
        "outlet",
        "sign_in",
        "viewer",
        "viewing",
    )

    def __init__(self, sign_in: SignedIn, outlet: SocketWriter, id_: UUID) -> None:
        """Wrap an accepted socket; it gets events once it is in the registry."""
        self.id = id_
        self.sign_in = sign_in
        self.viewer = sign_in.viewer
        self.audience = audience_of(sign_in.viewer)
        self.outlet = outlet
        self.viewing: UUID | None = None  # the conversation on its screen
        self.last_counts_frame = b""  # the last frame of counts it was sent
        self.last_online_frame = b""  # the last frame of online agents it was sent
        self.closed = asyncio.Event()
        self.close_code = Close.DONE  # the code it is closed with

    @property
    def member(self) -> str:
        """Return a name of this socket that is unique among all processes."""
        return f"{self.viewer.agent_id}/{self.id}"

    def end(self, code: Close) -> None:
        """Mark the socket to be closed with this code."""
        if not self.closed.is_set():
            self.close_code = code
            self.closed.set()

    def send(self, *frames: object) -> None:
        """Encode frames and send them to this socket."""
        self.put(encode_text_frame(msgspec.json.encode(frames)))

    def put(self, frame: bytes) -> None:
        """Send a frame that is encoded already; a socket that cannot keep up is closed with 4408."""
        self.outlet.put(frame)
        if self.outlet.overrun:
            self.end(Close.TOO_SLOW)


class ConnectionRegistry:
    """The open sockets of one process."""

    def __init__(self) -> None:
        self._sockets: dict[UUID, Connection] = {}
        self._per_agent: dict[UUID, int] = {}

    def __len__(self) -> int:
        """Return how many sockets are open."""
        return len(self._sockets)

    @property
    def all(self) -> list[Connection]:
        """Return a copy of the list of open sockets."""
        return list(self._sockets.values())

    @property
    def agents(self) -> Collection[UUID]:
        """Return the ids of the agents who have a socket here."""
        return self._per_agent.keys()

    def count(self, agent_id: UUID) -> int:
        """Return how many sockets an agent has here."""
        return self._per_agent.get(agent_id, 0)

    def of_agents(self, agent_ids: Collection[UUID]) -> list[Connection]:
        """Return the sockets of some agents."""
        return [connection for connection in self.all if connection.viewer.agent_id in agent_ids]

    def add(self, connection: Connection) -> None:
        """Add a socket."""
        self._sockets[connection.id] = connection
        self._per_agent[connection.viewer.agent_id] = self.count(connection.viewer.agent_id) + 1

    def remove(self, connection: Connection) -> bool:
        """Remove a socket; return whether it was its agent's last one here."""
        if self._sockets.pop(connection.id, None) is None:
            return False
        remaining = self._per_agent[connection.viewer.agent_id] = self.count(connection.viewer.agent_id) - 1
        if remaining == 0:
            del self._per_agent[connection.viewer.agent_id]
        return remaining == 0

    def send(self, frame: object, *, wanted: Callable[[Connection], bool]) -> None:
        """Send a frame to the sockets that `wanted` chooses; it is encoded once."""
        encoded = encode_text_frame(msgspec.json.encode([frame]))
        for connection in self.all:
            if wanted(connection):
                connection.put(encoded)


def audience_of(viewer: Viewer) -> object:
    """Return a key for the viewer's rights and teams: viewers with the same key get the same bytes of shared events."""
    audience = sees_all(viewer), viewer.team_ids, viewer.rights
    return AUDIENCES.setdefault(audience, audience)  # the same object for equal keys, so that comparing is cheap


def concerns(signal: AccessSignal, connection: Connection) -> bool:
    """Return whether a change of access concerns this socket."""
    own = connection.sign_in.sign_in_id
    return connection.viewer.agent_id == signal.agent_id and (signal.sign_in_ids is None or own in signal.sign_in_ids)
