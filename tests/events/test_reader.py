"""A durable reader handles every entry in order, even if processes die, handlers fail or transactions overlap."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from hub.errors import NotFound
from hub.events import reader_loop, tail
from hub.events.dead_letters import dead_letters, retry
from hub.events.models import Cursor, Entry
from hub.events.reader import DatabaseReader, ExternalReader, Start
from hub.storage.database import transaction
from hub.storage.errors import DatabaseUnavailable
from tests.events.journal import Journal, another_context, effect, until, write

AT_ONCE = timedelta(milliseconds=1)
KILLED = -9


class Bad(Exception):
    """Raised by a handler that cannot handle an entry."""


class Handler:
    """Records each entry as an effect, or fails if the entry is bad."""

    def __init__(self, name: str, *bad: int) -> None:
        self.name = name
        self.bad = set(bad)
        self.error: Exception = Bad("no such customer")
        self.tried: list[int] = []

    async def __call__(self, session: AsyncSession, entry: Entry) -> None:
        self.tried.append(entry.position)
        await effect(session, self.name, entry)
        if entry.position in self.bad:
            raise self.error


def reader_of(
    handler: Handler, *, start: Start = Start.BEGINNING, attempts: int = 3, batch: int = 50
) -> DatabaseReader:
    """Return a reader that starts at the first entry and retries quickly."""
    return DatabaseReader(
        name=handler.name,
        start=start,
        attempts=attempts,
        first_pause=AT_ONCE,
        longest_pause=AT_ONCE,
        batch=batch,
        apply=handler,
    )


async def test_entries_come_in_the_order_of_the_log_though_transactions_overlap(journal: Journal) -> None:
    handler = Handler("order")
    async with journal.reading(reader_of(handler)), AsyncExitStack() as later:
        early = await later.enter_async_context(transaction(journal.context.sessions))
        await early.execute(text("select pg_current_xact_id()"))  # this transaction began first and commits last
        await asyncio.gather(*(journal.write(5) for _ in range(4)))
        first = await write(early)
        assert await journal.effects("order") == []
        await later.aclose()
        await journal.has_effects("order", 21)
    assert await journal.effects("order") == await journal.order()
    assert (await journal.effects("order"))[0] == first


async def test_an_entry_is_handled_once_a_transaction_that_hid_it_ends(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "POLL_SECONDS", 60.0)
    async with journal.reading(reader_of(Handler("hidden"))):
        async with journal.context.engine.begin() as running:
            await running.execute(text("select pg_current_xact_id()"))
            written = await journal.write()
            assert await journal.effects("hidden") == []
        await journal.has_effects("hidden", 1)
    assert await journal.effects("hidden") == written


async def test_a_lost_signal_costs_a_poll_only(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "POLL_SECONDS", 0.05)
    async with journal.reading(reader_of(Handler("deaf"))):
        async with transaction(journal.context.sessions) as session:  # unused by the context: nothing is published
            written = await write(session)
        await journal.has_effects("deaf", 1)
    assert await journal.effects("deaf") == [written]


async def test_a_new_reader_starts_where_it_says_and_goes_on_there_when_it_comes_back(journal: Journal) -> None:
    old = await journal.write(2)
    async with journal.reading(reader_of(Handler("all"))), journal.reading(reader_of(Handler("new"), start=Start.NOW)):
        await journal.has_effects("all", 2)
        await until(lambda: _has_cursor(journal, "new"))
        now = await journal.write(2)
        await journal.has_effects("new", 2)
        await journal.has_effects("all", 4)
    later = await journal.write(2)
    async with journal.reading(reader_of(Handler("new"), start=Start.NOW)):
        await journal.has_effects("new", 4)
    assert await journal.effects("all") == old + now
    assert await journal.effects("new") == now + later


async def _has_cursor(journal: Journal, name: str) -> bool:
    async with journal.context.transaction() as session:
        return await session.get(Cursor, name) is not None


async def test_two_processes_with_one_name_handle_each_entry_once(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_loop, "STANDBY_SECONDS", 0.02)
    monkeypatch.setattr(tail, "POLL_SECONDS", 0.05)
    first, second = Handler("shared"), Handler("shared")
    async with (
        another_context(journal.url, journal.folder) as other,
        journal.reading(reader_of(first)) as stop,
        journal.reading(reader_of(second), other),
    ):
        await journal.write(10)
        await journal.has_effects("shared", 10)
        assert not (first.tried and second.tried), "one of them stands by"
        stop.set()
        await journal.write(10)
        await journal.has_effects("shared", 20)
    assert await journal.effects("shared") == await journal.order()


async def test_a_process_that_stalled_beyond_its_lease_commits_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_loop, "STANDBY_SECONDS", 0.02)
    goes_on, stalls = asyncio.Event(), asyncio.Event()

    async def stall(entry: Entry) -> None:
        stalls.set()
        await goes_on.wait()

    slow = ExternalReader(name="stalled", start=Start.BEGINNING, send=stall)
    [written] = await journal.write()
    async with another_context(journal.url, journal.folder) as other, journal.reading(slow, other) as stop:
        await stalls.wait()
        await journal.lease_runs_out()
        async with journal.reading(reader_of(Handler("stalled"))):
            await journal.has_effects("stalled", 1)
            [after] = await journal.write()
            await journal.has_effects("stalled", 2)
            stop.set()
            goes_on.set()
    assert await journal.effects("stalled") == [written, after]
    async with journal.context.transaction() as session:
        assert await session.scalar(text("select position from cursor where reader = 'stalled'")) == after


@pytest.mark.parametrize("name", ["database", "outside"])
async def test_a_killed_process_is_replaced_and_nothing_is_lost(journal: Journal, name: str) -> None:
    written = await journal.write(5)
    assert await journal.run_process(name, kill_at=written[2]) == KILLED
    before = await journal.effects(name)
    await journal.lease_runs_out()
    assert await journal.run_process(name) == 0
    if name == "database":
        assert await journal.effects(name) == written, "effects in the database count once"
    else:
        assert (before, await journal.effects(name)) == (written[:3], [*written[:3], *written[2:]])


async def test_an_entry_that_kills_each_process_is_put_aside(journal: Journal) -> None:
    written = await journal.write(3)
    ends: list[int] = []
    while not ends or ends[-1] == KILLED:
        assert len(ends) < 3, "two attempts, and then it goes on"
        ends.append(await journal.run_process("database", kill_at=written[1]))
        await journal.lease_runs_out()
    assert ends == [KILLED, KILLED, 0]
    assert await journal.effects("database") == [written[0], written[2]]
    async with journal.context.transaction() as session:
        [dead] = await dead_letters(session, "database")
    assert (dead.position, dead.attempts, dead.error) == (written[1], 2, reader_loop.PROCESS_ENDED)


async def test_a_bad_entry_is_put_aside_after_its_attempts_and_the_others_are_handled_in_order(
    journal: Journal,
) -> None:
    written = await journal.write(5)
    handler = Handler("bad", written[2])
    async with journal.reading(reader_of(handler)):
        await journal.has_effects("bad", 4)
    assert await journal.effects("bad") == [*written[:2], *written[3:]]
    assert handler.tried.count(written[2]) == 3
    async with journal.context.transaction() as session:
        [dead] = await dead_letters(session)
    assert (dead.reader, dead.position, dead.attempts, dead.error) == ("bad", written[2], 3, "Bad: no such customer")


async def test_a_bad_entry_within_a_batch_takes_none_of_its_neighbours_along(journal: Journal) -> None:
    handler = Handler("batch")
    async with journal.reading(reader_of(handler, batch=3)):
        first = await journal.write(3)
        await journal.has_effects("batch", 3)  # one by one, as after each start
        async with journal.context.transaction() as session:
            together = [await write(session) for _ in range(3)]
            handler.bad = {together[1]}
        await journal.has_effects("batch", 5)
    assert await journal.effects("batch") == [*first, together[0], together[2]]
    assert handler.tried.count(together[1]) == 4, "once in the batch, then three attempts of its own"


async def test_attempts_are_counted_across_restarts(journal: Journal) -> None:
    [written] = await journal.write()
    handler = Handler("restarted", written)
    patient = DatabaseReader(name="restarted", start=Start.BEGINNING, attempts=2, apply=handler)
    for attempt in (1, 2):
        async with journal.reading(patient):
            await until(partial(_tried, handler, attempt))
    assert handler.tried == [written, written]
    async with journal.context.transaction() as session:
        assert [dead.attempts for dead in await dead_letters(session)] == [2]


async def _tried(handler: Handler, times: int) -> bool:
    return len(handler.tried) >= times


async def test_an_entry_that_fails_during_an_outage_is_no_dead_letter(journal: Journal) -> None:
    [written] = await journal.write()
    handler = Handler("patient", written)
    handler.error = DatabaseUnavailable()
    async with journal.reading(reader_of(handler, attempts=2)):
        await until(lambda: _tried(handler, 5))
        handler.bad.clear()
        await journal.has_effects("patient", 1)
    async with journal.context.transaction() as session:
        assert list(await dead_letters(session)) == []


async def test_a_dead_letter_is_handled_again_when_a_person_says_so(journal: Journal) -> None:
    [written] = await journal.write()
    handler = Handler("retried", written)
    reader = reader_of(handler, attempts=1)
    async with journal.reading(reader):
        await until(lambda: _is_dead(journal))
    with pytest.raises(Bad):
        await retry(journal.context, reader, written)
    async with journal.context.transaction() as session:
        assert [dead.attempts for dead in await dead_letters(session, "retried")] == [2]
    handler.bad.clear()
    await retry(journal.context, reader, written)
    assert await journal.effects("retried") == [written]
    assert not await _is_dead(journal)
    with pytest.raises(NotFound):
        await retry(journal.context, reader, written)


async def test_two_retries_at_once_have_one_effect(journal: Journal) -> None:
    [written] = await journal.write()
    handler = Handler("twice", written)
    reader = reader_of(handler, attempts=1)
    async with journal.reading(reader):
        await until(lambda: _is_dead(journal))
    handler.bad.clear()
    both = (retry(journal.context, reader, written) for _ in range(2))
    ends = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["DeadLetterNotFound", "NoneType"]
    assert await journal.effects("twice") == [written]


async def _is_dead(journal: Journal) -> bool:
    async with journal.context.transaction() as session:
        return len(await dead_letters(session)) > 0


async def test_no_transaction_is_open_while_something_is_sent(journal: Journal) -> None:
    opened: list[int] = []

    async def send(entry: Entry) -> None:
        opened.append(await journal.open_transactions())

    await journal.write(3)
    async with journal.reading(ExternalReader(name="sender", start=Start.BEGINNING, send=send)):
        await until(lambda: _has(opened, 3))
    assert opened == [0, 0, 0]


async def _has(values: list[int], count: int) -> bool:
    return len(values) >= count


def test_pauses_grow_and_have_a_limit() -> None:
    reader = DatabaseReader(name="x", apply=Handler("x"))
    assert [reader.pause_after(failures) for failures in (1, 2, 3, 4, 5, 6, 7, 100)] == [1, 2, 4, 8, 16, 32, 60, 60]
