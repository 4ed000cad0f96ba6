"""Websockets are cut at random under load: afterwards each screen shows the same as after a full reload."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from uuid import uuid4

import pytest

from hub.runtime.context import AppContext
from tests.fakes.ports import free_port
from tests.faults.campaign import Campaign, campaign, size
from tests.faults.killer import until
from tests.faults.proxy import Proxy
from tests.faults.rooms import add_channel, rows
from tests.faults.screens import VisitorLoad, Wired, sign_in
from tests.live.company import serving_on
from tests.live.compare import differences
from tests.support.outbox import Outbox

pytestmark = pytest.mark.faults
SCREENS = 5
CUTS = size(60, 1000)
MESSAGES = 120.0  # a second, each at least one event


@asynccontextmanager
async def _screens(context: AppContext, base: str, proxy: Proxy) -> AsyncIterator[list[Wired]]:
    async with AsyncExitStack() as stack:
        screens = []
        for who in [await sign_in(context, f"Agent{n}") for n in range(SCREENS)]:
            screen = await stack.enter_async_context(Wired.signed_in(base, *who))
            screen.wire = proxy
            await screen.load()
            screen.stay()
            stack.push_async_callback(screen.leave)
            screens.append(screen)
        yield screens


async def _cut(run: Campaign, proxy: Proxy, screens: list[Wired]) -> None:
    """Break one connection: reset by us, reset by the server, or cut in the middle of a frame."""
    how = run.rng.choice(("abort", "reset", "within a frame", "black hole"))
    screen = run.rng.choice(screens)
    screen.cuts += 1
    if how == "abort" and screen.connected:
        screen.cut()
    elif how == "reset":
        proxy.reset()
    elif how == "black hole":
        proxy.black_hole = True
        await asyncio.sleep(0.1)
        proxy.black_hole = False
        proxy.reset()
    else:
        proxy.cut_after = run.rng.randrange(500, 20_000)
        await asyncio.sleep(0.05)
        proxy.cut_after = None
    run.did(how)


async def _same(screens: list[Wired]) -> None:
    """Assert that every screen shows the same as after a full reload."""
    found: dict[str, list[str]] = {}

    async def holds() -> bool:
        fresh = await screens[0].snapshot()
        found.clear()
        for screen in screens:
            await screen.follow()
            different = differences(screen.state, fresh)
            if different:
                found[screen.agent_id] = different
        return not found

    try:
        await until(holds, within=30, what="the screens are the same", every=0.2)
    except TimeoutError:
        pytest.fail(f"lines ended by {[one.codes[-5:] for one in screens]}; a screen differs: {str(found)[:1500]}")


async def test_after_random_cuts_every_screen_is_what_a_fresh_one_would_be(outbox: Outbox) -> None:
    with campaign("sockets") as run:
        channel = await add_channel(outbox.context, "webchat", {"site_name": "Aurora"})
        chatter = VisitorLoad(outbox.context, channel.id, run.rng, [uuid4() for _ in range(size(12, 150))], MESSAGES)
        async with (
            serving_on(outbox.context, free_port()) as base,
            Proxy.running("127.0.0.1", int(base.rpartition(":")[2])) as proxy,
            _screens(outbox.context, base, proxy) as screens,
        ):
            events, seconds = 0, 0.0
            for _ in range(CUTS // 10):
                before, began = await _events(outbox.context), monotonic()
                chatter.begin()
                for _ in range(10):
                    await asyncio.sleep(run.rng.uniform(0.0, 0.2))
                    await _cut(run, proxy, screens)
                await chatter.pause()
                events, seconds = events + await _events(outbox.context) - before, seconds + monotonic() - began
                await _same(screens)
            await chatter.end()
            run.note(
                cuts=CUTS,
                lines=proxy.accepted,
                messages=chatter.said,
                events_per_second=round(events / seconds),
                resets=sum(frame["type"] == "reset" for screen in screens for frame in screen.received),
            )


async def _events(context: AppContext) -> int:
    [row] = await rows(context, "select count(*) as events from entry")
    return int(str(row["events"]))
