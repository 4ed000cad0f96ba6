"""Processes that handle chat messages, by the product's intake or by the bare program, all started at once."""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from bench import bare_intake, chats
from bench.hub_process import Process, started
from bench.kit import context_on
from hub.entrypoints.process import run
from hub.intake import pipeline
from hub.intake.pipeline import Intake


@dataclass(frozen=True, kw_only=True)
class Job:
    """The work of one process: a message of each of these visitors, this many at a time."""

    channel: str
    seed: str
    by: Sequence[int]
    at_a_time: int
    idle: bool = True  # wait until all are processed, not only acknowledged


@dataclass(frozen=True, kw_only=True)
class Spent:
    """The period in which all of them were at work (monotonic seconds), and their CPU."""

    began: float
    ended: float
    cpu_s: float


@dataclass
class Crew:
    """Processes that work on their jobs at the same time."""

    processes: list[Process]

    def work(self, jobs: Sequence[Job]) -> Spent:
        for process, job in zip(self.processes, jobs, strict=True):
            self._tell(process, json.dumps(vars(job)))
        for process in self.processes:
            self._hear(process)  # it has made its messages
        for process in self.processes:
            self._tell(process, "go")
        told = [json.loads(self._hear(process)) for process in self.processes]
        return Spent(
            began=min(one["began"] for one in told),
            ended=max(one["ended"] for one in told),
            cpu_s=sum(one["cpu_s"] for one in told),
        )

    def _tell(self, process: Process, line: str) -> None:
        process.popen.stdin.write(line + "\n")
        process.popen.stdin.flush()

    def _hear(self, process: Process) -> str:
        if line := process.popen.stdout.readline():
            return line
        raise RuntimeError("A process of the crew has ended.")


@contextlib.contextmanager
def crew(which: str, url: str, processes: int, connections: int = 16) -> Iterator[Crew]:
    """Run this many processes of the product, or of the bare program, until the block ends."""
    told = (which, url, str(connections))
    with contextlib.ExitStack() as stack:
        yield Crew([stack.enter_context(started("bench.intaker", *told)) for _ in range(processes)])


async def _product(url: str, connections: int) -> None:
    """Process the arrivals that this process stores, with the worker's loop for failed ones, as `hub up` does."""
    async with context_on(url, pool=connections) as context:
        working = asyncio.create_task(pipeline.run(context, context.shared(Intake).readers, asyncio.Event()))

        async def work(job: Job, made: list) -> None:
            await chats.kept(context, UUID(job.channel), made, job.at_a_time)
            if job.idle:
                await context.shared(Intake).taker.idle()

        await _each(work)
        working.cancel()


async def _bare(url: str, connections: int) -> None:
    sizes = {"min_size": connections, "max_size": connections}
    async with asyncpg.create_pool(url.replace("+asyncpg", ""), **sizes) as pool:
        await _each(lambda job, made: bare_intake.write(pool, UUID(job.channel), made, job.at_a_time))


async def _each(work) -> None:
    """Make the messages of each job, and begin with them on command."""
    print(0, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        job = Job(**json.loads(line))
        made = chats.said(job.seed, job.by)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began, cpu = time.monotonic(), time.process_time()
        await work(job, made)
        spent = Spent(began=began, ended=time.monotonic(), cpu_s=time.process_time() - cpu)
        print(json.dumps(vars(spent)), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=["product", "bare"])
    parser.add_argument("url")
    parser.add_argument("connections", type=int)
    asked = parser.parse_args()
    run((_product if asked.which == "product" else _bare)(asked.url, asked.connections))
