"""Helpers of a visitor's socket: receive a frame, describe the chat to the widget, and end with a close code."""

from typing import TypeVar

from litestar import WebSocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect

from hub.visitors import protocol
from hub.visitors.admission import Chat
from hub.visitors.protocol import Close

Socket = WebSocket[object, object, State]
E = TypeVar("E", bound=Exception)


class SocketEnded(Exception):
    """The socket must be closed, with this code."""

    def __init__(self, code: Close) -> None:
        """Store the close code."""
        super().__init__(code.name)
        self.code = code


def first_error(group: ExceptionGroup[E]) -> E:
    """Return the first error in a group that is not a group itself."""
    first = group.exceptions[0]
    return first_error(first) if isinstance(first, ExceptionGroup) else first


def widget_config(chat: Chat, locale: str | None) -> protocol.Config:
    """Return the widget's settings, with the greeting in the visitor's language."""
    account = chat.account
    return protocol.Config(
        name=account.site_name,
        greeting=account.greeting(locale),
        prechat=("name", "email") if account.prechat else (),
        require_verification=account.require_verification,
        replies_in=account.replies_in,
    )


async def receive_frame(socket: Socket) -> str | bytes:
    """Return the next frame, text or binary. Raises WebSocketDisconnect."""
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(code=event.get("code", 1006), detail="gone")
    text, raw = event.get("text"), event.get("bytes")
    return text if isinstance(text, str) else raw if isinstance(raw, bytes) else b""
