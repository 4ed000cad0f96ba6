"""The whole product as its users run it: a database, a Redis, `hub serve` and `hub work`, each a process of its own."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from hub.access import actions
from hub.access.rights import RIGHTS, AgentKind, Role
from hub.access.schemas import NewAgent, NewToken
from hub.admin.channels import create_channel
from hub.admin.schemas import NewChannel
from hub.channels import registry
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.data_folder import prepare
from hub.storage.database import now
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.migrate import migrate
from tests.conftest import RedisServer
from tests.fakes.ports import free_port
from tests.faults.killer import Program, kill_postgres, until

KEY = "5a" * 32
HUB = (sys.executable, "-m", "hub.entrypoints.cli")
Row = Mapping[str, Any]


@dataclass
class Installation:
    """The running programs, and how to reach them."""

    folder: Path
    postgres: EmbeddedPostgres
    redis: RedisServer | None
    environ: dict[str, str]
    database: AsyncEngine
    serve: Program = field(init=False)
    work: Program = field(init=False)
    port: int = field(default_factory=free_port)
    lmtp_port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.serve, self.work = self.server(self.port), self.worker(self.lmtp_port, self.smtp_port)

    @property
    def base(self) -> str:
        return f"127.0.0.1:{self.port}"

    def server(self, port: int, **more: str) -> Program:
        """Start a web server of this installation."""
        environ = self.environ | {"HUB_PORT": str(port), "HUB_PUBLIC_URL": f"http://127.0.0.1:{self.port}"} | more

        async def ready() -> bool:
            return await answers(f"http://127.0.0.1:{port}/readyz")

        return Program([*HUB, "serve"], environ, self.folder / f"serve-{port}.log", ready)

    def worker(self, lmtp_port: int, smtp_port: int = 0, **more: str) -> Program:
        """Start a worker of this installation."""
        environ = self.environ | {"HUB_LMTP_PORT": str(lmtp_port), "HUB_SMTP_PORT": str(smtp_port)} | more

        async def ready() -> bool:
            return await listens(lmtp_port)

        return Program([*HUB, "work"], environ, self.folder / f"work-{lmtp_port}.log", ready)

    async def kill_postgres(self) -> None:
        await asyncio.to_thread(kill_postgres, self.postgres)

    async def start_postgres(self) -> None:
        await asyncio.to_thread(self.postgres.start)

    async def rows(self, question: str, **values: object) -> list[Row]:
        """Query the database directly; wait while it is unavailable."""
        async with asyncio.timeout(60):
            while True:
                try:
                    async with self.database.connect() as line:
                        return [dict(row) for row in (await line.execute(text(question), values)).mappings()]
                except Exception:
                    await asyncio.sleep(0.2)

    async def found(self, question: str, *, within: float = 30.0, **values: object) -> Row:
        """Wait until a query returns a row; return the first."""
        async with asyncio.timeout(within):
            while not (rows := await self.rows(question, **values)):
                await asyncio.sleep(0.05)
        return rows[0]

    async def count(self, question: str, **values: object) -> int:
        [row] = await self.rows(question, **values)
        return int(next(iter(row.values())))

    async def change(self, statement: str, **values: object) -> None:
        async with self.database.begin() as line:
            await line.execute(text(statement), values)

    async def channel(self, kind: str, name: str, filled_in: dict[str, object]) -> UUID:
        """Add a channel, as `hub channel add` does."""
        own = registry.adapter_type(kind).address(registry.account(kind, filled_in))
        new = NewChannel(kind=kind, name=name, settings=filled_in, address=None if own else name)
        async with self._context() as context, context.transaction() as session:
            return (await create_channel(session, context, new, by=None)).id

    async def bot(self, name: str = "Robin") -> str:
        """Add a bot with every right that bots may have; return its token."""
        new, token = (
            NewAgent(name=name, role=Role.BOT, kind=AgentKind.BOT),
            NewToken(name="t", scopes=tuple(RIGHTS[Role.BOT])),
        )
        async with self._context() as context, context.transaction() as session:
            agent = await actions.add_agent(session, None, new)
            _, secret = await actions.add_token(session, agent.id, token, now())
        return secret

    async def chat(self, **settings: object) -> tuple[UUID, str]:
        """Add a web chat; return its id and public key."""
        channel_id = await self.channel("webchat", "Chat", {"site_name": "Aurora", **settings})
        [row] = await self.rows("select address from channel where id = :id", id=channel_id)
        return channel_id, str(row["address"])

    def _context(self) -> AbstractAsyncContextManager[AppContext]:
        return open_context(Settings(data_dir=self.folder, secret_key=KEY), database_url=self.postgres.url)


async def answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def clean_environ() -> dict[str, str]:
    """Return this process's environment without any setting of the hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


@asynccontextmanager
async def open_installation(
    *, redis: bool = True, tuning: dict[str, str] | None = None, folder: Path | None = None, **environ: str
) -> AsyncIterator[Installation]:
    """Prepare an installation without agents, where only the database and Redis run."""
    own = folder or Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
    own.chmod(0o711)
    prepare(own)
    postgres = EmbeddedPostgres(own, tuning={"shared_buffers": "64MB"} | (tuning or {}))
    server = RedisServer() if redis else None
    await asyncio.to_thread(postgres.start)
    if server:
        await asyncio.to_thread(server.start)
    await migrate(postgres.url)
    engine = create_async_engine(postgres.url, poolclass=NullPool, connect_args={"timeout": 5})
    told = {"HUB_DATABASE_URL": postgres.url, "HUB_DATA_DIR": str(own), "HUB_SECRET_KEY": KEY, "HUB_LOG_FORMAT": "json"}
    reach = {"HUB_REDIS_URL": server.url} if server else {}
    installation = Installation(own, postgres, server, clean_environ() | told | reach | environ, engine)
    try:
        yield installation
    finally:
        for program in (installation.serve, installation.work):
            program.kill()
        await engine.dispose()
        await asyncio.to_thread(postgres.stop)
        if server:
            server.kill()
        if folder is None:
            shutil.rmtree(own, ignore_errors=True)


@asynccontextmanager
async def running_installation(**options: Any) -> AsyncIterator[Installation]:
    """Run an installation with one web server and one worker."""
    async with open_installation(**options) as installation:
        await asyncio.gather(installation.serve.up(), installation.work.up())
        yield installation


__all__ = ["Installation", "answers", "listens", "open_installation", "running_installation", "until"]
