"""One visitor's socket: admit, catch up, then hear what they say and show them what becomes theirs to see."""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import structlog
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath
from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.log import Position
from hub.runtime.context import AppContext
from hub.runtime.http import context_of
from hub.storage.database import now
from hub.visitors import protocol as say
from hub.visitors import queries
from hub.visitors.admission import Barred, Chat, chat_of, visitor_of
from hub.visitors.handshake import Gone, Socket, config_of, first, receive
from hub.visitors.inbound import keep_said, tell_seen, tell_typing
from hub.visitors.models import Visitor
from hub.visitors.protocol import Close, Code
from hub.visitors.relay import Relay

PULSE = 25.0
WAITING = 256  # frames; a browser further behind is let go and comes back
REMEMBERED = 1_000
SAY_RATE, SAY_BURST = 2.0, 20
ASK_RATE, ASK_BURST = 2.0, 20  # hellos, marks and introductions of one visitor
MOST_TURNS = 20  # of other tabs that come first
BAD_FRAMES = 10
MOST_TABS = 10
FAREWELL = 3.0  # seconds to say why it ends
PATIENCE = 15.0  # seconds for the first frame
CLOSED_FOR = {
    Code.UNKNOWN_CHAT: Close.UNKNOWN_CHAT,
    Code.NOT_ADMITTED: Close.NOT_ADMITTED,
    Code.VERIFICATION_REQUIRED: Close.NOT_ADMITTED,
    Code.ORIGIN_REFUSED: Close.ORIGIN_REFUSED,
}
log = structlog.get_logger("hub.visitors")


