"""How late timers are: snoozes and deliveries fall due among 300,000 that wait."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import psutil
import uvloop
from sqlalchemy import text

from bench.chats import make_channel
from bench.kit import Clock, Result, context_on, database, percentile, run
from hub.access.models import Agent
from hub.access.rights import Role
from hub.channels.accounts import Connections
from hub.channels.contract import WorkClass
from hub.delivery import worker as delivery
from hub.delivery.claims import Claim
from hub.delivery.models import Delivery
from hub.routing import actions
from hub.routing import worker as routing
from hub.routing.assignment import Assignment
from hub.routing.availability import set_intent
from hub.runtime.context import LOG_TOPIC, AppContext
from hub.storage.database import new_id
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.models import Contact, ContactPoint, Conversation, Message

PENDING = 300_000
DUE = 300  # of each kind
WITHIN = 60.0  # seconds over which they fall due
AGENTS = 20
FILL = (
    "insert into contact (id, name, named, demo) select gen_random_uuid(), 'Later ' || n, true, false"
    " from generate_series(1, 50000) n",
    "insert into contact_point (id, contact_id, scheme, value, display) select gen_random_uuid(), id, 'webchat', id, id from contact",
    "insert into conversation (id, contact_id, state, snoozed_until, assigned_why, reply_key, preview, last_direction, last_at,"
    " inbound_count, reply_count, version, demo, opened_at) select gen_random_uuid(), id, 'snoozed',"
    " now() + interval '1 hour' + random() * interval '30 days', '[]', md5(id::text || n), '', 'inbound', now(), 1, 0, 1, false, now()"
    " from contact, generate_series(1, {each}) n",
    "insert into message (id, conversation_id, contact_id, at, direction, cc, body, automatic, mentions, has_files, status)"
    " select gen_random_uuid(), id, contact_id, now(), 'outbound', '[]', 'Later.', false, '[]', false, 'queued' from conversation",
    "insert into delivery (id, message_id, conversation_id, channel_id, point_id, state, due_at, attempts, history, created_at)"
    " select gen_random_uuid(), m.id, m.conversation_id, '{channel}', p.id, 'due',"
    " now() + interval '1 hour' + random() * interval '30 days', 0, '[]', now()"
    " from message m join contact_point p on p.contact_id = m.contact_id",
)


def now() -> datetime:
    """Return this machine's time, which is the database's as well."""
    return datetime.now(UTC)


async def fill(context: AppContext, channel_id: UUID, pending: int) -> None:
    """Insert pending timers: half of them snoozes, half deliveries."""
    async with context.transaction() as session:
        for statement in FILL:
            await session.execute(text(statement.format(each=max(1, pending // 100_000), channel=channel_id)))
    async with context.engine.connect() as line:
        alone = await line.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("vacuum analyze"))
        await alone.execute(text("checkpoint"))  # so that the writes left by filling do not disturb the timers


async def conversation(context: AppContext) -> tuple[UUID, UUID, UUID]:
    contact = Contact(name="Due")
    point = ContactPoint(contact_id=contact.id, scheme="webchat", value=str(contact.id), display="Due")
    one = Conversation(contact_id=contact.id, reply_key=new_id().hex[:26])
    async with context.transaction() as session:
        session.add(contact)
        await session.flush()
        session.add_all([point, one])
    return one.id, contact.id, point.id


async def agents(context: AppContext) -> list[UUID]:
    ids = [new_id() for _ in range(AGENTS)]
    async with context.transaction() as session:
        session.add_all(Agent(id=id_, name="Ann", role=Role.AGENT, email=f"{id_}@hub.test") for id_ in ids)
    for id_ in ids:
        async with context.transaction() as session:
            await set_intent(session, id_, "available")
    return ids


async def due_snooze(context: AppContext, agent_id: UUID, at: datetime) -> UUID:
    """Create a snoozed conversation that is assigned to an agent."""
    id_, _, _ = await conversation(context)
    async with context.transaction() as session:
        found = await session.get_one(Conversation, id_, with_for_update={"key_share": True})
        await actions.take(
            session, found, WorkClass.ASYNC, Assignment(agent_id=agent_id, reasons=("claimed",), by=agent_id)
        )
        found.state, found.snoozed_until = "snoozed", at
        await session.flush()
        await actions.pause(session, found)
    return id_


async def due_delivery(context: AppContext, channel_id: UUID, at: datetime) -> UUID:
    conversation_id, contact_id, point_id = await conversation(context)
    message = Message(
        conversation_id=conversation_id,
        contact_id=contact_id,
        at=now(),
        direction="outbound",
        channel_id=channel_id,
        point_id=point_id,
        body="It has been sent.",
        status="queued",
    )
    one = Delivery(
        message_id=message.id, conversation_id=conversation_id, channel_id=channel_id, point_id=point_id, due_at=at
    )
    async with context.transaction() as session:
        session.add(message)
        await session.flush()
        session.add(one)
    return one.id


class Noting(delivery.Sender):
    """The product's sender, which records when a claim was committed."""

    claimed_at: dict[UUID, datetime] = {}

    def _start(self, held: Claim) -> None:
        Noting.claimed_at[held.delivery.id] = now()
        super()._start(held)


