"""Sockets below all layers: the web server's own `send`, which also takes frames written once for many."""

from collections.abc import Mapping
from typing import Any, cast

from litestar import WebSocket
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode

WIRE = "hub.wire"  # in a socket's scope: the server's own `send`
FRAME = "hub.frame"  # in a message to it: a finished frame


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which takes finished frames beside ASGI's messages.

    A frame from a server is not masked, and without compression it is the same for every socket: to write it
    once saves half of what telling thousands costs.
    """

    async def send(self, message: Mapping[str, object]) -> None:
        """Send an ASGI message or, where it carries one, a finished frame; raises OSError when the line is gone."""
        frame = message.get(FRAME)
        if not isinstance(frame, bytes):
            await super().send(cast("Any", message))
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        self.transport.write(frame)


def framed(text: bytes) -> bytes:
    """Write a text, in UTF-8, as one WebSocket frame (RFC 6455 §5.2) of a server."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)


def wired(app: ASGIApp) -> ASGIApp:
    """Hand the server's own `send` down to the sockets: each layer above it costs, a thousand times an event."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            cast("dict[str, object]", scope)[WIRE] = send
        await app(scope, receive, send)

    return door


def wire(socket: WebSocket[Any, Any, State]) -> Send:
    """Give the shortest way to send on an accepted socket; it takes `FRAME`."""
    return cast("dict[str, Send]", socket.scope)[WIRE]
