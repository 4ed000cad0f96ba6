"""The connection of one tab in which a visitor has the chat open."""

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
from hub.visitors import protocol as say
from hub.visitors import queries
from hub.visitors.admission import Chat
from hub.visitors.handshake import Socket, SocketEnded, receive_frame, widget_config
from hub.visitors.inbound import publish_typing, store_message, store_receipts
from hub.visitors.models import Visitor
from hub.visitors.protocol import Close, Code
from hub.visitors.relay import Relay

log = structlog.get_logger("hub.visitors")

SAY_RATE, SAY_BURST = 2.0, 20
ASK_RATE, ASK_BURST = 2.0, 20  # `hello`, `seen` and `introduce` frames of one visitor: a second, and at once
PULSE = 25.0

MAX_QUEUED = 256  # frames; a browser that is further behind is disconnected and connects again

REMEMBERED = 1_000

MAX_TURNS = 20  # waits for the rate limit before the socket is closed

MAX_BAD_FRAMES = 10


class VisitorConnection:
    """The connection of one tab in which a visitor has the chat open."""

    def __init__(self, context: AppContext, intake: Intake, socket: Socket, chat: Chat, visitor: Visitor) -> None:
        """Prepare the connection; nothing is sent yet."""
        self.context, self._intake, self.chat, self.visitor = context, intake, chat, visitor
        self.spot = queries.Spot(channel_id=chat.channel.id, point_value=visitor.point_value)
        self._socket = socket
        self._out: asyncio.Queue[say.ToVisitor | Close] = asyncio.Queue(MAX_QUEUED + 1)
        self._shown: OrderedDict[UUID, say.ChatMessage] = OrderedDict()
        self._cursor = Position(0, 0)
        self._read_upto: datetime | None = None
        self._early: dict[UUID, Position] | None = {}
        self._too_slow = asyncio.Event()
        self._bad = 0

    async def run(self, relay: Relay, first: say.Hello) -> None:
        """Serve the connection until one side closes it."""
        await relay.watch(self)
        try:
            await self.welcome(first)
            async with asyncio.TaskGroup() as both:
                others = [both.create_task(self._write()), both.create_task(self._end_if_too_slow())]
                try:
                    await self._receive()
                finally:
                    for task in others:
                        task.cancel()
        finally:
            relay.leave(self)

    async def welcome(self, hello: say.Hello) -> None:
        """Send the chat's settings and the missed messages."""
        await self._in_turn()
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
            missed = await queries.catch_up(session, self.spot, hello.cursor)
            self._read_upto = await queries.read_upto(session, self.spot)
        lines = tuple(line for line in missed.lines if self._remember(line) or not missed.resumed)
        self._cursor = max(missed.cursor, self._cursor)
        self.push(
            say.Welcome(
                visitor=self.visitor.id,
                verified=self.visitor.verified_user is not None,
                cursor=str(self._cursor),
                resumed=missed.resumed,
                config=widget_config(self.chat, hello.locale or self.visitor.locale),
                messages=lines,
                read_upto=self._read_upto,
            ),
        )
        await self._send_early()

    async def _send_early(self) -> None:
        """Send the messages that were committed while the history was read."""
        early, self._early = self._early, None
        if early:
            async with self.context.transaction() as session:
                await self.news(session, early)

    def push(self, frame: say.ToVisitor | Close) -> None:
        """Queue a frame to send; a browser that does not read is disconnected."""
        if self._out.qsize() >= MAX_QUEUED:
            self._too_slow.set()
        else:
            self._out.put_nowait(frame)

    async def news(self, session: AsyncSession, places: dict[UUID, Position]) -> None:
        """Send messages that have become visible to the visitor, each once."""
        if self._early is not None:
            self._early |= places
            return
        fresh = {id_: place for id_, place in places.items() if place > self._cursor}
        for line in await queries.messages_at(session, self.spot, fresh) if fresh else ():
            if self._remember(line):
                self.push(line)

    async def read(self, session: AsyncSession) -> None:
        """Send until when an agent has read the visitor's messages, if that has changed."""
        upto = await queries.read_upto(session, self.spot)
        if upto is not None and upto != self._read_upto:
            self._read_upto = upto
            self.push(say.AgentRead(upto=upto))

    def typing(self, author: str | None) -> None:
        """Send that an agent is typing; None means without a name."""
        self.push(say.AgentTyping(author=author))

    def _remember(self, line: say.ChatMessage) -> bool:
        fresh = line.id not in self._shown
        self._shown[line.id] = line
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        return fresh

    async def _end_if_too_slow(self) -> None:
        """End the connection when the browser does not read, even while sending a frame blocks."""
        await self._too_slow.wait()
        raise SocketEnded(Close.TOO_SLOW)

    async def _write(self) -> None:
        while True:
            frame: say.ToVisitor | Close
            try:
                async with asyncio.timeout(PULSE):
                    frame = await self._out.get()
            except TimeoutError:
                frame = say.Heartbeat()
            if isinstance(frame, Close):
                raise SocketEnded(frame)
            await self._socket.send_data(say.frame(frame).decode(), mode="text")

    async def _receive(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                frame = say.read_frame(await receive_frame(self._socket))
                if isinstance(frame, say.Refused):
                    self._count_bad_frame(frame)
                else:
                    await self._handle(frame)

    def _count_bad_frame(self, refused: say.Refused) -> None:
        self.push(refused)
        self._bad += 1
        if refused.code is Code.TOO_LARGE:
            self.push(Close.TOO_LARGE)
        elif self._bad >= MAX_BAD_FRAMES:
            self.push(Close.BAD_FRAME)

    async def _handle(self, frame: say.FromVisitor) -> None:
        try:
            match frame:
                case say.SendMessage():
                    await self._store_message(frame)
                case say.Hello():
                    await self.welcome(frame)
                case say.MarkSeen():
                    await self._in_turn()
                    await self._store_receipts(frame)
                case say.VisitorTyping():
                    await self._publish_typing()
                case say.Introduce():
                    await self._in_turn()
                    await self._store_claims(frame)
        except Exception as error:
            log.warning("visitor not served", visitor=str(self.visitor.id), exc_info=error)
            said = frame.id if isinstance(frame, say.SendMessage) else None
            self.push(say.Refused(code=Code.UNAVAILABLE, id=said, retry_after=2.0))

    async def _in_turn(self) -> None:
        """Wait for the rate limit that all tabs of a visitor share. Raises SocketEnded after too many waits."""
        for _ in range(MAX_TURNS):
            wait = await self.context.signals.throttle(f"asked by {self.visitor.id}", ASK_RATE, ASK_BURST)
            if not wait:
                return
            await asyncio.sleep(wait.total_seconds())
        raise SocketEnded(Close.UNAVAILABLE)

    async def _store_message(self, frame: say.SendMessage) -> None:
        wait = await self.context.signals.throttle(f"visitor {self.visitor.id}", SAY_RATE, SAY_BURST)
        if wait:
            self.push(say.Refused(code=Code.TOO_FAST, id=frame.id, retry_after=round(wait.total_seconds(), 2)))
            return
        self.push(await store_message(self.context, self._intake, self.chat, self.visitor, frame))

    async def _publish_typing(self) -> None:
        wait = await self.context.signals.throttle(f"typing {self.visitor.id}", 0.5, 2)
        if not wait:
            await publish_typing(self.context, self.spot)

    async def _store_claims(self, frame: say.Introduce) -> None:
        """Store the name and e-mail address from the form; neither proves anything."""
        if self.visitor.verified_user is None:
            self.visitor.name, self.visitor.claimed_email = frame.name, frame.email
            async with self.context.transaction() as session:
                await session.execute(
                    update(Visitor)
                    .where(Visitor.id == self.visitor.id)
                    .values(name=frame.name, claimed_email=frame.email),
                )

    async def _store_receipts(self, seen: say.MarkSeen) -> None:
        """Store which of our messages up to a cursor reached this tab, or were read in it."""
        upto = Position.parse(seen.upto) or Position(0, 0)
        ours = [
            line
            for line in self._shown.values()
            if line.from_ == "agent" and not line.read and (Position.parse(line.cursor) or upto) <= upto
        ]
        await store_receipts(self.context, self.spot, [line.id for line in ours], seen)
        for line in ours if seen.read else ():
            self._shown[line.id] = replace(line, read=True)