@contextlib.asynccontextmanager
async def running(context: AppContext) -> AsyncIterator[None]:
    stop = asyncio.Event()
    delivery.Sender = Noting
    loops = [
        asyncio.create_task(delivery.run(context, context.shared(Connections), stop)),
        asyncio.create_task(routing.run(context, stop)),
    ]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*loops)


async def woken(context: AppContext, url: str, due: dict[UUID, datetime], until: datetime) -> dict[UUID, float]:
    """Return how late the waking of each was committed, in ms; a reader looks at each signal after a commit."""
    line = await asyncpg.connect(url.replace("+asyncpg", ""))
    bell = await context.signals.subscribe(LOG_TOPIC)
    late: dict[UUID, float] = {}
    while len(late) < len(due) and now() < until:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bell.batch(), 1)
        at = now()
        rows = await line.fetch(
            "select id from conversation where id = any($1) and state = 'open'", list(due.keys() - late.keys())
        )
        late |= {row["id"]: 1e3 * (at - due[row["id"]]).total_seconds() for row in rows}
    await context.signals.unsubscribe(bell)
    await line.close()
    return late


async def bare(url: str, statement: str, looks: int = 300) -> list[float]:
    """Run the bare claim in a tight loop; return the times in ms."""
    line = await asyncpg.connect(url.replace("+asyncpg", ""))
    took = []
    for _ in range(looks):
        began = time.perf_counter()
        async with line.transaction():
            await line.fetch(statement)
        took.append(1e3 * (time.perf_counter() - began))
    await line.close()
    return took


def steal(before: Any, after: Any) -> float:
    """Return the part of this machine's CPU time that its host gave to others meanwhile, in %."""
    return round(100 * (after.steal - before.steal) / max(1e-9, sum(after) - sum(before)), 1)


async def commits(url: str, until: asyncio.Event) -> list[float]:
    """Change and commit one row ten times a second; return the times in ms, which show the disk's speed meanwhile."""
    line = await asyncpg.connect(url.replace("+asyncpg", ""))
    await line.execute("create table if not exists beat (n bigint); insert into beat values (0)")
    took = []
    while not until.is_set():
        began = time.perf_counter()
        await line.execute("update beat set n = n + 1")
        took.append(1e3 * (time.perf_counter() - began))
        await asyncio.sleep(0.1)
    await line.close()
    return took


WAITING = (
    "select (select count(*) from conversation where state = 'snoozed')"
    " + (select count(*) from delivery where state = 'due')"
)
BARE = {
    "snooze": "select id from conversation where state = 'snoozed' and snoozed_until <= now() order by snoozed_until limit 20"
    " for no key update skip locked",
    "delivery": "select id from delivery where state = 'due' and due_at <= now() order by due_at limit 64"
    " for no key update skip locked",
}


@dataclass(frozen=True, kw_only=True)
class Timers:
    """The timers that fall due, and when."""

    snoozes: list[UUID]
    deliveries: list[UUID]
    at: dict[UUID, datetime]
    begins: datetime


