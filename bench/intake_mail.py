"""Intake of 2,000 generated mails against a bare loop that only parses the same bytes with `email.policy.default`."""

import asyncio
import email
import email.policy
import os
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from bench import mails
from bench.kit import Clock, Result, context_on, database, run
from hub.channels.contract import RawItem
from hub.channels.models import Channel
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext
from hub.storage.database import new_id

SENDERS = 32


async def make_channel(context: AppContext) -> UUID:
    address = f"support-{new_id().hex[-8:]}@support.example"
    channel = Channel(id=new_id(), kind="email", name="Support", address=address, settings={"address": address})
    async with context.transaction() as session:
        session.add(channel)
    return channel.id


async def product(context: AppContext, channel_id: UUID, bodies: list[bytes]) -> float:
    waiting = iter([RawItem(dedupe_key=str(n), body=body) for n, body in enumerate(bodies)])
    began = time.perf_counter()

    async def sender() -> None:
        for item in waiting:
            await context.shared(Intake).keep(channel_id, [item])

    await asyncio.gather(*(sender() for _ in range(SENDERS)))
    await context.shared(Intake).taker.idle()
    return time.perf_counter() - began


def bare(bodies: list[bytes]) -> float:
    """Parse a mail, and read the parts that a mail client would show."""
    began = time.perf_counter()
    for body in bodies:
        mail = email.message_from_bytes(body, policy=email.policy.default)
        for header in ("from", "to", "subject", "message-id", "date"):
            str(mail[header])
        part = mail.get_body(("plain", "html"))
        if part is not None:
            part.get_content()
    return time.perf_counter() - began


async def misthreaded(context: AppContext, channel_id: UUID, answers_to: list[int], new: int) -> int:
    """Count replies that are not in the conversation of the mail they answer."""
    async with context.transaction() as session:
        rows = await session.execute(
            text(
                "select a.dedupe_key, m.conversation_id from message m join arrival a on a.channel_id = m.channel_id"
                " and a.id = m.arrival_id where m.channel_id = :channel"
            ),
            {"channel": channel_id},
        )
        where = {int(key): conversation for key, conversation in rows}
    missing = sum(n not in where for n in range(new + len(answers_to)))
    return missing + sum(where.get(new + n) != where.get(first) for n, first in enumerate(answers_to))


async def grow(context: AppContext, conversations: int) -> None:
    """Insert this many conversations of other customers."""
    async with context.transaction() as session:
        for statement in (
            "insert into contact (id, name, named, demo) select gen_random_uuid(), 'Customer ' || n, true, false"
            f" from generate_series(1, {conversations}) n",
            "insert into contact_point (id, contact_id, scheme, value, display) select gen_random_uuid(), id, 'mailto',"
            " id || '@elsewhere.example', id || '@elsewhere.example' from contact where name like 'Customer %'",
            "insert into conversation (id, contact_id, subject, state, assigned_why, reply_key, preview, last_direction, last_at,"
            " inbound_count, reply_count, version, demo, opened_at) select gen_random_uuid(), id, 'Old matter', 'open', '[]',"
            " substr(md5(id::text), 1, 26), 'text', 'inbound', now() - random() * interval '90 days', 1, 0, 1, false, now()"
            " from contact where name like 'Customer %'",
            "insert into message (id, conversation_id, contact_id, at, direction, cc, body, email_id, automatic, mentions, has_files)"
            " select gen_random_uuid(), id, contact_id, last_at, 'inbound', '[]', 'An old message with some words about grinder '"
            " || md5(id::text), '<' || id || '@elsewhere.example>', false, '[]', false from conversation where subject = 'Old matter'",
        ):
            await session.execute(text(statement))
    async with context.engine.connect() as line:
        autocommit = await line.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("vacuum analyze"))


async def measure(server, count: int, folder: Path | None, grown: int) -> list[Result]:
    results = []
    for name, below in (("empty", 0), (f"{grown:,} conversations", grown)):
        async with context_on(server.url) as context:
            if below:
                await grow(context, below)
            ours, raw, cpu, wrong = [], [], [], 0
            for seed in (7, 8, 9):
                bodies, answers_to, new = mails.read(folder) if folder else mails.make(count, seed + below)
                channel_id = await make_channel(context)
                raw.append(len(bodies) / bare(bodies))
                clock = Clock(server)
                spent = await product(context, channel_id, bodies)
                used = clock.stop()
                ours.append(len(bodies) / spent)
                raw[-1] = (raw[-1] + len(bodies) / bare(bodies)) / 2
                cpu.append(1e3 * (used["cpu_s"] + used["database_cpu_s"]) / len(bodies))
                wrong += await misthreaded(context, channel_id, answers_to, new)
        ratios = sorted(one / limit for one, limit in zip(ours, raw, strict=True))
        figure, limit = sorted(ours)[1], sorted(raw)[1]
        more = {
            "CPU ms/mail, application + database": round(sorted(cpu)[1], 2),
            "misthreaded": wrong,
            "mails": len(bodies),
            "senders": SENDERS,
            "ratios": [round(one, 2) for one in ratios],
        }
        results.append(
            Result(f"whole intake of mail, {name}", figure, "mails/s", limit, ratios[1], ">= 0.6, <= 2.5 ms", more)
        )
    return results


def main(quick: bool = False) -> list[Result]:
    """Measure with generated mails, or with those of the folder BENCH_MAILS with new/, reply/ and index.json."""
    folder = os.environ.get("BENCH_MAILS")
    with database() as server:
        count, below = (200, 5_000) if quick else (1000, 100_000)
        return asyncio.run(measure(server, count, Path(folder) if folder else None, below))


if __name__ == "__main__":
    run("intake_mail", main)
