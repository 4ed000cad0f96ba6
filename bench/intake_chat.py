"""Whole intake of chat messages against a bare asyncpg program that writes the same rows, one message a transaction."""

import asyncio
import time
import uuid
from uuid import UUID

import asyncpg
from sqlalchemy import text

from bench.kit import Clock, Result, database, ground, run
from hub.channels.contract import RawItem
from hub.channels.models import Channel
from hub.channels.webchat.said import Said, pack, said_key, visitor_point
from hub.database import new_id, now
from hub.ground import Ground
from hub.inbox import intake
from hub.inbox.intake import Taker

MESSAGES = 4000
VISITORS = 400
TEXT = "Hello, my order has not come yet and the tracking page has not moved since Monday. Can you look? " * 2
CONCURRENCIES = (4, 8, 16, 32)


def items(count: int) -> list[RawItem]:
    visitors = [uuid.uuid4() for _ in range(VISITORS)]
    made = []
    for n in range(count):
        visitor, message = visitors[n % VISITORS], uuid.uuid4()
        said = Said(id=message, visitor=visitor, point=visitor_point(visitor), at=now(), text=f"{n} {TEXT}")
        made.append(RawItem(dedupe_key=said_key(visitor, message), body=pack(said)))
    return made


async def make_channel(ground_: Ground) -> UUID:
    channel = Channel(
        id=new_id(), kind="webchat", name="Shop", address=uuid.uuid4().hex, settings={"site_name": "Shop", "key": "k"}
    )
    async with ground_.transaction() as session:
        session.add(channel)
    return channel.id


async def product(ground_: Ground, channel_id: UUID, made: list[RawItem], senders: int = 64) -> float:
    """Have senders keep one message after the other, and wait until all are taken in."""
    waiting = iter(made)
    began = time.perf_counter()

    async def sender() -> None:
        for item in waiting:
            await intake.keep(ground_, channel_id, [item])

    await asyncio.gather(*(sender() for _ in range(senders)))
    await ground_.one(Taker).idle()
    return time.perf_counter() - began


RAW = (
    "insert into arrival (id, channel_id, dedupe_key, meta, digest, size, state, attempts, taken_at)"
    " values ($1, $2, $3, '{}', $4, $5, 'taken', 1, now()) on conflict do nothing",
    "insert into blob (digest, body) values ($1, $2) on conflict do nothing",
)


async def bare_one(line: asyncpg.Connection, channel_id: UUID, item: RawItem) -> None:
    """Write the rows of one message, knowing everything in advance; look up nothing but the point."""
    visitor = item.dedupe_key.partition(":")[0]
    body = item.body.decode()
    digest = uuid.uuid4().hex
    async with line.transaction():
        await line.execute(RAW[0], uuid.uuid4(), channel_id, item.dedupe_key, digest, len(item.body))
        await line.execute(RAW[1], digest, item.body)
        row = await line.fetchrow(
            "select p.id, p.contact_id, c.id as conversation from contact_point p join conversation c"
            " on c.contact_id = p.contact_id where p.scheme = 'webchat' and p.value = $1",
            visitor,
        )
        if row is None:
            contact, point, conversation = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
            await line.execute(
                "insert into contact (id, name, named, demo) values ($1, $2, false, false)", contact, visitor
            )
            await line.execute(
                "insert into contact_point (id, contact_id, scheme, value, display) values ($1, $2, 'webchat', $3, $3)",
                point,
                contact,
                visitor,
            )
            await line.execute(
                "insert into conversation (id, contact_id, state, assigned_why, reply_key, preview, last_direction, last_at,"
                " inbound_count, reply_count, version, demo, opened_at) values ($1, $2, 'open', '[]', $3, $4, 'inbound', now(), 1, 0, 1, false, now())",
                conversation,
                contact,
                conversation.hex[:26],
                body[:160],
            )
            await line.execute(
                "insert into entry (conversation_id, contact_id, shown, event) values ($1, $2, true, $3)",
                conversation,
                contact,
                '{"type": "conversation_opened"}',
            )
            queue = await line.fetchval("select id from queue limit 1")
            await line.execute(
                "insert into work_item (id, conversation_id, queue_id, work_class, units, state, key, queued_at, over_cap, version)"
                " values ($1, $2, $3, 'live', 1, 'queued', now(), now(), false, 1)",
                uuid.uuid4(),
                conversation,
                queue,
            )
        else:
            point, contact, conversation = row
            await line.execute(
                "update conversation set last_at = now(), preview = $2, inbound_count = inbound_count + 1,"
                " version = version + 1 where id = $1",
                conversation,
                body[:160],
            )
        await line.execute(
            "insert into message (id, conversation_id, contact_id, at, direction, channel_id, external_id, point_id, cc, body, automatic,"
            " mentions, has_files) values ($1, $2, $3, now(), 'inbound', $4, $5, $6, '[]', $7, false, '[]', false)",
            uuid.uuid4(),
            conversation,
            contact,
            channel_id,
            item.dedupe_key,
            point,
            TEXT,
        )
        await line.execute(
            "insert into entry (conversation_id, contact_id, shown, event) values ($1, $2, false, $3)",
            conversation,
            contact,
            '{"type": "message_received", "message_id": "x"}',
        )


async def bare(url: str, channel_id: UUID, made: list[RawItem], concurrency: int) -> float:
    pool = await asyncpg.create_pool(url.replace("+asyncpg", ""), min_size=concurrency, max_size=concurrency)
    waiting = iter(made)
    began = time.perf_counter()

    async def writer() -> None:
        async with pool.acquire() as line:
            for item in waiting:
                await bare_one(line, channel_id, item)

    await asyncio.gather(*(writer() for _ in range(concurrency)))
    spent = time.perf_counter() - began
    await pool.close()
    return spent


async def measure(server, messages: int) -> list[Result]:
    results = []
    async with ground(server.url) as ground_:
        channel_id = await make_channel(ground_)
        await product(ground_, channel_id, items(500))
        ours, raw, cpu = [], [], []
        for round_ in range(3):
            clock = Clock(server)
            ours.append(messages / await product(ground_, channel_id, items(messages)))
            used = clock.stop()
            cpu.append(1e6 * (used["cpu_s"]) / messages)
            best = max(
                [
                    messages / await bare(server.url, channel_id, items(messages), c)
                    for c in (CONCURRENCIES if round_ == 0 else (8, 16))
                ]
            )
            raw.append(best)
            database_us = 1e6 * used["database_cpu_s"] / messages
        async with ground_.transaction() as session:
            taken = await session.scalar(text("select count(*) from arrival where state <> 'taken'"))
        figure, limit = sorted(ours)[1], sorted(raw)[1]
        results.append(
            Result(
                "whole intake of chat, 1 process",
                figure,
                "messages/s",
                limit,
                figure / limit,
                ">= 1.0, >= 500/s",
                {
                    "application CPU us/message": round(sorted(cpu)[1]),
                    "database CPU us/message": round(database_us),
                    "messages": messages,
                    "visitors": VISITORS,
                    "senders": 64,
                    "not taken in": taken,
                    "rounds": [round(one) for one in ours],
                    "raw rounds": [round(one) for one in raw],
                },
            )
        )
    return results


def main(quick: bool = False) -> list[Result]:
    with database() as server:
        return asyncio.run(measure(server, 1000 if quick else MESSAGES))


if __name__ == "__main__":
    run("intake_chat", main)