class Conversing:
    """A visitor with the chat open in one tab."""

    def __init__(self, context: AppContext, socket: Socket, chat: Chat, visitor: Visitor) -> None:
        """Begin before the first word."""
        self.context, self.chat, self.visitor = context, chat, visitor
        self.spot = queries.Spot(channel_id=chat.channel.id, point_value=visitor.point_value)
        self._socket = socket
        self._out: asyncio.Queue[say.ToVisitor | Close] = asyncio.Queue(WAITING + 1)
        self._shown: OrderedDict[UUID, say.ChatMessage] = OrderedDict()
        self._cursor = Position(0, 0)
        self._read_upto: datetime | None = None
        self._early: dict[UUID, Position] | None = {}
        self._too_slow = asyncio.Event()
        self._bad = 0

    async def run(self, first: say.Hello) -> None:
        """Converse until one side goes."""
        relay = self.context.one(Relay)
        await relay.watch(self)
        try:
            await self.welcome(first)
            async with asyncio.TaskGroup() as both:
                others = [both.create_task(self._write()), both.create_task(self._watch_pace())]
                try:
                    await self._hear()
                finally:
                    for task in others:
                        task.cancel()
        finally:
            relay.leave(self)

    async def welcome(self, hello: say.Hello) -> None:
        """Say who we are, and what was missed."""
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
            catch = await queries.catch_up(session, self.spot, hello.cursor)
            self._read_upto = await queries.read_upto(session, self.spot)
        lines = tuple(line for line in catch.lines if self._remember(line) or not catch.resumed)
        self._cursor = max(catch.cursor, self._cursor)
        self.push(
            say.Welcome(
                visitor=self.visitor.id,
                verified=self.visitor.verified_user is not None,
                cursor=str(self._cursor),
                resumed=catch.resumed,
                config=config_of(self.chat, hello.locale or self.visitor.locale),
                messages=lines,
                read_upto=self._read_upto,
            ),
        )
        await self._catch_early()

    async def _catch_early(self) -> None:
        """Show what was committed while we looked."""
        early, self._early = self._early, None
        if early:
            async with self.context.transaction() as session:
                await self.news(session, early)

    def push(self, frame: say.ToVisitor | Close) -> None:
        """Queue a frame; who does not read is let go."""
        if self._out.qsize() >= WAITING:
            self._too_slow.set()
        else:
            self._out.put_nowait(frame)

    async def news(self, session: AsyncSession, places: dict[UUID, Position]) -> None:
        """Show messages that have become theirs to see, each once."""
        if self._early is not None:
            self._early |= places
            return
        fresh = {id_: place for id_, place in places.items() if place > self._cursor}
        for line in await queries.lines_at(session, self.spot, fresh) if fresh else ():
            if self._remember(line):
                self.push(line)

    async def read(self, session: AsyncSession) -> None:
        """Tell that the team has read what they wrote."""
        upto = await queries.read_upto(session, self.spot)
        if upto is not None and upto != self._read_upto:
            self._read_upto = upto
            self.push(say.AgentRead(upto=upto))

    def typing(self, author: str | None) -> None:
        """Tell that somebody answers just now."""
        self.push(say.AgentTyping(author=author))

    def _remember(self, line: say.ChatMessage) -> bool:
        fresh = line.id not in self._shown
        self._shown[line.id] = line
        if len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        return fresh

    async def _watch_pace(self) -> None:
        """End it when the browser does not read, even while a frame is stuck on its way."""
        await self._too_slow.wait()
        raise Gone(Close.TOO_SLOW)

    async def _write(self) -> None:
        while True:
            frame: say.ToVisitor | Close
            try:
                async with asyncio.timeout(PULSE):
                    frame = await self._out.get()
            except TimeoutError:
                frame = say.Heartbeat()
            if isinstance(frame, Close):
                raise Gone(frame)
            await self._socket.send_data(say.frame(frame).decode(), mode="text")

    async def _hear(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                heard = say.read_frame(await receive(self._socket))
                if isinstance(heard, say.Refused):
                    self._refuse_frame(heard)
                else:
                    await self._answer(heard)

    def _refuse_frame(self, refused: say.Refused) -> None:
        self.push(refused)
        self._bad += 1
        if refused.code is Code.TOO_LARGE:
            self.push(Close.TOO_LARGE)
        elif self._bad >= BAD_FRAMES:
            self.push(Close.BAD_FRAME)

    async def _answer(self, heard: say.FromVisitor) -> None:
        try:
            match heard:
                case say.SendMessage():
                    await self._take(heard)
                case say.Hello():
                    await self.welcome(heard)
                case say.MarkSeen():
                    await self._in_turn()
                    await self._see(heard)
                case say.VisitorTyping():
                    await self._typing()
                case say.Introduce():
                    await self._in_turn()
                    await self._introduce(heard)
        except Exception as error:
            log.warning("visitor not served", visitor=str(self.visitor.id), exc_info=error)
            said = heard.id if isinstance(heard, say.SendMessage) else None
            self.push(say.Refused(code=Code.UNAVAILABLE, id=said, retry_after=2.0))

    async def _in_turn(self) -> None:
        """Have a visitor who asks for too much wait, whatever number of tabs asks."""
        for _ in range(MOST_TURNS):
            wait = await self.context.signals.pace(f"asked by {self.visitor.id}", ASK_RATE, ASK_BURST)
            if not wait:
                return
            await asyncio.sleep(wait.total_seconds())
        raise Gone(Close.UNAVAILABLE)

    async def _take(self, heard: say.SendMessage) -> None:
        wait = await self.context.signals.pace(f"visitor {self.visitor.id}", SAY_RATE, SAY_BURST)
        if wait:
            self.push(say.Refused(code=Code.TOO_FAST, id=heard.id, retry_after=round(wait.total_seconds(), 2)))
            return
        self.push(await keep_said(self.context, self.chat, self.visitor, heard))

    async def _typing(self) -> None:
        wait = await self.context.signals.pace(f"typing {self.visitor.id}", 0.5, 2)
        if not wait:
            await tell_typing(self.context, self.spot)

    async def _introduce(self, heard: say.Introduce) -> None:
        """Keep what was written into the form: a name to call them by, and a claim."""
        if self.visitor.verified_user is None:
            self.visitor.name, self.visitor.claimed_email = heard.name, heard.email
            async with self.context.transaction() as session:
                await session.execute(
                    update(Visitor)
                    .where(Visitor.id == self.visitor.id)
                    .values(name=heard.name, claimed_email=heard.email),
                )

    async def _see(self, seen: say.MarkSeen) -> None:
        """Note which of our messages up to a cursor came to this tab, or were read in it."""
        upto = Position.parse(seen.upto) or Position(0, 0)
        ours = [
            line
            for line in self._shown.values()
            if line.from_ == "agent" and not line.read and (Position.parse(line.cursor) or upto) <= upto
        ]
        await tell_seen(self.context, self.spot, [line.id for line in ours], seen)
        for line in ours if seen.read else ():
            self._shown[line.id] = replace(line, read=True)


@websocket("/socket")
async def converse(socket: Socket, key: FromPath[str]) -> None:
    """Converse with a visitor; whoever may not come in is told by the code the socket closes with."""
    offered = say.offered_token(socket.scope.get("subprotocols", []))
    await socket.accept(subprotocols=say.SUBPROTOCOL if offered else None)
    context = context_of(socket.app.state)
    code: Close | None = None
    try:
        conversing, hello = await _let_in(context, socket, key, offered)
        await conversing.run(hello)
    except* Gone as gone:
        code = first(gone).code
    except* Barred as barred:
        code = CLOSED_FOR.get(first(barred).code, Close.UNAVAILABLE)
    except* (WebSocketDisconnect, OSError, TimeoutError):
        code = None
    except* Exception as group:
        log.warning("a visitor's socket ended", exc_info=first(group))
        code = Close.UNAVAILABLE
    if code is not None:
        with suppress(Exception):
            async with asyncio.timeout(FAREWELL):
                await socket.close(code=code)


async def _let_in(context: AppContext, socket: Socket, key: str, token: str | None) -> tuple[Conversing, say.Hello]:
    async with context.transaction() as session:
        chat = await chat_of(session, context, key)
        if not chat.lets_in(socket.headers.get("origin")):
            raise Barred(Code.ORIGIN_REFUSED)
        visitor = await visitor_of(session, chat, token)
    spot = queries.Spot(channel_id=chat.channel.id, point_value=visitor.point_value)
    if context.one(Relay).count(spot) >= MOST_TABS:
        raise Gone(Close.TOO_MANY)
    async with asyncio.timeout(PATIENCE):
        hello = say.read_frame(await receive(socket))
    if not isinstance(hello, say.Hello):
        raise Gone(Close.BAD_FRAME)
    return Conversing(context, socket, chat, visitor), hello
