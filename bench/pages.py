"""Pages at scale: a customer's first page among 1,000,000 messages, the inbox list at 100,000 open conversations."""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import text

from bench.kit import Result, context_on, database, percentile, save
from hub.access.rights import Role, Viewer
from hub.inbox import queries, search
from hub.runtime.context import AppContext
from hub.storage.database import new_id
from hub.timeline import history

REPETITIONS = 60
SUPERVISOR = Viewer(agent_id=new_id(), role=Role.SUPERVISOR)


async def conversations(context: AppContext, count: int, state: str, tag: str) -> None:
    """Create customers with one conversation each, some days old."""
    async with context.transaction() as session:
        await session.execute(
            text(
                "insert into contact (id, name, named, demo) select gen_random_uuid(), :tag || ' ' || n, true, false"
                " from generate_series(1, :count) n"
            ),
            {"tag": tag, "count": count},
        )
        await session.execute(
            text(
                "insert into conversation (id, contact_id, subject, state, assigned_why, reply_key, preview, last_direction, last_at,"
                " inbound_count, reply_count, version, demo, opened_at) select gen_random_uuid(), id, 'Grinder', :state, '[]',"
                " substr(md5(id::text), 1, 26), 'It does not turn on any more.', 'inbound', now() - random() * interval '90 days', 1, 0, 1,"
                " false, now() from contact where name like :tag || ' %'"
            ),
            {"tag": tag, "state": state},
        )


async def messages(context: AppContext, contact: str, count: int) -> UUID:
    """Create a customer with this many messages in ten conversations over three years."""
    async with context.transaction() as session:
        await conversations_of(session, contact)
        await session.execute(
            text(
                "with theirs as (select c.id, c.contact_id, row_number() over () - 1 as n from conversation c"
                " join contact k on k.id = c.contact_id where k.name = :contact)"
                " insert into message (id, conversation_id, contact_id, at, direction, cc, body, automatic, mentions, has_files)"
                " select gen_random_uuid(), theirs.id, theirs.contact_id, now() - random() * interval '1000 days', 'inbound', '[]',"
                " 'A message about a grinder that does not turn on, number ' || m, false, '[]', false"
                " from generate_series(1, :count) m join theirs on theirs.n = m % 10"
            ),
            {"contact": contact, "count": count},
        )
        return await session.scalar(
            text(
                "select c.id from conversation c join contact k on k.id = c.contact_id where k.name = :contact limit 1"
            ),
            {"contact": contact},
        )


async def conversations_of(session, contact: str) -> None:
    await session.execute(
        text("insert into contact (id, name, named, demo) values (gen_random_uuid(), :name, true, false)"),
        {"name": contact},
    )
    await session.execute(
        text(
            "insert into conversation (id, contact_id, state, assigned_why, reply_key, preview, last_direction, last_at, inbound_count,"
            " reply_count, version, demo, opened_at) select gen_random_uuid(), id, 'resolved', '[]', substr(md5(id::text || n), 1, 26), '',"
            " 'inbound', now(), 1, 0, 1, false, now() from contact, generate_series(1, 10) n where name = :name"
        ),
        {"name": contact},
    )


