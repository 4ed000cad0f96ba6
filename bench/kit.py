"""Shared parts of the benchmarks: a real database, CPU by process, and results beside their limits."""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.data_folder import prepare
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.migrate import migrate

NICE = int(os.environ.get("BENCH_NICE", "0"))
LOAD = os.getloadavg()  # of the others on this machine
RESULTS = Path(__file__).parent / "results"


@dataclass
class Result:
    """One figure, the raw limit of the same run, and their ratio."""

    name: str
    figure: float
    unit: str
    limit: float
    ratio: float
    wanted: str
    more: dict[str, Any] = field(default_factory=dict)

    def show(self) -> None:
        print(
            f"{self.name:<44} {self.figure:>10.1f} {self.unit:<10} limit {self.limit:>10.1f}  "
            f"ratio {self.ratio:>5.2f}  (wanted {self.wanted})"
        )
        for name, value in self.more.items():
            print(f"    {name}: {value}")


def save(name: str, results: list[Result], *, quick: bool = False) -> None:
    """Store the results as JSON, to compare them with a later run; those of a quick run are stored separately."""
    folder = RESULTS / "quick" if quick else RESULTS
    folder.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "niceness": os.nice(0)}
    machine["load before"] = round(LOAD[0], 1)
    body = {"machine": machine, "results": [vars(result) for result in results]}
    (folder / f"{name}.json").write_text(json.dumps(body, indent=2, default=str) + "\n")
    for result in results:
        result.show()


def run(name: str, main: Callable[[bool], list[Result]]) -> None:
    """Run one benchmark by itself: `python -m bench.NAME [--quick]`.

    Each benchmark is a module with `main(quick) -> results`, which ends in `run("NAME", main)`; bench/__main__.py
    finds it by that.
    """
    parser = argparse.ArgumentParser(description=f"The benchmark {name}.")
    parser.add_argument("--quick", action="store_true", help="smaller sizes; the figures are kept apart")
    quick = parser.parse_args().quick
    os.nice(NICE)
    prefer(os.getpid())
    save(name, main(quick), quick=quick)


def prefer(pid: int) -> None:
    """Set the niceness of a process group: the same for all programs, including those that measure limits."""
    with contextlib.suppress(OSError):  # Linux puts each session into a group of its own
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE))


def median(values: list[float]) -> float:
    return statistics.median(values)


@contextlib.contextmanager
def database(**tuning: str) -> Iterator[EmbeddedPostgres]:
    """Run an embedded PostgreSQL as the product does, with all commits durable."""
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
    folder.chmod(0o711)
    prepare(folder)
    server = EmbeddedPostgres(folder, tuning=tuning)
    try:
        server.start()
        prefer(int((server.data / "postmaster.pid").read_text().splitlines()[0]))
        asyncio.run(migrate(server.url))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def context_on(url: str, *, pool: int = 16, redis: str | None = None) -> AsyncIterator[AppContext]:
    """Open a context on a database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret_key="00" * 32, redis_url=redis)
        async with open_context(settings, database_url=url, pool=pool) as opened:
            yield opened


def database_cpu(server: EmbeddedPostgres) -> float:
    """Return the CPU seconds that the database's processes have used, without those that have ended."""
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    parent = psutil.Process(pid)
    total = 0.0
    for process in [parent, *parent.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


class Clock:
    """Wall and CPU seconds of this process and the database."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self.wall = time.perf_counter()
        self.cpu = time.process_time()
        self.database = database_cpu(server)

    def stop(self) -> dict[str, float]:
        return {
            "wall_s": time.perf_counter() - self.wall,
            "cpu_s": time.process_time() - self.cpu,
            "database_cpu_s": database_cpu(self._server) - self.database,
        }


def percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def child(module: str, *arguments: str) -> subprocess.Popen[str]:
    """Start another process of this benchmark."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
