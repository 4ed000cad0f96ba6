"""The hub in a process of its own, as `hub serve` and `hub work` run it; for the benchmarks."""

import argparse
import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import psutil

from bench.kit import child
from hub.channels.chat_contract import VisitorMessage, message_key, pack, visitor_point
from hub.channels.contract import RawItem
from hub.entrypoints import worker
from hub.entrypoints.process import context_for, run, stop_event
from hub.entrypoints.server import listen, serve
from hub.intake.pipeline import Intake
from hub.live import socket as live
from hub.runtime.context import AppContext
from hub.settings import Settings
from hub.storage.database import now

KEY = "00" * 32
VISITORS = [uuid4() for _ in range(200)]
TEXT = "Hello, my order has not come yet and the tracking page has not moved since Monday. " * 3


@dataclass
class Process:
    """A running process of the hub, or a program that measures a limit."""

    popen: "subprocess.Popen[str]"
    port: int

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def cpu(self) -> float:
        """Return the CPU seconds of its threads, to the nanosecond where the kernel reports them."""
        try:
            tasks = Path(f"/proc/{self.pid}/task").iterdir()
            return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
        except OSError:
            times = psutil.Process(self.pid).cpu_times()
            return times.user + times.system

    @property
    def resident(self) -> int:
        return psutil.Process(self.pid).memory_info().rss


@contextlib.contextmanager
def started(module: str, *arguments: str) -> Iterator[Process]:
    """Run a program that prints its port once it is ready, until the block ends."""
    popen = child(module, *arguments)
    try:
        line = popen.stdout.readline()
        if not line.strip().isdigit():
            raise RuntimeError(f"{module} did not start: {line!r}")
        _answers(popen, int(line))
        yield Process(popen, int(line))
    finally:
        popen.terminate()
        try:
            popen.wait(15)
        except subprocess.TimeoutExpired:
            popen.kill()
        popen.stdin.close()
        popen.stdout.close()


def _answers(popen: "subprocess.Popen[str]", port: int) -> None:
    """Wait until the port is open (0: there is none)."""
    deadline = time.monotonic() + 30
    while port:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if popen.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def settings_of(url: str, folder: str) -> Settings:
    port = free_port()
    return Settings(data_dir=Path(folder), secret_key=KEY, database_url=url, port=port, lmtp_port=0, smtp_port=0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def _serve(url: str, *, takes_in: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_of(url, folder)
        listener = listen(settings)
        async with context_for(settings, url) as context:
            context.shared(Intake).store.hands_over = not takes_in
            serving = asyncio.create_task(serve(context, listener, stop_event()))
            await asyncio.sleep(0)
            print(settings.port, flush=True)
            hearing = asyncio.create_task(_hear(context))
            await serving
            hearing.cancel()


async def _hear(context: AppContext) -> None:
    """Have customers write in the chat on command: "CHANNEL RATE SECONDS"."""
    loop, lines = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        channel, rate, seconds = line.split()
        await _chat(context, UUID(channel.decode()), int(rate), int(seconds))


async def _chat(context: AppContext, channel_id: UUID, rate: int, seconds: int) -> None:
    began, running = time.monotonic(), []
    for n in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
        running.append(
            asyncio.create_task(context.shared(Intake).keep(channel_id, [_said(VISITORS[n % len(VISITORS)])]))
        )
    await asyncio.gather(*running)


def _said(visitor: UUID) -> RawItem:
    """Return a message that contains the time, behind the part that the preview shows."""
    message, text = uuid4(), f"{TEXT}@{time.monotonic_ns()}@"
    said = VisitorMessage(id=message, visitor=visitor, point=visitor_point(visitor), at=now(), text=text)
    return RawItem(dedupe_key=message_key(visitor, message), body=pack(said))


async def _work(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with context_for(settings_of(url, folder), url) as context:
            print(0, flush=True)
            await worker.run(context, stop_event())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("process", choices=["serve", "work"])
    parser.add_argument("url")
    parser.add_argument("--takes-in", action="store_true", help="process arrivals in this process, as `hub up` does")
    parser.add_argument("--sockets", type=int, default=live.MOST_SOCKETS, help="sockets of one agent at most")
    asked = parser.parse_args()
    live.MOST_SOCKETS = asked.sockets
    run(_work(asked.url) if asked.process == "work" else _serve(asked.url, takes_in=asked.takes_in))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
    sys.stdout.flush()
    os._exit(0)
