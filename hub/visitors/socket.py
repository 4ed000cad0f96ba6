"""The websocket of a visitor: admission, the first frame, and the close codes of refusals."""

import asyncio
from contextlib import suppress

import structlog
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from hub.intake.parts import CurrentIntake
from hub.runtime.context import AppContext
from hub.runtime.http import Context
from hub.visitors import protocol, queries
from hub.visitors.admission import AdmissionRefused, Chat, find_chat, find_visitor
from hub.visitors.connection import VisitorConnection
from hub.visitors.handshake import Socket, SocketEnded, first_error, receive_frame
from hub.visitors.models import Visitor
from hub.visitors.parts import CurrentRelay
from hub.visitors.protocol import Close, Code
from hub.visitors.relay import Relay

MAX_TABS = 10  # open sockets of one visitor
CLOSE_WITHIN = 3.0  # seconds for the close frame
FIRST_FRAME_WITHIN = 15.0  # seconds
CLOSE_CODES = {
    Code.UNKNOWN_CHAT: Close.UNKNOWN_CHAT,
    Code.NOT_ADMITTED: Close.NOT_ADMITTED,
    Code.VERIFICATION_REQUIRED: Close.NOT_ADMITTED,
    Code.ORIGIN_REFUSED: Close.ORIGIN_REFUSED,
}
log = structlog.get_logger("hub.visitors")


@websocket("/socket")
async def visitor_socket(
    socket: Socket, key: FromPath[str], context: Context, intake: CurrentIntake, relay: CurrentRelay
) -> None:
    """Serve a visitor's socket; a refusal closes it with a close code."""
    offered = protocol.offered_token(socket.scope.get("subprotocols", []))
    await socket.accept(subprotocols=protocol.SUBPROTOCOL if offered else None)
    code: Close | None = None
    try:
        chat, visitor = await _admit(context, relay, socket, key, offered)
        hello = await _hello(socket)
        await VisitorConnection(context, intake, socket, chat, visitor).run(relay, hello)
    except* SocketEnded as ended:
        code = first_error(ended).code
    except* AdmissionRefused as refused:
        code = CLOSE_CODES.get(first_error(refused).code, Close.UNAVAILABLE)
    except* (WebSocketDisconnect, OSError, TimeoutError):
        code = None
    except* Exception as group:
        log.warning("a visitor's socket ended", exc_info=first_error(group))
        code = Close.UNAVAILABLE
    if code is not None:
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_WITHIN):
                await socket.close(code=code)


async def _admit(
    context: AppContext, relay: Relay, socket: Socket, key: str, token: str | None
) -> tuple[Chat, Visitor]:
    async with context.transaction() as session:
        chat = await find_chat(session, context, key)
        if not chat.allows_origin(socket.headers.get("origin")):
            raise AdmissionRefused(Code.ORIGIN_REFUSED)
        visitor = await find_visitor(session, chat, token)
    scope = queries.ChatScope(channel_id=chat.channel.id, point_value=visitor.point_value)
    if relay.count(scope) >= MAX_TABS:
        raise SocketEnded(Close.TOO_MANY)
    return chat, visitor


async def _hello(socket: Socket) -> protocol.Hello:
    async with asyncio.timeout(FIRST_FRAME_WITHIN):
        hello = protocol.read_frame(await receive_frame(socket))
    if not isinstance(hello, protocol.Hello):
        raise SocketEnded(Close.BAD_FRAME)
    return hello
