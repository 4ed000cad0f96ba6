"""Agents' browsers whose websocket goes through a faulty proxy, and the events they watch."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from hub.access import sessions
from hub.access.models import Agent
from hub.access.rights import Role
from hub.access.sessions import Browser
from hub.channels.chat_contract import VisitorMessage, pack
from hub.channels.contract import RawItem
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext
from hub.storage.database import new_id, now
from tests.faults.proxy import Proxy
from tests.live.client import Screen

AT_ONCE = 10  # messages that arrive in one piece, as after a short outage


@dataclass
class Wired(Screen):
    """A browser that reconnects with its cursor whenever its connection breaks, as the app does."""

    wire: Proxy | None = None
    cuts: int = 0
    codes: list[int | None] = field(default_factory=list)
    resumed: int = 0
    _life: "asyncio.Task[None] | None" = None

    def stay(self) -> None:
        """Keep the websocket open until `leave`."""
        self._life = asyncio.create_task(self._stay())

    async def leave(self) -> None:
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)

    async def _stay(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._once()
            await asyncio.sleep(0.05)

    async def _once(self) -> None:
        port = self.wire.port if self.wire else int(self.base.rpartition(":")[2])
        url = f"ws://127.0.0.1:{port}/api/live?after={self.state.cursor}"
        cookie = {"Cookie": f"hub_session={self.cookie}"}
        origin = Origin(f"http://127.0.0.1:{port}")
        async with connect(url, origin=origin, additional_headers=cookie, max_size=None, compression=None) as line:
            self._line = line
            self.connected += 1
            try:
                async for text in line:
                    for frame in json.loads(text):
                        self.heard.append(frame)
                        self.state.apply(frame)
                        if self.state.resets:
                            await self.load()
            finally:
                self.close_code = line.close_code
                self.codes.append(line.close_code)


async def sign_in(context: AppContext, name: str, role: Role = Role.SUPERVISOR) -> tuple[str, str, str]:
    """Create an agent and sign them in; return id, cookie and CSRF token."""
    async with context.transaction() as session:
        agent = Agent(id=new_id(), name=name, role=role, email=f"{name}-{uuid4().hex[:6]}@hub.test".lower())
        session.add(agent)
        await session.flush()
        browser = Browser(address="127.0.0.1", user_agent="test", token=None)
        opened = await sessions.sign_in(session, agent, browser=browser, settings=context.settings, now=now())
        found = (await session.scalars(select(Agent.id).where(Agent.id == agent.id))).one()
    return str(found), opened.token, opened.signed_in.csrf or ""


@dataclass
class Chatter:
    """Visitors who write at a steady rate, by arrivals stored directly."""

    context: AppContext
    channel_id: UUID
    chance: Random
    visitors: list[UUID]
    rate: float  # messages a second
    said: int = 0
    _going: asyncio.Event = field(default_factory=asyncio.Event)
    _task: "asyncio.Task[None] | None" = None

    def begin(self) -> None:
        self._going.set()
        self._task = self._task or asyncio.create_task(self._run())

    async def rest(self) -> None:
        """Stop writing, and wait until all messages are processed."""
        self._going.clear()
        await self.context.shared(Intake).taker.idle()

    async def end(self) -> None:
        await self.rest()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._going.wait()
            began = asyncio.get_running_loop().time()
            few = [self._said(self.chance.choice(self.visitors)) for _ in range(AT_ONCE)]
            await self.context.shared(Intake).keep(self.channel_id, few)
            await asyncio.sleep(max(0.0, AT_ONCE / self.rate - asyncio.get_running_loop().time() + began))

    def _said(self, visitor: UUID) -> RawItem:
        self.said += 1
        said = VisitorMessage(id=uuid4(), visitor=visitor, point=str(visitor), at=now(), text=f"number {self.said:06d}")
        return RawItem(dedupe_key=str(said.id), body=pack(said))
