"""Twenty million rows of timeline: pages, search and intake at that size, and the disk they use.

Half of the rows are messages, half entries of the log, as the product writes them. They are inserted by
`generate_series`, without secondary indexes and without checks of foreign keys, and the indexes are built
afterwards; all is logged and durable. Filling stops after a time (--seconds), and the report gives the size reached.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import psutil
from sqlalchemy import text

from bench import chats
from bench.kit import Clock, Result, context_on, database, median, percentile, save
from bench.pages import SUPERVISOR, time_request, vacuum
from hub.inbox.search import search as find
from hub.runtime.context import AppContext
from hub.runtime.page_keys import page_key
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline import history

LINES = 20_000_000
BATCH = 250_000  # messages
CONVERSATIONS = 200_000
LARGE = 100_000  # messages of the one customer who writes most
REPETITIONS = 100
LATER = (
    "message_contact_idx",
    "message_conversation_idx",
    "message_search_idx",
    "entry_reader_idx",
    "entry_contact_idx",
)
SAID = (
    "'My order ' || m || ' ' || substr(h, 1, 3) || ' ' || substr(h, 4, 3) || ' ' || substr(h, 7, 3) || ' '"
    " || substr(h, 10, 4) || ' does not turn on.'"
)
CUSTOMERS = (
    "insert into contact (id, name, named, demo) select gen_random_uuid(), 'Customer ' || n, true, false"
    f" from generate_series(1, {CONVERSATIONS}) n",
    "create table numbered as select row_number() over () - 1 as n, gen_random_uuid() as conversation_id, id as contact_id"
    " from contact where name like 'Customer %'",
    "alter table numbered add primary key (n)",
    "insert into conversation (id, contact_id, subject, state, assigned_why, reply_key, preview, last_direction, last_at,"
    " inbound_count, reply_count, version, demo, opened_at) select conversation_id, contact_id, 'Grinder', 'resolved', '[]',"
    " substr(md5(conversation_id::text), 1, 26), 'It does not turn on any more.', 'inbound', now(), 1, 0, 1, false, now()"
    " from numbered",
)
MESSAGES = (
    "insert into message (id, conversation_id, contact_id, at, direction, cc, body, automatic, mentions, has_files)"
    " select uuidv7(at - now()), conversation_id, contact_id, at, 'inbound', '[]', " + SAID + ", false, '[]', false"
    " from (select m, md5(m::text) as h, now() - interval '1000 days' + m * interval '5 s' as at,"
    " case when m % 100 = 0 and m < cast(:large as bigint) then 0 else m * 7919 % cast(:conversations as bigint) end as n"
    " from generate_series(cast(:first as bigint), cast(:last as bigint)) m) made join numbered using (n)"
)
ENTRIES = (
    "insert into entry (at, conversation_id, contact_id, shown, event) select at, conversation_id, contact_id, m % 10 = 0,"
    " case when m % 10 = 0 then jsonb_build_object('type', 'conversation_woken')"
    " else jsonb_build_object('type', 'message_received', 'message_id', conversation_id) end"
    " from (select m, now() - interval '1000 days' + m * interval '5 s' as at, m * 7919 % cast(:conversations as bigint) as n"
    " from generate_series(cast(:first as bigint), cast(:last as bigint)) m) made join numbered using (n)"
)


async def run_all(context: AppContext, statements: list[str], **values: object) -> None:
    async with context.transaction() as session:
        await session.execute(text("set local session_replication_role = replica"))
        await session.execute(text("set local maintenance_work_mem = '512MB'"))
        for statement in statements:
            await session.execute(text(statement), values if ":" in statement.replace("::", "") else {})


async def fill(context: AppContext, lines: int, seconds: float) -> int:
    """Insert this many rows, as far as the time allows; return the number of messages."""
    async with context.transaction() as session:
        found = await session.execute(
            text("select indexname, indexdef from pg_indexes where indexname = any(:names)"), {"names": list(LATER)}
        )
        indexes = {name: definition for name, definition in found}
    await run_all(context, [*CUSTOMERS, *(f"drop index {name}" for name in indexes)])
    began, done = time.monotonic(), 0
    while done < lines // 2 and time.monotonic() - began < seconds:
        values = {"first": done, "last": done + BATCH - 1, "large": LARGE * 100, "conversations": CONVERSATIONS}
        await run_all(context, [MESSAGES], **values)
        await run_all(context, [ENTRIES], **{key: values[key] for key in ("first", "last", "conversations")})
        done += BATCH
        print(f"    {2 * done:,} lines after {time.monotonic() - began:.0f} s", flush=True)
    for name, definition in indexes.items():
        await run_all(context, [definition])
        print(f"    {name} after {time.monotonic() - began:.0f} s", flush=True)
    await vacuum(context)
    return done


async def time_requests(context: AppContext, first: Callable[[object], Awaitable[object]], *more) -> list[list[float]]:
    """Time some requests in turn, after a few that warm up."""
    every = (first, *more)
    for request in every * 5:
        await time_request(context, request)
    rounds = [[await time_request(context, request) for request in every] for _ in range(REPETITIONS)]
    return [list(times) for times in zip(*rounds, strict=True)]


async def conversation_of(context: AppContext, n: int) -> UUID:
    async with context.transaction() as session:
        return await session.scalar(text("select conversation_id from numbered where n = :n"), {"n": n})


async def pages(context: AppContext, messages: int) -> list[Result]:
    large, small = await conversation_of(context, 0), await conversation_of(context, 7)
    async with context.transaction() as session:
        theirs = await session.scalar(text("select count(*) from message where conversation_id = :id"), {"id": large})
        middle = await session.execute(
            text("select at, id from message where conversation_id = :id order by at desc, id desc offset :n limit 1"),
            {"id": large, "n": theirs // 2},
        )
        at, id_ = middle.one()
    before = page_key(at, id_)
    first_page, deep_page, few = await time_requests(
        context,
        lambda s: history.timeline(s, SUPERVISOR, large),
        lambda s: history.timeline(s, SUPERVISOR, large, before=before),
        lambda s: history.timeline(s, SUPERVISOR, small),
    )
    base = percentile(few, 0.5)
    size = {"lines": 2 * messages, "concurrency": 1, "the small customer's messages": messages // CONVERSATIONS}
    results = []
    for name, took in (("first page", first_page), (f"page {theirs // 2:,} messages back", deep_page)):
        figure = percentile(took, 0.5)
        more = size | {"p99 ms": round(percentile(took, 0.99), 1), "the customer's messages": theirs}
        results.append(
            Result(f"{name} among {2 * messages:,} lines", figure, "ms", base, figure / base, "<= 1.5", more)
        )
    return results


async def search(context: AppContext, messages: int) -> Result:
    rare, common = await time_requests(
        context,
        lambda s: find(s, SUPERVISOR, str(messages - 5)),
        lambda s: find(s, SUPERVISOR, "abc"),
    )
    figure, base = percentile(common, 0.5), percentile(rare, 0.5)
    more = {"limit": "a word said once", "p99 ms": round(percentile(common, 0.99), 1), "concurrency": 1}
    return Result(
        f"search a word in one of 1,000 of {messages:,} messages", figure, "ms", base, figure / base, "reported", more
    )


async def intake(server: EmbeddedPostgres, many: AppContext, empty: AppContext, messages: int) -> Result:
    """Measure the intake of chat messages into this database and into an empty one, in turn."""
    rates: dict[AppContext | str, list[float]] = {"many": [], "few": []}
    channels = {"many": await chats.make_channel(many), "few": await chats.make_channel(empty)}
    contexts = {"many": many, "few": empty}
    database_us = []
    for round_ in range(4):
        for which, opened in contexts.items():
            clock = Clock(server)
            rate = 2000 / await chats.product(opened, channels[which], chats.items(2000))
            if round_:
                rates[which].append(rate)
            if round_ and which == "many":
                database_us.append(1e6 * clock.stop()["database_cpu_s"] / 2000)
    figure, base = median(rates["many"]), median(rates["few"])
    more = {"limit": "into an empty database", "database CPU us/message": round(median(database_us)), "senders": 64}
    return Result(
        f"intake of chat on top of {2 * messages:,} lines", figure, "messages/s", base, figure / base, ">= 0.8", more
    )


async def disk(context: AppContext, messages: int) -> Result:
    async with context.transaction() as session:
        found = await session.execute(
            text(
                "select relname, pg_relation_size(oid) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')"
                " and (relname like 'message%' or relname like 'entry%') order by 2 desc"
            )
        )
        sizes = {name: size for name, size in found}
        toast = await session.scalar(text("select pg_total_relation_size('message') + pg_total_relation_size('entry')"))
    heap = sizes["message"] + sizes["entry"]
    more = {name: f"{size / messages:.0f} B/row" for name, size in sizes.items() if size > 1e6}
    more["GiB"] = round(toast / 2**30, 2)
    return Result(
        "disk for a message with its entry",
        toast / messages,
        "bytes",
        heap / messages,
        toast / heap,
        "reported",
        {"limit": "the tables without their indexes"} | more,
    )


def polite(server: EmbeddedPostgres, level: int) -> None:
    """Lower the priority while filling, and not while measuring."""
    pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True), psutil.Process()):
        process.nice(level)


async def measure(
    server: EmbeddedPostgres, other: EmbeddedPostgres, lines: int, seconds: float, niceness: int
) -> list[Result]:
    polite(server, niceness)
    async with context_on(server.url) as opened:
        messages = await fill(opened, lines, seconds)
    polite(server, 0)
    async with context_on(server.url) as many, context_on(other.url) as empty:
        results = [*await pages(many, messages), await search(many, messages), await disk(many, messages)]
        return [*results, await intake(server, many, empty, messages)]


def main(quick: bool = False, *, lines: int = LINES, seconds: float = 720, niceness: int = 0) -> list[Result]:
    with database() as server, database() as other:
        return asyncio.run(measure(server, other, 1_000_000 if quick else lines, seconds, niceness))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--seconds", type=float, default=720, help="stop filling after so long")
    parser.add_argument("--nice", type=int, default=0, help="give way while filling")
    arguments = parser.parse_args()
    os.umask(0o022)
    save(
        "rows",
        main(arguments.quick, lines=arguments.lines, seconds=arguments.seconds, niceness=arguments.nice),
        quick=arguments.quick,
    )