async def others(context: AppContext, count: int) -> None:
    """Insert the messages of all other customers, scattered over them as in real use."""
    async with context.transaction() as session:
        await session.execute(
            text(
                "insert into message (id, conversation_id, contact_id, at, direction, cc, body, automatic, mentions, has_files)"
                " select gen_random_uuid(), c.id, c.contact_id, now() - (m || ' seconds')::interval, 'inbound', '[]',"
                " 'Everyday words about an order ' || md5(m::text), false, '[]', false from generate_series(1, :each) m"
                " cross join (select id, contact_id from conversation where subject = 'Grinder' limit 1000) c"
            ),
            {"each": count // 1000},
        )


async def vacuum(context: AppContext) -> None:
    async with context.engine.connect() as line:
        await (await line.execution_options(isolation_level="AUTOCOMMIT")).execute(text("vacuum analyze"))


async def time_request(context: AppContext, request: Callable[[object], Awaitable[object]]) -> float:
    async with context.transaction() as session:
        began = time.perf_counter()
        await request(session)
        return 1e3 * (time.perf_counter() - began)


async def side_by_side(context: AppContext, large, small) -> tuple[list[float], list[float]]:
    """Time two requests in turn, so that changes in the machine's speed affect both."""
    for request in (large, small) * 3:
        await time_request(context, request)
    pairs = [(await time_request(context, large), await time_request(context, small)) for _ in range(REPETITIONS)]
    return [one for one, _ in pairs], [one for _, one in pairs]


async def timeline(context: AppContext, scale: int) -> Result:
    await conversations(context, 1000, "resolved", "Other")
    large, small = await messages(context, "Large", scale // 10), await messages(context, "Small", 100)
    await others(context, scale)
    await vacuum(context)
    ours, limit = await side_by_side(
        context,
        lambda s: history.timeline(s, SUPERVISOR, large),
        lambda s: history.timeline(s, SUPERVISOR, small),
    )
    figure, base = percentile(ours, 0.5), percentile(limit, 0.5)
    return Result(
        f"first page of {scale // 10:,} messages among {scale:,}",
        figure,
        "ms",
        base,
        figure / base,
        "<= 1.5",
        {"p99 ms": round(percentile(ours, 0.99), 2), "the small customer's messages": 100, "queries": 4},
    )


async def lists(url_small: str, url_large: str, scale: int) -> list[Result]:
    results = []
    async with context_on(url_small) as few, context_on(url_large) as many:
        await conversations(few, 1000, "open", "Open")
        await conversations(many, scale, "open", "Open")
        for one in (few, many):
            await vacuum(one)
        for view in ("open", "unassigned"):
            pairs = []
            for number in range(REPETITIONS + 3):
                took = (
                    await time_request(many, lambda s: queries.page(s, SUPERVISOR, view, limit=50)),
                    await time_request(few, lambda s: queries.page(s, SUPERVISOR, view, limit=50)),
                )
                if number >= 3:
                    pairs.append(took)
            ours, limit = percentile([a for a, _ in pairs], 0.5), percentile([b for _, b in pairs], 0.5)
            results.append(
                Result(
                    f"list of 50, view {view}, {scale:,} open",
                    ours,
                    "ms",
                    limit,
                    ours / limit,
                    "<= 1.5",
                    {"limit": "the same at 1,000 open", "queries": 2},
                )
            )
        counted = [await time_request(many, queries.tally) for _ in range(20)]
        searched = [await time_request(many, lambda s: search.search(s, SUPERVISOR, "Open 77777")) for _ in range(20)]
        results[-1].more |= {
            "counting all views, ms": round(percentile(counted, 0.5), 1),
            "search by name, ms": round(percentile(searched, 0.5), 1),
        }
    return results


async def said(context: AppContext) -> Result:
    """Search for a word in all messages."""
    common = [await time_request(context, lambda s: search.search(s, SUPERVISOR, "everyday")) for _ in range(10)]
    rare = [
        await time_request(context, lambda s: search.search(s, SUPERVISOR, "c4ca4238a0b923820dcc509a6f75849b"))
        for _ in range(10)
    ]
    figure, base = percentile(common, 0.5), percentile(rare, 0.5)
    return Result(
        "search for a word that is everywhere",
        figure,
        "ms",
        base,
        figure / base,
        "reported",
        {"limit": "a word said a thousand times"},
    )


def main(quick: bool = False) -> list[Result]:
    scale = 100_000 if quick else 1_000_000

    async def of_one(url: str) -> list[Result]:
        async with context_on(url) as opened:
            return [await timeline(opened, scale), await said(opened)]

    with database() as server:
        results = asyncio.run(of_one(server.url))
    with database() as small, database() as large:
        results += asyncio.run(lists(small.url, large.url, scale // 10))
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    save("pages", main(parser.parse_args().quick))
