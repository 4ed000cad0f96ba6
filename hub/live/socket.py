"""The agents' socket: admitted by a cookie or a bot's token, caught up from a cursor, then live."""

import asyncio
import contextlib
from functools import partial
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect

from hub.access.guard import viewer_of_socket
from hub.access.rights import Right
from hub.access.scope import sees
from hub.errors import HubError
from hub.events import log
from hub.live.connections import Connection
from hub.live.feed import Feed
from hub.live.outlet import SocketWriter
from hub.live.parts import DEPENDENCIES, CurrentFeed
from hub.live.presence import Presence
from hub.live.protocol import Close, Command, Look, Writing
from hub.runtime.loops import cancel
from hub.runtime.websocket import server_send
from hub.storage.database import new_id

MAX_SOCKETS = 10  # open sockets per agent and process
MAX_COMMAND_LENGTH = 4096  # characters
MIN_COMMAND_INTERVAL = 0.05  # seconds between two commands of one socket; a faster one waits
Socket = WebSocket[Any, Any, State]


@websocket("/api/live", opt={"exclude_from_auth": True}, dependencies=DEPENDENCIES)
async def live(socket: Socket, feed: CurrentFeed) -> None:
    """Serve one agent's screen, or one bot, until it disconnects."""
    try:
        sign_in = await viewer_of_socket(socket)
    except HubError:
        await _refuse(socket, Close.SIGNED_OUT)
        return
    open_sockets = feed.connections.count(sign_in.viewer.agent_id)
    if not sign_in.viewer.may(Right.CONVERSATIONS_READ) or open_sockets >= MAX_SOCKETS:
        await _refuse(socket, Close.TOO_MANY if open_sockets >= MAX_SOCKETS else Close.FORBIDDEN)
        return
    await socket.accept()
    connection = Connection(sign_in, SocketWriter(server_send(socket)), new_id())
    try:
        await feed.join(connection, log.Position.parse(str(socket.query_params.get("after") or "")))
        await _serve(socket, feed, connection)
    finally:
        await feed.leave(connection)


async def _refuse(socket: Socket, code: Close) -> None:
    await socket.accept()
    await socket.close(code=code)


async def _serve(socket: Socket, feed: Feed, connection: Connection) -> None:
    listening = asyncio.create_task(_listen(socket, feed.presence, connection))
    ended = asyncio.create_task(connection.closed.wait())
    try:
        await asyncio.wait({listening, ended}, return_when=asyncio.FIRST_COMPLETED)
        if connection.closed.is_set():
            with contextlib.suppress(Exception):
                await socket.close(code=connection.close_code)
    finally:
        await cancel(listening, ended)


async def _listen(socket: Socket, presence: Presence, connection: Connection) -> None:
    decoder = msgspec.json.Decoder(Command)
    try:
        while True:
            text = await socket.receive_text()
            if len(text) > MAX_COMMAND_LENGTH:
                connection.end(Close.TOO_LARGE)
                return
            try:
                await _execute(presence, connection, decoder.decode(text))
            except msgspec.DecodeError:
                connection.end(Close.BAD_COMMAND)
                return
            await asyncio.sleep(MIN_COMMAND_INTERVAL)
    except WebSocketDisconnect:
        return


async def _execute(presence: Presence, connection: Connection, command: Command) -> None:
    viewer = connection.viewer
    allowed = partial(sees, viewer)
    if isinstance(command, Look):
        id_ = command.conversation_id
        viewing = id_ if id_ is not None and await presence.is_allowed(id_, allowed) else None
        old, connection.viewing = connection.viewing, viewing
        await presence.set_viewing(connection.member, old, viewing)
    else:
        frame = Writing(conversation_id=command.conversation_id, agent_id=viewer.agent_id, mode=command.mode)
        await presence.broadcast(frame, allowed=allowed)
