"""Agents, browsers and bots to test with."""

from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

import httpx
from litestar import Litestar, get, post
from litestar.datastructures import State
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import guard, idempotency, links, sessions
from hub.access.actions import add_token
from hub.access.api import MeController, SignInController
from hub.access.cookies import cookie_name
from hub.access.hooks import StaffMail
from hub.access.models import Agent, Purpose, Team, TeamMember
from hub.access.people_api import AgentController, TeamController
from hub.access.rights import AgentKind, Right, Role
from hub.access.schemas import NewToken
from hub.events.definitions import Intent
from hub.runtime.context import AppContext
from hub.runtime.http import DEPENDENCIES, ERROR_HANDLERS
from hub.settings import Settings
from hub.storage.database import now

PASSWORD = "violet harbour 27 kites"
ORIGIN = "http://localhost:8000"


class Recorder:
    """Access hooks that keep the mails they are given."""

    def __init__(self) -> None:
        self.mails: list[StaffMail] = []
        self.broken = False

    async def intent(self, session: AsyncSession, agent_id: UUID) -> Intent:
        return Intent.AWAY

    async def send_mail(self, mail: StaffMail) -> None:
        if self.broken:
            raise OSError("the mail server is away")
        self.mails.append(mail)


@get("/api/test/tags", guards=[guard.needs(Right.TAGS_WRITE)])
async def tags() -> str:
    return "tags"


@post("/api/test/tags", guards=[guard.needs(Right.TAGS_WRITE)], status_code=200)
async def tag() -> str:
    return "tagged"


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Creates agents, and browsers for them."""

    context: AppContext
    recorder: Recorder
    password_hash: str
    apps: list[Litestar] = field(default_factory=list)

    def under(self, settings: Settings) -> "Staff":
        """Return the same staff with other settings."""
        return replace(self, context=replace(self.context, settings=settings), apps=[])

    def app(self) -> Litestar:
        """Return the one app that these agents use."""
        if not self.apps:
            self.apps.append(self._make_app())
        return self.apps[0]

    def _make_app(self) -> Litestar:
        return Litestar(
            route_handlers=[SignInController, MeController, AgentController, TeamController, tags, tag],
            dependencies={**DEPENDENCIES, **guard.DEPENDENCIES, **idempotency.DEPENDENCIES},
            exception_handlers=ERROR_HANDLERS,
            state=State({"context": self.context, "access_hooks": self.recorder}),
            openapi_config=None,
        )

    def browser(self, origin: str = ORIGIN, peer: str = "127.0.0.1") -> "Browser":
        transport = httpx.ASGITransport(app=cast("Any", self.app()), client=(peer, 5000))
        return Browser(httpx.AsyncClient(transport=transport, base_url=origin, headers={"Origin": origin}))

    async def agent(
        self,
        name: str,
        role: Role = Role.AGENT,
        *,
        teams: tuple[UUID, ...] = (),
        password: bool = True,
        demo: bool = False,
    ) -> Agent:
        kind = AgentKind.BOT if role is Role.BOT else AgentKind.PERSON
        email = None if kind is AgentKind.BOT else f"{name}@shop.example"
        password_hash = self.password_hash if password and kind is AgentKind.PERSON else None
        agent = Agent(name=name, role=role, kind=kind, email=email, password_hash=password_hash, demo=demo)
        async with self.context.transaction() as session:
            session.add(agent)
            await session.flush()
            session.add_all([TeamMember(team_id=team_id, agent_id=agent.id) for team_id in teams])
        return agent

    async def team(self, name: str) -> Team:
        team = Team(name=name)
        async with self.context.transaction() as session:
            session.add(team)
        return team

    async def token(self, bot: Agent, *scopes: Right) -> str:
        async with self.context.transaction() as session:
            _, secret = await add_token(session, bot.id, NewToken(name="main", scopes=scopes), now())
        return secret

    async def link(self, agent: Agent, purpose: Purpose) -> str:
        """Return the secret of a new link."""
        async with self.context.transaction() as session:
            url = await links.create(session, agent.id, purpose, settings=self.context.settings, now=now())
        return url.partition("#token=")[2]

    async def signed_in(self, agent: Agent) -> "Browser":
        """Return a browser that is signed in, without the time that a password check takes."""
        settings = self.context.settings
        async with self.context.transaction() as session:
            row = await session.get_one(Agent, agent.id)
            client = sessions.Browser(address="127.0.0.1", user_agent="Firefox")
            opened = await sessions.sign_in(session, row, browser=client, settings=settings, now=now())
        browser = self.browser(settings.base_url)
        browser.client.cookies.set(cookie_name(settings), opened.token)
        browser.client.headers["X-CSRF-Token"] = opened.signed_in.csrf
        return browser


class Browser:
    """Return a browser on a page of the hub: it keeps the cookie, and sends Origin and the CSRF token."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def sign_in(self, agent: Agent, password: str = PASSWORD) -> None:
        answer = await self.try_password(agent.email or "", password)
        assert answer.status_code == 200, answer.text
        self.carry(answer)

    def carry(self, answer: httpx.Response) -> None:
        self.client.headers["X-CSRF-Token"] = answer.json()["csrf"]

    async def try_password(self, email: str, password: str, **headers: str) -> httpx.Response:
        body = {"email": email, "password": password}
        return await self.client.post("/api/session", json=body, headers=headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(path)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        return await self.client.post(path, json=body, headers=headers)

    async def patch(self, path: str, body: object) -> httpx.Response:
        return await self.client.patch(path, json=body)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(path)
