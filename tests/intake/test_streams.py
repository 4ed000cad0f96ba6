"""With several processes, the messages of one visitor are written in the order in which they were sent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Text, cast, select, update

from hub.channels.chat_contract import VisitorMessage, message_key, pack, visitor_point
from hub.channels.contract import RawItem
from hub.events.models import Entry
from hub.intake import arrivals, pipeline
from hub.intake.models import Arrival
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext
from hub.storage.database import now
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.models import Contact, ContactPoint, Message
from tests.fakes.ports import free_port
from tests.live.company import another_context
from tests.support.company import Company, open_company
from tests.support.database import make_database
from tests.support.outbox import until
from tests.visitors.site import make_chat

VISITOR, OTHER = uuid4(), uuid4()


@pytest.fixture(scope="module")
def streams_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "streams")


@pytest.fixture
async def processes(streams_url: str, tmp_path: Path) -> AsyncIterator[tuple[Company, AppContext]]:
    """Two processes on one database."""
    async with AsyncExitStack() as stack:
        company = await stack.enter_async_context(open_company(streams_url, tmp_path))
        yield company, await stack.enter_async_context(another_context(streams_url, tmp_path))


async def say(context: AppContext, channel_id: UUID, text: str, visitor: UUID = VISITOR) -> None:
    said = VisitorMessage(id=uuid4(), visitor=visitor, point=visitor_point(visitor), at=now(), text=text)
    item = RawItem(dedupe_key=message_key(visitor, said.id), body=pack(said), stream=str(visitor))
    await context.shared(Intake).keep(channel_id, [item])


async def log(company: Company) -> list[str]:
    """Return the messages in the order of the log."""
    async with company.session() as session:
        rows = await session.execute(
            select(Message.body)
            .join(Entry, Entry.event["message_id"].astext == cast(Message.id, Text))
            .where(Entry.event["type"].astext == "message_received")
            .order_by(Entry.xid, Entry.position)
        )
        return list(rows.scalars())


async def test_a_later_message_waits_for_an_earlier_one_that_another_process_has_claimed(
    processes: tuple[Company, AppContext],
) -> None:
    company, other = processes
    channel_id, _ = await make_chat(company)
    company.context.shared(Intake).store.hands_over = True
    await say(company.context, channel_id, "first")
    [first] = await arrivals.claim(company.context, company.context.shared(Intake).readers)
    await say(other, channel_id, "second")
    await say(other, channel_id, "of somebody else", OTHER)
    await until(lambda: has(company, "of somebody else"))
    assert await log(company) == ["of somebody else"]
    assert await pipeline.take(company.context, company.context.shared(Intake).readers, [first]) == []
    await other.shared(Intake).taker.idle()
    assert await log(company) == ["of somebody else", "first", "second"]


async def test_a_visitor_without_a_name_is_stored_with_a_short_one(processes: tuple[Company, AppContext]) -> None:
    company, _ = processes
    channel_id, _ = await make_chat(company)
    await say(company.context, channel_id, "hello")
    await company.context.shared(Intake).taker.idle()
    async with company.session() as session:
        found = await session.execute(
            select(Contact.name, ContactPoint.display).join(ContactPoint, ContactPoint.contact_id == Contact.id)
        )
        assert [tuple(row) for row in found] == [(f"Visitor {VISITOR.hex[-4:]}",) * 2]


async def test_a_stream_waits_only_briefly_for_a_process_that_died(
    processes: tuple[Company, AppContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    company, other = processes
    channel_id, _ = await make_chat(company)
    monkeypatch.setattr(arrivals, "PATIENCE", arrivals.PATIENCE / 10)
    company.context.shared(Intake).store.hands_over = True
    await say(company.context, channel_id, "first")
    await arrivals.claim(company.context, company.context.shared(Intake).readers)
    await say(other, channel_id, "second")
    await other.shared(Intake).taker.idle()
    assert await log(company) == ["second"]


async def test_an_early_message_does_not_hold_up_its_own_forerunner(processes: tuple[Company, AppContext]) -> None:
    company, other = processes
    channel_id, _ = await make_chat(company)
    company.context.shared(Intake).store.hands_over = True
    for text in ("first", "second", "third"):
        await say(company.context, channel_id, text)
    first, second, third = await arrivals.claim(company.context, company.context.shared(Intake).readers)
    assert await pipeline.take(company.context, company.context.shared(Intake).readers, [first, third]) == [third]
    assert await pipeline.take(other, other.shared(Intake).readers, [second]) == []
    assert await pipeline.take(company.context, company.context.shared(Intake).readers, [third]) == []
    assert await log(company) == ["first", "second", "third"]


async def test_a_batch_is_written_in_the_order_of_arrival(
    processes: tuple[Company, AppContext],
) -> None:
    company, _ = processes
    channel_id, _ = await make_chat(company)
    company.context.shared(Intake).store.hands_over = True
    for visitor, text in ((VISITOR, "first"), (VISITOR, "second"), (OTHER, "of somebody else")):
        await say(company.context, channel_id, text, visitor)
    first, second, other = await arrivals.claim(company.context, company.context.shared(Intake).readers)
    assert await pipeline.take(company.context, company.context.shared(Intake).readers, [other, first]) == []
    assert await pipeline.take(company.context, company.context.shared(Intake).readers, [second]) == []
    async with company.session() as session:
        shown = list(await session.scalars(select(Message.body).order_by(Message.at)))
    assert shown == ["first", "second", "of somebody else"]


async def test_two_workers_side_by_side_keep_the_order_of_each_visitor(processes: tuple[Company, AppContext]) -> None:
    company, other = processes
    channel_id, _ = await make_chat(company)
    stop = asyncio.Event()
    company.context.shared(Intake).store.hands_over = other.shared(Intake).store.hands_over = True
    async with asyncio.TaskGroup() as group:
        group.create_task(pipeline.run(company.context, company.context.shared(Intake).readers, stop))
        group.create_task(pipeline.run(other, other.shared(Intake).readers, stop))
        for n in range(60):
            await say((company.context, other)[n % 2], channel_id, f"{n:02d}")
        await until(lambda: has(company, "59"))
        stop.set()
    assert await log(company) == [f"{n:02d}" for n in range(60)]


async def has(company: Company, text: str) -> bool:
    return text in await log(company)


async def run_out(company: Company) -> None:
    """Make every lease expire."""
    async with company.session() as session:
        await session.execute(update(Arrival).values(due_at=now()))


async def test_a_killed_worker_does_not_count_as_a_failure_of_its_message(
    processes: tuple[Company, AppContext],
) -> None:
    company, _ = processes
    channel_id, _ = await make_chat(company)
    company.context.shared(Intake).store.hands_over = True
    await say(company.context, channel_id, "often in hand")
    for _ in range(arrivals.MAX_CLAIMS - 1):
        assert len(await arrivals.claim(company.context, company.context.shared(Intake).readers)) == 1
        await run_out(company)
    assert (
        await pipeline.take(
            company.context,
            company.context.shared(Intake).readers,
            await arrivals.claim(company.context, company.context.shared(Intake).readers),
        )
        == []
    )
    assert await log(company) == ["often in hand"]


async def test_a_message_that_no_worker_finishes_is_quarantined(processes: tuple[Company, AppContext]) -> None:
    company, _ = processes
    channel_id, _ = await make_chat(company)
    company.context.shared(Intake).store.hands_over = True
    await say(company.context, channel_id, "deadly")
    for _ in range(arrivals.MAX_CLAIMS):
        await arrivals.claim(company.context, company.context.shared(Intake).readers)
        await run_out(company)
    assert await arrivals.claim(company.context, company.context.shared(Intake).readers) == []
    async with company.session() as session:
        assert await session.scalar(select(Arrival.state)) == "quarantined"


async def test_messages_that_cannot_be_written_during_an_outage_stay_claimed(
    processes: tuple[Company, AppContext], tmp_path: Path
) -> None:
    company, _ = processes
    channel_id, _ = await make_chat(company)
    company.context.shared(Intake).store.hands_over = True
    await say(company.context, channel_id, "later")
    [held] = await arrivals.claim(company.context, company.context.shared(Intake).readers)
    async with another_context(f"postgresql+asyncpg://hub@127.0.0.1:{free_port()}/hub", tmp_path) as away:
        assert await pipeline.take(away, away.shared(Intake).readers, [held]) == [held]
    assert await pipeline.take(company.context, company.context.shared(Intake).readers, [held]) == []
    async with company.session() as session:
        assert (await session.execute(select(Arrival.state, Arrival.attempts))).one() == ("taken", 0)