async def set_timers(context: AppContext, channel_id: UUID, due: int, within: float) -> Timers:
    """Insert timers among the pending ones, and let them fall due only from 15 s on."""
    people, far = await agents(context), now() + timedelta(hours=1)
    snoozes = [await due_snooze(context, people[n % AGENTS], far) for n in range(due)]
    deliveries = [await due_delivery(context, channel_id, far) for _ in range(due)]
    begins = now() + timedelta(seconds=15)
    at = {id_: begins + timedelta(seconds=random.uniform(0, within)) for id_ in [*snoozes, *deliveries]}
    async with context.transaction() as session:
        for statement, ids in (
            ("update conversation set snoozed_until = :at where id = :id", snoozes),
            ("update delivery set due_at = :at where id = :id", deliveries),
        ):
            await session.execute(text(statement), [{"id": id_, "at": at[id_]} for id_ in ids])
    if now() > begins - timedelta(seconds=2):
        raise RuntimeError("It took too long to set the timers; the first are due already.")
    return Timers(snoozes=snoozes, deliveries=deliveries, at=at, begins=begins)


async def waited_for(context: AppContext, url: str, timers: Timers, within: float) -> dict[str, dict[UUID, float]]:
    """Let the product's loops run until all have fallen due; return how late each was, in ms."""
    due = {id_: timers.at[id_] for id_ in timers.snoozes}
    async with running(context):
        late = await woken(context, url, due, timers.begins + timedelta(seconds=within + 30))
        async with asyncio.timeout(60):
            while not Noting.claimed_at.keys() >= set(timers.deliveries):
                await asyncio.sleep(0.1)
    claimed = {id_: 1e3 * (Noting.claimed_at[id_] - timers.at[id_]).total_seconds() for id_ in timers.deliveries}
    return {"snooze": late, "delivery": claimed}


async def sent_after(url: str, timers: Timers) -> list[float]:
    """Return how long after their due time the messages were sent, in ms."""
    line = await asyncpg.connect(url.replace("+asyncpg", ""))
    rows = await line.fetch(
        "select id, settled_at from delivery where id = any($1) and state = 'sent'", timers.deliveries
    )
    await line.close()
    if len(rows) != len(timers.deliveries):
        raise RuntimeError(f"{len(rows)} of {len(timers.deliveries)} messages have gone.")
    return [1e3 * (row["settled_at"] - timers.at[row["id"]]).total_seconds() for row in rows]


async def measure(server: EmbeddedPostgres, pending: int, due: int, within: float) -> list[Result]:
    async with context_on(server.url) as context:
        channel_id = await make_channel(context)
        await fill(context, channel_id, pending)
        async with context.transaction() as session:
            waits = await session.scalar(text(WAITING))
        timers = await set_timers(context, channel_id, due, within)
        clock, done, stolen = Clock(server), asyncio.Event(), psutil.cpu_times()
        beat = asyncio.create_task(commits(server.url, done))
        late = await waited_for(context, server.url, timers, within)
        used = clock.stop()
        done.set()
        beats = await beat
        sent = await sent_after(server.url, timers)
        beside = {
            "a message has gone, p50 and p99 ms after its time": [
                round(percentile(sent, part), 1) for part in (0.5, 0.99)
            ],
            "a bare commit beside them, p99 and max ms": [round(percentile(beats, 0.99), 1), round(max(beats), 1)],
            "taken from this machine by others, % of its CPU": steal(stolen, psutil.cpu_times()),
            "pending": waits,
            "CPU ms of application and database a timer": round(
                1e3 * (used["cpu_s"] + used["database_cpu_s"]) / (2 * due), 1
            ),
        }
        return [
            result(name, one, await bare(server.url, BARE[name]), due, within, beside) for name, one in late.items()
        ]


def result(
    name: str, late: dict[UUID, float], raw: list[float], due: int, within: float, beside: dict[str, object]
) -> Result:
    lateness = list(late.values())
    figure, limit = percentile(lateness, 0.99), percentile(raw, 0.99)
    more = {
        "p50 ms": round(percentile(lateness, 0.5), 1),
        "limit": "the bare claim on the same table, p99",
        "limit p50 ms": round(percentile(raw, 0.5), 2),
        "fell due": f"{len(lateness)} of {due} in {within:.0f} s",
        "early": sum(one < 0 for one in lateness),
    }
    return Result(f"lateness of a {name}, p99", figure, "ms", limit, figure / limit, "<= 50 ms", more | beside)


def main(quick: bool = False) -> list[Result]:
    with database() as server, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the product runs
        return runner.run(
            measure(server, 100_000 if quick else PENDING, 60 if quick else DUE, 15.0 if quick else WITHIN)
        )


if __name__ == "__main__":
    run("timers", main)
