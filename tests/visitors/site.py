"""The visitors' server on a real socket: a running server, a chat, and browsers that speak its protocol."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from litestar import Litestar
from litestar.datastructures import State
from litestar.types import ControllerRouterHandler
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from hub.admin.channels import create_channel
from hub.admin.schemas import NewChannel
from hub.channels import accounts
from hub.channels.chat_contract import ChatAccount
from hub.delivery.models import Delivery, DeliveryState
from hub.events.definitions import Direction, MessageQueued, MessageStatusChanged, Status
from hub.events.log import record
from hub.intake.pipeline import Intake
from hub.runtime.http import DEPENDENCIES, ERROR_HANDLERS
from hub.storage.database import now
from hub.timeline.models import ContactPoint, Conversation, Message
from hub.visitors.api import HANDLERS
from hub.visitors.models import Visitor
from tests.fakes.ports import free_port
from tests.support.company import Company

Frame = dict[str, Any]
PATIENCE = 8.0


@dataclass
class Browser:
    """A tab with the chat open."""

    line: ClientConnection
    heard: list[Frame] = field(default_factory=list)

    async def send(self, **frame: object) -> None:
        await self.line.send(json.dumps(frame))

    async def hear(self, kind: str, fits: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """Return the next frame of a kind."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame: Frame = json.loads(await self.line.recv())
                self.heard.append(frame)
                if frame["type"] == kind and fits(frame):
                    return frame

    async def hello(self, cursor: str | None = None, **more: object) -> Frame:
        await self.send(type="hello", cursor=cursor, **more)
        return await self.hear("welcome")

    async def say(self, text: str, id_: UUID | None = None, files: tuple[str, ...] = ()) -> UUID:
        id_ = id_ or uuid4()
        await self.send(type="say", id=str(id_), text=text, attachment_ids=files)
        await self.hear("ack", lambda frame: frame["id"] == str(id_))
        return id_

    async def rest(self, seconds: float = 0.4) -> list[Frame]:
        """Return all other frames that arrive within a moment."""
        seen: list[Frame] = []
        try:
            async with asyncio.timeout(seconds):
                while True:
                    seen.append(json.loads(await self.line.recv()))
        except TimeoutError:
            return seen


@dataclass
class Site:
    """A shop with our chat on its pages."""

    company: Company
    base: str
    key: str
    channel_id: UUID
    secret: str

    @property
    def http(self) -> str:
        return f"http://{self.base}/api/chat/{self.key}"

    async def post(
        self,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.post(f"{self.http}/{path}", json=json, content=content, files=files, headers=headers)

    async def token(self, **asked: object) -> str:
        answer = await self.post("visitors", json=asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    @asynccontextmanager
    async def browser(self, token: str, origin: str | None = None) -> AsyncIterator[Browser]:
        url = f"ws://{self.base}/api/chat/{self.key}/socket"
        offered = [Subprotocol("hub.chat.v1"), Subprotocol(f"token.{token}")]
        async with connect(url, subprotocols=offered, origin=None if origin is None else Origin(origin)) as line:
            yield Browser(line)

    async def settle(self) -> None:
        await self.company.context.shared(Intake).taker.idle()

    async def messages(self) -> list[Message]:
        await self.settle()
        async with self.company.session() as session:
            return list(await session.scalars(select(Message).order_by(Message.at, Message.id)))

    async def queue(self, text: str) -> UUID:
        """Queue an agent's reply that is not sent yet."""
        await self.settle()
        async with self.company.session() as session:
            asked = (await session.scalars(select(Message).where(Message.direction == "inbound"))).all()[-1]
            message = Message(
                conversation_id=asked.conversation_id,
                contact_id=asked.contact_id,
                at=now(),
                direction=Direction.OUTBOUND,
                channel_id=self.channel_id,
                point_id=asked.point_id,
                body=text,
                status=Status.QUEUED,
                send_at=now(),
            )
            session.add(message)
            await session.flush()
            session.add(
                Delivery(
                    message_id=message.id,
                    conversation_id=message.conversation_id,
                    channel_id=self.channel_id,
                    point_id=asked.point_id or message.id,
                    due_at=now(),
                    state=DeliveryState.SENT,
                    provider_id=str(message.id),
                )
            )
            queued = MessageQueued(message_id=message.id, send_at=now())
            record(session, queued, conversation_id=message.conversation_id)
        return message.id

    async def sent(self, message_id: UUID) -> None:
        async with self.company.session() as session:
            message = await session.get_one(Message, message_id)
            message.status = Status.SENT
            changed = MessageStatusChanged(message_id=message_id, status=Status.SENT)
            record(session, changed, conversation_id=message.conversation_id, contact_id=message.contact_id)

    async def answer(self, text: str) -> UUID:
        message_id = await self.queue(text)
        await self.sent(message_id)
        return message_id

    async def point(self) -> str:
        """Return the first visitor's contact."""
        async with self.company.session() as session:
            return (await session.scalars(select(Visitor.point_value))).one()

    async def contacts_of(self, *values: str) -> set[UUID]:
        async with self.company.session() as session:
            found = select(ContactPoint.contact_id).where(ContactPoint.value.in_(values))
            return set(await session.scalars(found))

    async def conversations(self) -> list[Conversation]:
        await self.settle()
        async with self.company.session() as session:
            return list(await session.scalars(select(Conversation)))


async def make_chat(company: Company, **settings: object) -> tuple[UUID, ChatAccount]:
    """Create a chat channel with its account."""
    new = NewChannel(kind="webchat", name="Chat", settings={"site_name": "Aurora", **settings})
    async with company.session() as session:
        channel = await create_channel(session, company.context, new, by=None)
    account = accounts.account_of(company.context.encryptor, channel)
    assert isinstance(account, ChatAccount)
    return channel.id, account


@asynccontextmanager
async def open_site(company: Company, **settings: object) -> AsyncIterator[Site]:
    """Run the server on a port of its own."""
    channel_id, account = await make_chat(company, **settings)
    async with serve(company) as base:
        yield Site(company, base, account.key, channel_id, account.identity_secret)


@asynccontextmanager
async def serve(company: Company, *more: ControllerRouterHandler) -> AsyncIterator[str]:
    """Run the visitors' handlers under uvicorn, as the product does."""
    app = Litestar(
        route_handlers=[*HANDLERS, *more],
        dependencies=DEPENDENCIES,
        exception_handlers=ERROR_HANDLERS,
        state=State({"context": company.context}),
        openapi_config=None,
    )
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="critical", ws="websockets-sansio", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=None))
    try:
        async with asyncio.timeout(PATIENCE):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task
