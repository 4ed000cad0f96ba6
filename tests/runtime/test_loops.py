"""Background loops: when they wake, how long they wait, and which failures they log."""

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic

import pytest
import structlog
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from hub.runtime.loops import Wakeup, cancel, failures_logged, log_failure, pause, run_every, wake_on
from hub.signals import MemorySignals
from hub.storage.errors import DatabaseUnavailable

LONG = 60.0  # seconds; a test that waits this long fails
logger = structlog.get_logger("test")


@pytest.fixture
async def signals() -> AsyncIterator[MemorySignals]:
    async with MemorySignals() as opened:
        yield opened


async def promptly(waiting: "asyncio.Future[bool] | asyncio.Task[bool]") -> bool:
    async with asyncio.timeout(5):
        return await waiting


async def test_a_signal_ends_the_wait(signals: MemorySignals) -> None:
    async with wake_on(signals, "news") as wakeup:
        waiting = asyncio.create_task(wakeup.wait(LONG))
        await signals.publish("news", b"")
        assert await promptly(waiting)


async def test_a_signal_of_another_topic_does_not(signals: MemorySignals) -> None:
    async with wake_on(signals, "news") as wakeup:
        await signals.publish("weather", b"")
        assert not await wakeup.wait(0.02)


async def test_a_signal_during_a_round_ends_the_next_wait_and_no_other(signals: MemorySignals) -> None:
    async with wake_on(signals, "news") as wakeup:
        for _ in range(3):
            await signals.publish("news", b"")
        assert await promptly(asyncio.create_task(wakeup.wait(LONG)))
        assert not await wakeup.wait(0.02)


async def test_the_time_limit_ends_the_wait_without_a_wake_up() -> None:
    began = monotonic()
    assert not await Wakeup().wait(0.05)
    assert monotonic() - began >= 0.045


async def test_stop_ends_the_wait(signals: MemorySignals) -> None:
    stop = asyncio.Event()
    async with wake_on(signals, "news", stop=stop) as wakeup:
        waiting = asyncio.create_task(wakeup.wait(LONG))
        stop.set()
        assert await promptly(waiting)


async def test_wake_ups_that_come_close_together_are_gathered_but_not_beyond_the_limit() -> None:
    wakeup = Wakeup()
    wakeup.wake()
    began = monotonic()
    assert await wakeup.wait(LONG, gather=0.05)
    assert monotonic() - began >= 0.045
    wakeup.wake()
    assert await promptly(asyncio.create_task(wakeup.wait(0.01, gather=LONG)))


async def test_nothing_is_left_running_after_the_block(signals: MemorySignals) -> None:
    before = asyncio.all_tasks()
    async with wake_on(signals, "news", stop=asyncio.Event()):
        assert signals.topics() == {"news"}
    assert signals.topics() == frozenset()
    assert asyncio.all_tasks() == before


async def test_a_pause_lasts_as_long_as_asked_or_until_stop() -> None:
    stop = asyncio.Event()
    began = monotonic()
    await pause(stop, 0.05)
    assert monotonic() - began >= 0.045
    stop.set()
    async with asyncio.timeout(5):
        await pause(stop, LONG)


async def test_a_repeated_act_outlives_its_failures() -> None:
    calls = 0
    enough = asyncio.Event()

    async def act() -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            enough.set()
        raise ValueError(f"call {calls}")

    with capture_logs() as lines:
        repeating = asyncio.create_task(run_every(0.001, act, logger, "act.failed"))
        async with asyncio.timeout(5):
            await enough.wait()
        await cancel(repeating)
    assert repeating.cancelled()
    assert [line["event"] for line in lines[:2]] == ["act.failed"] * 2


async def test_cancel_waits_for_the_end_of_each_task_whatever_that_is() -> None:
    ended: list[str] = []

    async def until_cancelled(name: str, ending: Callable[[], None]) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)
            ending()

    def fail() -> None:
        raise ValueError("on the way out")

    tasks = [asyncio.create_task(until_cancelled(name, end)) for name, end in (("calm", lambda: None), ("wild", fail))]
    await asyncio.sleep(0)
    await cancel(*tasks)
    assert sorted(ended) == ["calm", "wild"]


@pytest.mark.parametrize(
    "error, reason",
    [
        (DatabaseUnavailable(), DatabaseUnavailable().detail),
        (OperationalError("select 1", None, Exception()), "The database does not answer."),
    ],
)
def test_an_outage_is_one_warning_without_a_traceback(error: Exception, reason: str) -> None:
    with capture_logs() as lines:
        log_failure(logger, "round.failed", error, channel="c")
    assert lines == [{"event": "round.failed", "log_level": "warning", "reason": reason, "channel": "c"}]


def test_any_other_failure_is_an_error_with_its_traceback_and_the_loop_goes_on() -> None:
    error = ValueError("x")
    with capture_logs() as lines, failures_logged(logger, "round.failed"):
        raise error
    assert lines == [{"event": "round.failed", "log_level": "error", "exc_info": error}]


def test_a_cancelled_loop_is_no_failure() -> None:
    with capture_logs() as lines, pytest.raises(asyncio.CancelledError), failures_logged(logger, "round.failed"):
        raise asyncio.CancelledError
    assert lines == []
