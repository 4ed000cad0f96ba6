"""One installation as its owner runs it: a data folder, free ports, and the `hub` command."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.ports import free_port
from tests.faults.installation import HUB, answers, clean_environ
from tests.faults.killer import WITH_US, Program

PATIENCE = 60.0


class Hub(Program):
    """A program of ours that may also be ended by Ctrl-C."""

    async def interrupt(self, within: float = 30.0) -> int:
        """Press Ctrl-C; return the exit status."""
        assert self._process is not None
        os.kill(self.pid, signal.SIGINT)
        return await asyncio.to_thread(self._process.wait, within)


@dataclass
class Installation:
    """The folder and ports of an installation, and how to reach it."""

    folder: Path
    port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)
    lmtp_port: int = field(default_factory=free_port)

    @property
    def base(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        ports = {"PORT": self.port, "SMTP_PORT": self.smtp_port, "LMTP_PORT": self.lmtp_port}
        told = {f"HUB_{name}": str(port) for name, port in ports.items()}
        return clean_environ() | {"HUB_DATA_DIR": str(self.folder), "HUB_LOG_FORMAT": "json"} | told

    def up(self) -> Hub:
        """Prepare `hub up` without starting it."""

        async def ready() -> bool:
            return await answers(f"http://{self.base}/readyz")

        return Hub([*HUB, "up"], self.environ, self.folder / "up.log", ready)

    async def hub(self, *arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; return its output."""
        return await asyncio.to_thread(
            subprocess.run,
            [*WITH_US, *HUB, *arguments],
            env=self.environ | environ,
            input=given,
            text=True,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            cwd="/",
        )

    async def rows(self, question: str) -> list[Mapping[str, Any]]:
        """Query the embedded database directly."""
        engine = create_async_engine(EmbeddedPostgres(self.folder).url, poolclass=NullPool)
        try:
            async with engine.connect() as line:
                return [dict(row) for row in (await line.execute(text(question))).mappings()]
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[httpx.AsyncClient]:
        """Open a browser signed in as the owner, by a link from `hub agent link`."""
        link = (await self.hub("agent", "link")).stdout.split()[-1]
        async with httpx.AsyncClient(base_url=f"http://{self.base}", trust_env=False, timeout=10) as browser:
            answer = await browser.post("/api/session/link", json={"token": link.partition("#token=")[2]})
            assert answer.is_success, (link, answer.text)
            yield browser


@asynccontextmanager
async def running(installation: Installation) -> AsyncIterator[Hub]:
    """Run `hub up` until the block ends; stop it with Ctrl-C if it still runs."""
    hub = installation.up()
    await hub.up()
    try:
        yield hub
    finally:
        if hub.running:
            await hub.interrupt()


def postgres_of(folder: Path) -> list[int]:
    """Return the processes that work in a data folder's database."""
    found = []
    for one in Path("/proc").iterdir():
        with suppress(OSError):
            if one.name.isdigit() and (one / "cwd").resolve().is_relative_to(folder.resolve()):
                found.append(int(one.name))
    return found


__all__ = ["Hub", "Installation", "postgres_of", "running"]
