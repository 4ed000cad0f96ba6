"""Signals behave alike in one process and over a real Redis, which may disconnect and return."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from hub.signals import Gap, MemorySignals, Signal, Signals, Subscription
from hub.signals.redis import RedisSignals
from tests.conftest import RedisServer

SECOND = timedelta(seconds=1)
BLINK = timedelta(milliseconds=50)
DAY = timedelta(days=1)


async def until(holds: Callable[[], Awaitable[bool]], limit: float = 10.0) -> None:
    """Wait for a condition; fail when it does not become true."""
    for _ in range(int(limit / 0.02)):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def received(subscription: Subscription) -> list[Signal | Gap]:
    async with asyncio.timeout(5):
        return await subscription.batch()


async def heard(subscription: Subscription) -> list[Signal]:
    """Return the next signals, without the gap that a new connection begins with."""
    while True:
        signals = [signal for signal in await received(subscription) if isinstance(signal, Signal)]
        if signals:
            return signals


class Contract:
    """Tests for every implementation of signals."""

    @pytest.fixture
    async def signals(self) -> AsyncIterator[Signals]:
        async with MemorySignals() as signals:
            yield signals

    async def test_a_subscriber_hears_its_topics_in_order(self, signals: Signals) -> None:
        subscription = await signals.subscribe("tea", "coffee")
        assert await signals.publish("tea", b"1")
        await signals.publish("water", b"x")
        await signals.publish("coffee", b"2")
        signals_heard = await heard(subscription)
        while len(signals_heard) < 2:
            signals_heard += await heard(subscription)
        assert signals_heard == [Signal("tea", b"1"), Signal("coffee", b"2")]

    async def test_two_subscribers_of_one_topic_both_hear(self, signals: Signals) -> None:
        first, second = await signals.subscribe("tea"), await signals.subscribe("tea")
        await signals.publish("tea", b"\x00\xff")
        assert await heard(first) == await heard(second) == [Signal("tea", b"\x00\xff")]

    async def test_unsubscribed_listeners_get_no_more_signals_and_others_do(self, signals: Signals) -> None:
        gone, stays = await signals.subscribe("tea"), await signals.subscribe("tea")
        await signals.unsubscribe(gone)
        await signals.publish("tea", b"1")
        assert await heard(stays) == [Signal("tea", b"1")]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await heard(gone)

    async def test_a_slow_reader_is_told_of_a_gap_and_hears_on(self, signals: Signals) -> None:
        slow, quick = await signals.subscribe("tea", limit=3), await signals.subscribe("tea")
        for number in range(10):
            await signals.publish("tea", str(number).encode())
        total: list[Signal] = []
        while len(total) < 10:
            total += await heard(quick)
        backlog = await received(slow)
        assert isinstance(backlog[0], Gap)
        assert len(backlog) <= 3
        await signals.publish("tea", b"next")
        assert Signal("tea", b"next") in await heard(slow)

    async def test_a_lease_has_one_holder(self, signals: Signals) -> None:
        assert await signals.acquire("mailbox", "a", SECOND)
        assert not await signals.acquire("mailbox", "b", SECOND)
        assert await signals.acquire("mailbox", "a", SECOND)
        assert await signals.holder("mailbox") == "a"

    async def test_a_lease_given_back_is_free(self, signals: Signals) -> None:
        await signals.acquire("mailbox", "a", DAY)
        await signals.release("mailbox", "b")
        assert await signals.holder("mailbox") == "a"
        await signals.release("mailbox", "a")
        assert await signals.holder("mailbox") is None
        assert await signals.acquire("mailbox", "b", DAY)

    async def test_a_lease_that_ran_out_is_free(self, signals: Signals) -> None:
        await signals.acquire("mailbox", "a", BLINK)
        await until(lambda: signals.acquire("mailbox", "b", SECOND))

    async def test_of_many_takers_one_wins(self, signals: Signals) -> None:
        taken = await asyncio.gather(*(signals.acquire("mailbox", f"owner {n}", DAY) for n in range(50)))
        assert sum(taken) == 1

    async def test_members_have_joined_and_not_left(self, signals: Signals) -> None:
        for member in ("ada", "bob", "cyd"):
            await signals.join("room", member, DAY)
        await signals.leave("room", "bob")
        assert await signals.members("room") == {"ada", "cyd"}
        assert await signals.members("other") == frozenset()

    async def test_a_member_who_does_not_join_again_is_gone(self, signals: Signals) -> None:
        await signals.join("room", "ada", DAY)
        await signals.join("room", "bob", BLINK)

        async def bob_is_gone() -> bool:
            return await signals.members("room") == {"ada"}

        await until(bob_is_gone)

    async def test_a_bucket_gives_its_burst_and_then_its_rate(self, signals: Signals) -> None:
        waits = [await signals.throttle("logins", rate=0.1, burst=3) for _ in range(4)]
        assert waits[:3] == [timedelta()] * 3
        assert timedelta(seconds=9) < waits[3] <= timedelta(seconds=10)
        assert await signals.throttle("others", rate=0.1, burst=3) == timedelta()

    async def test_a_bucket_fills_again(self, signals: Signals) -> None:
        assert await signals.throttle("logins", rate=20, burst=1) == timedelta()

        async def may_go() -> bool:
            return await signals.throttle("logins", rate=20, burst=1) == timedelta()

        assert not await may_go()
        await until(may_go)

    async def test_of_many_steps_at_once_only_the_burst_goes(self, signals: Signals) -> None:
        waits = await asyncio.gather(*(signals.throttle("logins", rate=0.01, burst=5) for _ in range(100)))
        assert waits.count(timedelta()) == 5


class TestMemory(Contract):
    """Signals within one process."""

    async def test_time_is_told_by_the_clock_it_is_given(self) -> None:
        now = [0.0]
        signals = MemorySignals(clock=lambda: now[0])
        await signals.acquire("mailbox", "a", SECOND)
        now[0] = 1.5
        assert await signals.holder("mailbox") is None


class TestRedis(Contract):
    """Signals over a real Redis."""

    @pytest.fixture
    async def signals(self, redis_url: str) -> AsyncIterator[Signals]:
        async with RedisSignals(redis_url) as signals:
            yield signals

    async def test_two_processes_hear_each_other(self, redis_url: str) -> None:
        async with RedisSignals(redis_url) as here, RedisSignals(redis_url) as there:
            subscription = await there.subscribe("tea")
            await here.publish("tea", b"1")
            assert await heard(subscription) == [Signal("tea", b"1")]
            assert await here.acquire("mailbox", "a", DAY)
            assert not await there.acquire("mailbox", "b", DAY)
            await here.join("room", "ada", DAY)
            assert await there.members("room") == {"ada"}

    async def test_a_flushed_redis_is_filled_again(self, redis_url: str) -> None:
        async with RedisSignals(redis_url) as signals:
            subscription = await signals.subscribe("tea")
            await signals.acquire("mailbox", "a", DAY)
            client = Redis.from_url(redis_url)
            await client.flushall()
            await client.script_flush()
            await client.aclose()
            assert await signals.acquire("mailbox", "a", DAY)
            await signals.publish("tea", b"1")
            assert await heard(subscription) == [Signal("tea", b"1")]


class TestOutage:
    """Signals while Redis is away, and after it is back."""

    async def test_after_an_outage_a_gap_is_told_and_signals_flow_again(self, own_redis: RedisServer) -> None:
        async with RedisSignals(own_redis.url) as here, RedisSignals(own_redis.url) as there:
            subscription = await there.subscribe("tea")
            await here.publish("tea", b"before")
            assert await heard(subscription) == [Signal("tea", b"before")]
            own_redis.kill()
            assert not await here.publish("tea", b"lost")
            own_redis.start()
            assert Gap() in await received(subscription)
            word = uuid.uuid4().bytes

            async def flows() -> bool:
                return await here.publish("tea", word) and Signal("tea", word) in await heard(subscription)

            await until(flows)
            assert here.healthy

    async def test_without_redis_nothing_raises_and_this_process_goes_on_alone(self, own_redis: RedisServer) -> None:
        async with RedisSignals(own_redis.url) as signals:
            subscription = await signals.subscribe("tea")
            assert await signals.acquire("mailbox", "a", DAY)
            await signals.join("room", "ada", DAY)
            own_redis.kill()
            assert not await signals.publish("tea", b"1")
            assert await heard(subscription) == [Signal("tea", b"1")]
            assert await signals.acquire("mailbox", "a", DAY)
            assert not await signals.acquire("mailbox", "b", DAY)
            assert not await signals.acquire("other", "a", DAY)
            assert await signals.holder("mailbox") == "a"
            assert await signals.members("room") == {"ada"}
            waits = [await signals.throttle("logins", rate=0.01, burst=2) for _ in range(3)]
            assert waits.count(timedelta()) == 2
            assert not signals.healthy

    async def test_a_hub_may_start_before_its_redis(self, own_redis: RedisServer) -> None:
        own_redis.kill()
        async with RedisSignals(own_redis.url) as signals:
            assert not await signals.publish("tea", b"1")
            own_redis.start()

            async def works() -> bool:
                return bool(await signals.publish("tea", b"2") and signals.healthy)

            await until(works)
