"""How a visitor's socket is spoken to: one frame at a time, and with a reason when it ends."""

from typing import TypeVar

from litestar import WebSocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect

from hub.visitors import protocol as say
from hub.visitors.admission import Chat
from hub.visitors.protocol import Close

Socket = WebSocket[object, object, State]
E = TypeVar("E", bound=Exception)


class Gone(Exception):
    """The socket is over, and why."""

    def __init__(self, code: Close) -> None:
        """Keep the code to close it with."""
        super().__init__(code.name)
        self.code = code


def first(group: ExceptionGroup[E]) -> E:
    """Give the first error that is no group itself."""
    found = group.exceptions[0]
    return first(found) if isinstance(found, ExceptionGroup) else found


def config_of(chat: Chat, locale: str | None) -> say.Config:
    """Tell the widget what to show and ask."""
    account = chat.account
    return say.Config(
        name=account.site_name,
        greeting=account.greeting(locale),
        prechat=("name", "email") if account.prechat else (),
        require_verification=account.require_verification,
        replies_in=account.replies_in,
    )


async def receive(socket: Socket) -> str | bytes:
    """Receive one frame, text or not."""
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(code=event.get("code", 1006), detail="gone")
    text, raw = event.get("text"), event.get("bytes")
    return text if isinstance(text, str) else raw if isinstance(raw, bytes) else b""
