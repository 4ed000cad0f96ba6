"""The agents' sockets as the feed sees them: whose each is, what they may see, and how it ends."""

import asyncio
from uuid import UUID

import msgspec

from hub.access.rights import Viewer, sees_all
from hub.access.sessions import AccessSignal, SignedIn
from hub.live.outlet import SocketWriter
from hub.live.protocol import Close
from hub.runtime.websocket import framed

KINDS: dict[object, object] = {}


class Connection:
    """One agent's socket."""

    __slots__ = (
        "closed", "counts", "id", "kind", "live", "looks_at", "outlet", "present", "sign_in", "viewer", "why",
    )  # fmt: skip

    def __init__(self, who: SignedIn, outlet: SocketWriter, id_: UUID) -> None:
        """Begin not yet live: first what was missed is replayed."""
        self.id = id_
        self.sign_in = who
        self.viewer = who.viewer
        self.kind = kind_of(who.viewer)
        self.outlet = outlet
        self.live = False
        self.looks_at: UUID | None = None
        self.counts = b""
        self.present = b""
        self.closed = asyncio.Event()
        self.why = Close.DONE

    @property
    def member(self) -> str:
        """Name this socket among those of all processes."""
        return f"{self.viewer.agent_id}/{self.id}"

    def end(self, code: Close) -> None:
        """Have the socket closed with this code."""
        if not self.closed.is_set():
            self.why = code
            self.closed.set()

    def send(self, *frames: object) -> None:
        """Send what is this connection's own."""
        self.put(framed(msgspec.json.encode(frames)))

    def put(self, frame: bytes) -> None:
        """Send what is written already."""
        self.outlet.put(frame)
        if self.outlet.overrun:
            self.end(Close.TOO_SLOW)


def kind_of(viewer: Viewer) -> object:
    """Name what a viewer sees, apart from what is their own: all viewers of a kind get the same bytes."""
    kind = sees_all(viewer), viewer.team_ids, viewer.rights
    return KINDS.setdefault(kind, kind)  # the same object for all of a kind, so that to compare costs nothing


def is_meant(nudge: AccessSignal, connection: Connection) -> bool:
    """Tell whether a nudge is for this socket."""
    own = connection.sign_in.sign_in_id
    return connection.viewer.agent_id == nudge.agent_id and (nudge.sign_in_ids is None or own in nudge.sign_in_ids)
