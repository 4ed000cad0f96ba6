"""Intake of chat messages by one process and by two, against as many bare processes that write the same rows."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from bench.chats import SENDERS, VISITORS, make_channel
from bench.intaker import Crew, Job, crew
from bench.kit import Result, context_on, database, database_cpu, median, run
from hub.storage.embedded_postgres import EmbeddedPostgres

MESSAGES = 4000
ROUNDS = 3
WRITERS = (4, 8, 16, 32)  # of all bare processes together
IN_ORDER = 200  # visitors who write one message after the other, each through another process
WAITING = "select count(*) from arrival where state <> 'taken' and channel_id = $1"
MISORDERED = """
select count(*), count(*) filter (where sequence < logged), count(*) filter (where sequence < shown) from (
  select a.sequence,
    max(a.sequence) over (partition by m.conversation_id order by e.xid, e.position
      rows between unbounded preceding and 1 preceding) as logged,
    max(a.sequence) over (partition by m.conversation_id order by m.at, m.id
      rows between unbounded preceding and 1 preceding) as shown
  from message m join arrival a using (channel_id) join entry e on e.conversation_id = m.conversation_id
    and e.event->>'type' = 'message_received' and e.event->>'message_id' = m.id::text
  where channel_id = $1 and a.dedupe_key = m.external_id
) line
"""
CONVERSATIONS = "select count(distinct conversation_id) from message where channel_id = $1"


@dataclass
class Bench:
    """A database, a channel, and the results of each round."""

    server: EmbeddedPostgres
    channel: str
    messages: int
    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    database_us: list[float] = field(default_factory=list)

    def query_row(self, query: str) -> asyncpg.Record:
        return asyncio.run(_query_row(self.server.url, query, self.channel))

    def processed(self) -> float:
        """Return when no message is waiting; the worker's loop processes the ones that met a conflict."""
        deadline = time.monotonic() + 60
        while self.query_row(WAITING)[0] and time.monotonic() < deadline:
            time.sleep(0.05)
        return time.monotonic()


async def _query_row(url: str, query: str, channel: str) -> asyncpg.Record:
    line = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await line.fetchrow(query, *([uuid.UUID(channel)] if "$1" in query else []))
    finally:
        await line.close()


async def channel_of(url: str) -> str:
    async with context_on(url) as opened:
        return str(await make_channel(opened))


def shares(bench: Bench, processes: int, messages: int, at_a_time: int) -> list[Job]:
    """Return an equal share for each process; all write for the same visitors, each beginning with another."""
    seed, each = uuid.uuid4().hex, messages // processes
    starts = [VISITORS * n // processes for n in range(processes)]
    by = [[(start + n) % VISITORS for n in range(each)] for start in starts]
    return [Job(channel=bench.channel, seed=seed, by=numbers, at_a_time=at_a_time // processes) for numbers in by]


def product_round(bench: Bench, hubs: Crew) -> None:
    before = database_cpu(bench.server)
    jobs = shares(bench, len(hubs.processes), bench.messages, SENDERS * len(hubs.processes))
    spent = hubs.work(jobs)
    ended = spent.ended if not bench.query_row(WAITING)[0] else bench.processed()
    bench.ours.append(bench.messages / (ended - spent.began))
    bench.cpu_us.append(1e6 * spent.cpu_s / bench.messages)
    bench.database_us.append(1e6 * (database_cpu(bench.server) - before) / bench.messages)


def bare_round(bench: Bench, programs: Crew, writers: Sequence[int]) -> list[int]:
    """Return the round with the best rate; the writers are sorted by their rates, the fastest first."""
    rates = {}
    for count in writers:
        spent = programs.work(shares(bench, len(programs.processes), bench.messages, count))
        rates[count] = bench.messages / (spent.ended - spent.began)
    bench.bare.append(max(rates.values()))
    return sorted(rates, key=rates.__getitem__, reverse=True)


def in_order(bench: Bench, hubs: Crew, turns: int) -> dict[str, object]:
    """Have visitors write one message after another, each after the last was acknowledged, through another process."""
    seed, count = uuid.uuid4().hex, len(hubs.processes)
    for turn in range(turns):
        by = [[n for n in range(IN_ORDER) if (n + turn) % count == process] for process in range(count)]
        hubs.work([Job(channel=bench.channel, seed=seed, by=numbers, at_a_time=SENDERS, idle=False) for numbers in by])
    bench.processed()
    messages, logged, shown = bench.query_row(MISORDERED)
    return {
        "misordered": shown,
        "misordered in the log": logged,
        "conversations too many": bench.query_row(CONVERSATIONS)[0] - IN_ORDER,
        "of messages one after the other": messages,
        "not processed": bench.query_row(WAITING)[0],
    }


def measure(server: EmbeddedPostgres, processes: int, messages: int, turns: int) -> Result:
    bench = Bench(server, asyncio.run(channel_of(server.url)), messages)
    max_connections = max(WRITERS) // processes
    with (
        crew("product", server.url, processes) as hubs,
        crew("bare", server.url, processes, max_connections) as programs,
    ):
        for warm in (hubs, programs):
            warm.work(shares(bench, processes, 500, 32))
        writers = list(WRITERS)
        for _ in range(ROUNDS):
            product_round(bench, hubs)
            writers = bare_round(bench, programs, writers)[:2]
        unprocessed = bench.query_row(WAITING)[0]
        bench.channel = asyncio.run(channel_of(server.url))
        order = in_order(bench, hubs, turns)
    return result(bench, processes, order | {"not processed": unprocessed + order["not processed"]}, writers[0])


def result(bench: Bench, processes: int, order: dict[str, object], writers: int) -> Result:
    name = f"whole intake of chat, {processes} process{'es' if processes > 1 else ''}"
    ratio = median([ours / bare for ours, bare in zip(bench.ours, bench.bare, strict=True)])
    more = {
        "application CPU us/message": round(median(bench.cpu_us)),
        "database CPU us/message": round(median(bench.database_us)),
        "limit": f"as many bare processes, {writers} connections in all",
        "messages": bench.messages,
        "visitors": VISITORS,
        "senders": SENDERS * processes,
        "rounds": [round(rate) for rate in bench.ours],
        "raw rounds": [round(rate) for rate in bench.bare],
    }
    return Result(name, median(bench.ours), "messages/s", median(bench.bare), ratio, ">= 1.0, >= 500/s", more | order)


def main(quick: bool = False) -> list[Result]:
    with database() as server:
        return [measure(server, processes, 1000 if quick else MESSAGES, 6 if quick else 20) for processes in (1, 2)]


if __name__ == "__main__":
    run("intake_chat", main)
