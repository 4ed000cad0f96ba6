"""The product's programs as real processes, and the database server: killed with -9 and started again."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from hub.storage.embedded_postgres import EmbeddedPostgres

WITH_US = ("setpriv", "--pdeathsig", "KILL")  # so that nothing survives a campaign that is itself killed

Ready = Callable[[], Awaitable[bool]]


async def until(holds: Ready, *, within: float, what: str, every: float = 0.05) -> float:
    """Wait until a condition is true; return the seconds it took."""
    began = time.monotonic()
    while not await holds():
        if time.monotonic() - began > within:
            raise TimeoutError(f"after {within:.0f} s still not so: {what}")
        await asyncio.sleep(every)
    return time.monotonic() - began


class Program:
    """A process of the product in its own session; its output goes to a file."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], log: Path, ready: Ready) -> None:
        """Prepare the program without starting it; `ready` says whether it can work."""
        self.command, self.environ, self.log, self.ready = command, dict(environ), log, ready
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    @property
    def pid(self) -> int:
        """Return the id of the running process."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Return whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program; callers that need it wait with `up`."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*WITH_US, *self.command],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd="/",
            )

    async def up(self, within: float = 40.0) -> float:
        """Start the program if it does not run, and wait until it is ready; retry a start that failed."""

        async def works() -> bool:
            if not self.running:
                self.start()
            return await self.ready()

        return await until(works, within=within, what=f"{self.command} is ready: {self.tail()}")

    def kill(self) -> None:
        """Kill the program, as a power cut would."""
        if self._process is not None:
            self.kills += 1
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    async def stop(self, within: float = 30.0) -> float:
        """Ask the program to end, as a deployment does; return the seconds it took."""
        began = time.monotonic()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            await asyncio.to_thread(process.wait, within)
        return time.monotonic() - began

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def kill_postgres(server: EmbeddedPostgres) -> None:
    """Kill the database server and all its children, and wait until they have ended."""
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    pids = [pid, *children(pid)]
    for process_id in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.running or any(
        _lives(process_id) for process_id in pids
    ):  # a look at the process collects our own dead child
        if time.monotonic() > deadline:
            raise TimeoutError("the killed database server does not go")
        time.sleep(0.01)


def children(pid: int) -> list[int]:
    """Return the direct children of a process."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors_of(pid: int) -> int:
    """Count the files and sockets a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
