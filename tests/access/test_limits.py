"""Counters of attempts, and the client address of a request."""

import asyncio
from datetime import timedelta

import pytest

from hub.access.limits import Limit, client_address, count_attempt
from hub.runtime.context import AppContext
from hub.storage.database import now

PROXIES = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    "peer, forwarded, address",
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["<script>"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("::ffff:203.0.113.9", ["1.1.1.1"], "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        ("fd00::1", ["2001:db8:1:2::9"], "2001:db8:1:2::/64"),
        (None, [], "unknown"),
    ],
)
def test_only_our_own_proxies_are_believed(peer: str | None, forwarded: list[str], address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


async def tries(context: AppContext, limit: Limit, times: int, at: timedelta = timedelta()) -> list[timedelta | None]:
    async def one() -> timedelta | None:
        async with context.transaction() as session:
            return await count_attempt(session, [limit], now() + at)

    return await asyncio.gather(*(one() for _ in range(times)))


async def test_of_many_at_once_only_so_many_pass(context: AppContext) -> None:
    waits = await tries(context, Limit(subject="x", max_attempts=5), 100)
    assert waits.count(None) == 5


async def test_the_window_opens_again(context: AppContext) -> None:
    limit = Limit(subject="x", max_attempts=2)
    await tries(context, limit, 3)
    assert await tries(context, limit, 1, timedelta(minutes=14)) != [None]
    assert await tries(context, limit, 1, timedelta(minutes=16)) == [None]


async def test_the_wait_grows_with_each_window_used_up_but_not_for_ever(context: AppContext) -> None:
    limit = Limit(subject="x", max_attempts=1, grows=True)
    at, waits = timedelta(), []
    for _ in range(5):
        wait = max(wait for wait in await tries(context, limit, 2, at) if wait is not None)
        waits.append(round(wait / timedelta(minutes=15)))
        at += wait + timedelta(seconds=1)
    assert waits == [1, 2, 4, 4, 4]


async def test_a_refused_try_is_not_counted_against_everybody(context: AppContext) -> None:
    narrow, wide = Limit(subject="narrow", max_attempts=1), Limit(subject="wide", max_attempts=3)
    async with context.transaction() as session:
        answers = [await count_attempt(session, [narrow, wide], now()) for _ in range(10)]
        assert answers.count(None) == 1
        assert await count_attempt(session, [wide], now()) is None
