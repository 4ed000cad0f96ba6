"""The open chat of a visitor in one browser tab."""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import structlog
from litestar.exceptions import WebSocketDisconnect
from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.log import Position
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.visitors import protocol, queries
from hub.visitors.admission import Chat
from hub.visitors.handshake import Socket, SocketEnded, receive_frame, widget_config
from hub.visitors.inbound import publish_typing, store_message, store_receipts
from hub.visitors.models import Visitor
from hub.visitors.protocol import Close, Code
from hub.visitors.relay import Relay

log = structlog.get_logger("hub.visitors")

MESSAGE_RATE, MESSAGE_BURST = 2.0, 20  # messages of one visitor: a second, and at once
REQUEST_RATE, REQUEST_BURST = 2.0, 20  # `hello`, `seen` and `introduce` frames of one visitor: a second, and at once
HEARTBEAT_SECONDS = 25.0  # without a frame, after which a heartbeat is sent

MAX_QUEUED = 256  # frames; a browser that is further behind is disconnected and connects again

MAX_REMEMBERED = 1_000  # sent messages that a tab remembers, to send each once

MAX_RATE_WAITS = 20  # waits for the rate limit before the socket is closed

MAX_BAD_FRAMES = 10


class VisitorConnection:
    """The open chat of a visitor in one browser tab: receives and sends frames over its websocket."""

    def __init__(self, context: AppContext, intake: Intake, socket: Socket, chat: Chat, visitor: Visitor) -> None:
        """Prepare the connection; nothing is sent yet."""
        self.context, self._intake, self.chat, self.visitor = context, intake, chat, visitor
        self.scope = queries.ChatScope(channel_id=chat.channel.id, point_value=visitor.point_value)
        self._socket = socket
        self._outgoing: asyncio.Queue[protocol.ToVisitor | Close] = asyncio.Queue(MAX_QUEUED + 1)
        self._sent_messages: OrderedDict[UUID, protocol.ChatMessage] = OrderedDict()
        self._cursor = Position(0, 0)
        self._read_upto: datetime | None = None
        self._positions_during_catch_up: dict[UUID, Position] | None = {}
        self._too_slow = asyncio.Event()
        self._bad_frames = 0

    async def run(self, relay: Relay, first: protocol.Hello) -> None:
        """Serve the connection until one side closes it."""
        await relay.add(self)
        try:
            await self.welcome(first)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._send_frames()), group.create_task(self._end_if_too_slow())]
                try:
                    await self._receive_frames()
                finally:
                    for task in tasks:
                        task.cancel()
        finally:
            relay.remove(self)

    async def welcome(self, hello: protocol.Hello) -> None:
        """Send the chat's settings and the missed messages."""
        await self._wait_for_rate_limit()
        async with self.context.transaction() as session:
            await session.execute(
                update(Visitor)
                .where(Visitor.id == self.visitor.id)
                .values(
                    last_seen_at=now(),
                    locale=hello.locale or Visitor.locale,
                    page_url=hello.page or Visitor.page_url,
                ),
            )
            missed = await queries.catch_up(session, self.scope, hello.cursor)
            self._read_upto = await queries.read_upto(session, self.scope)
        messages = tuple(message for message in missed.messages if self._remember(message) or not missed.resumed)
        self._cursor = max(missed.cursor, self._cursor)
        self.push(
            protocol.Welcome(
                visitor=self.visitor.id,
                verified=self.visitor.verified_user is not None,
                cursor=str(self._cursor),
                resumed=missed.resumed,
                config=widget_config(self.chat, hello.locale or self.visitor.locale),
                messages=messages,
                read_upto=self._read_upto,
            ),
        )
        await self._send_messages_during_catch_up()

    async def _send_messages_during_catch_up(self) -> None:
        """Send the messages that were committed while the history was read."""
        positions, self._positions_during_catch_up = self._positions_during_catch_up, None
        if positions:
            async with self.context.transaction() as session:
                await self.send_new_messages(session, positions)

    def push(self, frame: protocol.ToVisitor | Close) -> None:
        """Queue a frame to send; a browser that does not read is disconnected."""
        if self._outgoing.qsize() >= MAX_QUEUED:
            self._too_slow.set()
        else:
            self._outgoing.put_nowait(frame)

    async def send_new_messages(self, session: AsyncSession, positions: dict[UUID, Position]) -> None:
        """Send messages that have become visible to the visitor, each once."""
        if self._positions_during_catch_up is not None:
            self._positions_during_catch_up |= positions
            return
        new_positions = {id_: position for id_, position in positions.items() if position > self._cursor}
        for message in await queries.load_messages(session, self.scope, new_positions) if new_positions else ():
            if self._remember(message):
                self.push(message)

    async def send_read_time(self, session: AsyncSession) -> None:
        """Send the time up to which an agent has read the visitor's messages, if it has changed."""
        upto = await queries.read_upto(session, self.scope)
        if upto is not None and upto != self._read_upto:
            self._read_upto = upto
            self.push(protocol.AgentRead(upto=upto))

    def send_typing(self, author: str | None) -> None:
        """Send that an agent is typing; None: without a name."""
        self.push(protocol.AgentTyping(author=author))

    def _remember(self, message: protocol.ChatMessage) -> bool:
        is_new = message.id not in self._sent_messages
        self._sent_messages[message.id] = message
        if len(self._sent_messages) > MAX_REMEMBERED:
            self._sent_messages.popitem(last=False)
        return is_new

    async def _end_if_too_slow(self) -> None:
        """End the connection when the browser does not read, even while sending a frame blocks."""
        await self._too_slow.wait()
        raise SocketEnded(Close.TOO_SLOW)

    async def _send_frames(self) -> None:
        while True:
            frame: protocol.ToVisitor | Close
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    frame = await self._outgoing.get()
            except TimeoutError:
                frame = protocol.Heartbeat()
            if isinstance(frame, Close):
                raise SocketEnded(frame)
            await self._socket.send_data(protocol.frame(frame).decode(), mode="text")

    async def _receive_frames(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                frame = protocol.read_frame(await receive_frame(self._socket))
                if isinstance(frame, protocol.Refused):
                    self._count_bad_frame(frame)
                else:
                    await self._handle(frame)

    def _count_bad_frame(self, refused: protocol.Refused) -> None:
        self.push(refused)
        self._bad_frames += 1
        if refused.code is Code.TOO_LARGE:
            self.push(Close.TOO_LARGE)
        elif self._bad_frames >= MAX_BAD_FRAMES:
            self.push(Close.BAD_FRAME)

    async def _handle(self, frame: protocol.FromVisitor) -> None:
        try:
            match frame:
                case protocol.SendMessage():
                    await self._store_message(frame)
                case protocol.Hello():
                    await self.welcome(frame)
                case protocol.MarkSeen():
                    await self._wait_for_rate_limit()
                    await self._store_receipts(frame)
                case protocol.VisitorTyping():
                    await self._publish_typing()
                case protocol.Introduce():
                    await self._wait_for_rate_limit()
                    await self._store_claims(frame)
        except Exception as error:
            log.warning("visitor not served", visitor=str(self.visitor.id), exc_info=error)
            message_id = frame.id if isinstance(frame, protocol.SendMessage) else None
            self.push(protocol.Refused(code=Code.UNAVAILABLE, id=message_id, retry_after=2.0))

    async def _wait_for_rate_limit(self) -> None:
        """Wait for the rate limit that all tabs of a visitor share. Raises SocketEnded after too many waits."""
        for _ in range(MAX_RATE_WAITS):
            wait = await self.context.signals.throttle(f"asked by {self.visitor.id}", REQUEST_RATE, REQUEST_BURST)
            if not wait:
                return
            await asyncio.sleep(wait.total_seconds())
        raise SocketEnded(Close.UNAVAILABLE)

    async def _store_message(self, frame: protocol.SendMessage) -> None:
        wait = await self.context.signals.throttle(f"visitor {self.visitor.id}", MESSAGE_RATE, MESSAGE_BURST)
        if wait:
            self.push(protocol.Refused(code=Code.TOO_FAST, id=frame.id, retry_after=round(wait.total_seconds(), 2)))
            return
        self.push(await store_message(self.context, self._intake, self.chat, self.visitor, frame))

    async def _publish_typing(self) -> None:
        wait = await self.context.signals.throttle(f"typing {self.visitor.id}", 0.5, 2)
        if not wait:
            await publish_typing(self.context, self.scope)

    async def _store_claims(self, frame: protocol.Introduce) -> None:
        """Store the name and e-mail address from the form; neither proves anything."""
        if self.visitor.verified_user is None:
            self.visitor.name, self.visitor.claimed_email = frame.name, frame.email
            async with self.context.transaction() as session:
                await session.execute(
                    update(Visitor)
                    .where(Visitor.id == self.visitor.id)
                    .values(name=frame.name, claimed_email=frame.email),
                )

    async def _store_receipts(self, seen: protocol.MarkSeen) -> None:
        """Store that our messages up to a cursor reached this tab, or were read in it."""
        upto = Position.parse(seen.upto) or Position(0, 0)
        agent_messages = [
            message
            for message in self._sent_messages.values()
            if message.from_ == "agent" and not message.read and (Position.parse(message.cursor) or upto) <= upto
        ]
        await store_receipts(self.context, self.scope, [message.id for message in agent_messages], seen)
        for message in agent_messages if seen.read else ():
            self._sent_messages[message.id] = replace(message, read=True)
