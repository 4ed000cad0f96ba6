"""Send websocket frames past the framework: the web server's own `send`, which takes frames encoded once for many."""

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

    A frame from a server is not masked, and without compression it is the same for every socket: encoding it once
    halves the cost of sending it to thousands.
    """

    async def send(self, message: Mapping[str, object]) -> None:
        """Send an ASGI message, or the finished frame that it carries. Raises OSError when the connection is gone."""
        frame = message.get(FRAME)
        if not isinstance(frame, bytes):
            await super().send(cast("Any", message))
            return
        await self.writable.wait()
        if self.disconnected or self.close_sent:
            raise ClientDisconnected
        self.transport.write(frame)


def framed(text: bytes) -> bytes:
    """Return a UTF-8 text as one WebSocket frame (RFC 6455 §5.2) of a server."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)


def wired(app: ASGIApp) -> ASGIApp:
    """Give handlers of websockets the server's own `send`: every layer above it costs once per socket and event."""

    async def with_send(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            cast("dict[str, object]", scope)[WIRE] = send
        await app(scope, receive, send)

    return with_send


def wire(socket: WebSocket[Any, Any, State]) -> Send:
    """Return the shortest way to send on an accepted socket; it takes messages with `FRAME`."""
    return cast("dict[str, Send]", socket.scope)[WIRE]
