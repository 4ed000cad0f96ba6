"""The real application on a real port and a real database, with three agents whose screens are open."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, update

from hub.access import sessions
from hub.access.models import Agent
from hub.access.rights import Role
from hub.access.sessions import Browser
from hub.channels.contract import RawItem
from hub.channels.models import Channel
from hub.entrypoints import server
from hub.events import log
from hub.events.definitions import Intent
from hub.events.models import Entry
from hub.intake.pipeline import Intake
from hub.live.feed import Feed
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.database import new_id, now
from hub.timeline.models import ContactPoint, Conversation
from tests.fakes.ports import free_port
from tests.live.client import Screen
from tests.live.compare import differences
from tests.support.company import Company, open_company

MAIL = "From: {sender}\r\nTo: help@hub.test\r\nSubject: Grinder\r\nMessage-ID: {id}\r\n{more}\r\n{text}\r\n"
PATIENCE = 6.0


async def until(holds: Callable[[], bool], *, within: float = PATIENCE) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving_on(context: AppContext, port: int) -> AsyncIterator[str]:
    """Run the web server as the product does; yield its host and port."""
    stop = asyncio.Event()
    listener = server.listen(msgspec.structs.replace(context.settings, port=port))
    task = asyncio.create_task(server.serve(context, listener, stop))
    try:
        await _answers(port, task)
        yield f"127.0.0.1:{port}"
    finally:
        stop.set()
        await task


async def _answers(port: int, task: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(PATIENCE):
        while not task.done():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


@dataclass
class Customer:
    """A customer who has written, and their conversation."""

    value: str
    contact_id: str
    point_id: str
    conversation_id: str
    channel_id: str

    @property
    def path(self) -> str:
        return f"/conversations/{self.conversation_id}"

    def reply(self, text: str = "It is on its way.", **more: object) -> dict[str, object]:
        return {"id": str(new_id()), "channel_id": self.channel_id, "point_id": self.point_id, "text": text, **more}


@dataclass
class LiveCompany:
    """Two teams, a mailbox, a provider's channel, and the open screens of agents."""

    company: Company
    base: str
    east: UUID
    west: UUID
    mailbox: UUID
    post: UUID
    people: dict[str, UUID]
    screens: dict[str, Screen] = field(default_factory=dict)
    _count: int = 0

    @property
    def context(self) -> AppContext:
        return self.company.context

    @property
    def feed(self) -> Feed:
        return self.context.shared(Feed)

    def fresh_name(self, what: str = "customer") -> str:
        self._count += 1
        return f"{what}-{self._count}"

    async def opened(self, name: str) -> tuple[str, str]:
        """Sign an agent in: return the cookie's secret and the session's token."""
        async with self.company.session() as session:
            agent = await session.get_one(Agent, self.people[name])
            opened = await sessions.sign_in(
                session, agent, browser=Browser(address="127.0.0.1"), settings=self.context.settings, now=now()
            )
        return opened.token, opened.signed_in.csrf

    @asynccontextmanager
    async def screen(self, name: str) -> AsyncIterator[Screen]:
        """Return a browser of this agent that does not listen yet."""
        cookie, csrf = await self.opened(name)
        async with Screen.signed_in(self.base, str(self.people[name]), cookie, csrf) as screen:
            yield screen

    async def take(self, channel_id: UUID, *bodies: bytes) -> None:
        """Store raw arrivals, and wait until they are processed."""
        items = [RawItem(dedupe_key=hashlib.sha256(body).hexdigest(), body=body) for body in bodies]
        await self.context.shared(Intake).keep(channel_id, items)
        await self.context.shared(Intake).taker.idle()

    async def post_said(self, sender: str, text: str = "Where is it?") -> None:
        body = {"id": f"p{new_id()}", "sender": sender, "text": text}
        await self.take(self.post, msgspec.json.encode(body))

    async def mailed(self, sender: str, text: str = "It is broken.", *, id_: str = "", more: str = "") -> str:
        """Send a mail from a customer; return its Message-ID."""
        id_ = id_ or f"<{new_id()}@x.test>"
        address = f"{sender} <{sender}@x.test>"
        await self.take(self.mailbox, MAIL.format(sender=address, id=id_, more=more, text=text).encode())
        return id_

    async def customer(self) -> Customer:
        """Return a new customer of the eastern team, who wrote to the provider; the conversation is unassigned."""
        value = self.fresh_name()
        await self.post_said(value)
        return await self.known("post", value, self.post)

    async def known(self, scheme: str, value: str, channel_id: UUID) -> Customer:
        async with self.company.session() as session:
            point = (
                await session.scalars(
                    select(ContactPoint).where(ContactPoint.scheme == scheme, ContactPoint.value == value)
                )
            ).one()
            found = select(Conversation.id).where(Conversation.contact_id == point.contact_id)
            newest = (await session.scalars(found.order_by(Conversation.last_at.desc()))).first()
        return Customer(value, str(point.contact_id), str(point.id), str(newest), str(channel_id))

    async def row(self, conversation_id: str) -> Conversation:
        return await self.company.the(UUID(conversation_id))

    async def change(self, conversation_id: str, **values: Any) -> None:
        async with self.company.session() as session:
            await session.execute(update(Conversation).where(Conversation.id == UUID(conversation_id)).values(**values))

    async def last(self) -> log.Position:
        async with self.company.session() as session:
            newest = select(Entry.xid, Entry.position).order_by(Entry.xid.desc(), Entry.position.desc()).limit(1)
            row = (await session.execute(newest)).one_or_none()
        return log.Position(row[0], row[1]) if row else log.Position(0, 0)

    async def caught_up(self, *screens: Screen) -> None:
        """Wait until all events have reached the screens that listen."""
        last = await self.last()
        await until(lambda: self.feed.relay.position >= last)
        for screen in screens or self.screens.values():
            await screen.settled()

    async def same(self, screen: Screen, *, within: float = 3 * PATIENCE) -> None:
        """Wait until the state of each screen equals a newly loaded one; fail with the differences."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            await screen.settled()
            await screen.follow()
            fresh = await screen.snapshot()
            found = differences(screen.state, fresh)
            if not found:
                check_counts(fresh)
                return
            assert loop.time() < deadline, "\n".join(found)
            await asyncio.sleep(0.02)


def check_counts(state: Any) -> None:
    """Assert that the numbers beside the views equal the number of their conversations."""
    for view in ("mine", "unassigned", "mentions", "snoozed", "open"):
        assert state.counts[view] == len(state.views[view]), f"{view}: {state.counts[view]} counted"
    for kind in ("team", "channel"):
        for id_, count in state.counts[f"{kind}s"].items():
            assert count == len(state.views.get(f"{kind}:{id_}", [None] * count)), f"{kind} {id_}"


async def _people(company: Company, east: UUID, west: UUID) -> dict[str, UUID]:
    people = {
        "olga": await company.agent(role=Role.OWNER, intent=Intent.AWAY),
        "ann": await company.agent(east, intent=Intent.AWAY),
        "ben": await company.agent(east, intent=Intent.AWAY),
        "zoe": await company.agent(west, intent=Intent.AWAY),
    }
    async with company.session() as session:
        for name, id_ in people.items():
            await session.execute(
                update(Agent).where(Agent.id == id_).values(name=name.title(), email=f"{name}@hub.test")
            )
    return people


async def _channel(company: Company, team: UUID, kind: str, address: str, settings: dict[str, object]) -> UUID:
    async with company.session() as session:
        channel = Channel(kind=kind, name=kind.title(), address=address, team_id=team, settings=settings)
        session.add(channel)
    return channel.id


@asynccontextmanager
async def furnished(company: Company, provider_url: str) -> AsyncIterator[LiveCompany]:
    """Return the company with no screens open."""
    east, west = await company.team("East"), await company.team("West")
    people = await _people(company, east, west)
    mailbox = await _channel(company, east, "email", "help@hub.test", {"address": "help@hub.test"})
    post = await _channel(company, east, "post_ask", "post", {"url": provider_url, "patience": 0.3})
    async with serving_on(company.context, company.context.settings.port) as base:
        yield LiveCompany(company, base, east, west, mailbox, post, people)


@asynccontextmanager
async def open_live_company(url: str, folder: Path, provider_url: str) -> AsyncIterator[LiveCompany]:
    """Create an empty database, and the company in it."""
    async with open_company(url, folder):
        pass
    async with AsyncExitStack() as stack:
        context = await stack.enter_async_context(another_context(url, folder))
        yield await stack.enter_async_context(furnished(Company(context), provider_url))


@asynccontextmanager
async def another_context(url: str, folder: Path, redis_url: str | None = None) -> AsyncIterator[AppContext]:
    """Open the context of one more process."""
    settings = Settings(data_dir=folder, secret_key="00" * 32, port=free_port(), redis_url=redis_url)
    async with open_context(settings, database_url=url) as context:
        yield context


@asynccontextmanager
async def watched(live: LiveCompany, *names: str) -> AsyncIterator[LiveCompany]:
    """Return the company with the screens of these agents open and listening."""
    async with AsyncExitStack() as stack:
        for name in names:
            live.screens[name] = await stack.enter_async_context(live.screen(name))
        for screen in live.screens.values():
            await screen.load()
            await screen.listen()
        yield live
