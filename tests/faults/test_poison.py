"""Unreadable arrivals in a stream: tried three times at most, shown to a supervisor, and harmless to other arrivals."""

import asyncio
from time import monotonic
from uuid import UUID, uuid4

import pytest

from hub.channels.chat_contract import VisitorMessage, pack
from hub.channels.contract import RawItem
from hub.intake.pipeline import Intake
from hub.storage.database import now
from tests.fakes.ports import free_port
from tests.faults.campaign import Campaign, campaign, size
from tests.faults.killer import until
from tests.faults.rooms import add_channel, at_work, rows
from tests.faults.screens import sign_in
from tests.live.client import Screen
from tests.live.company import serving_on
from tests.support.outbox import Outbox, more_kinds

pytestmark = pytest.mark.faults
STREAM = size(200, 2_000)
ROUNDS = 3
RATE = 60.0  # a second
EVERY = 100  # one in this many is unreadable
VISIBLE = 60.0
SLACK = size(30, 0) / 1000  # seconds: a small run has few values beyond its p99, and a busy machine moves them


async def _stream(outbox: Outbox, channel: UUID, run: Campaign, poisoned: UUID | None) -> list[str]:
    """Send a stream at a steady rate, mixed with arrivals of the channel `poisoned` if given; return the ids sent."""
    sent = []
    for n in range(STREAM):
        if poisoned is not None and n % EVERY == EVERY // 2:
            forged = b'{"id": "%d", "sender": "ann", "text": "x", "signature": "bad"}' % n
            await outbox.context.shared(Intake).receive(
                poisoned, [RawItem(dedupe_key=f"poison-{uuid4()}", body=forged)]
            )
        said = VisitorMessage(
            id=uuid4(), visitor=uuid4(), point=f"v{run.rng.randrange(50)}", at=now(), text=f"number {n}"
        )
        sent.append(str(said.id))
        await outbox.context.shared(Intake).receive(channel, [RawItem(dedupe_key=str(said.id), body=pack(said))])
        await asyncio.sleep(run.rng.expovariate(RATE))
    await outbox.context.shared(Intake).processor.wait_until_idle()
    return sent


async def _delays(outbox: Outbox, keys: list[str]) -> list[float]:
    """Return the seconds from the arrival of each message until it was processed, in ascending order."""
    question = "select extract(epoch from taken_at - received_at) as s from arrival where dedupe_key = any(:keys)"
    return sorted(float(str(row["s"])) for row in await rows(outbox.context, question, keys=keys))


async def test_unreadable_arrivals_are_quarantined_and_delay_no_others(outbox: Outbox) -> None:
    with campaign("poison") as run, more_kinds():
        chat = (await add_channel(outbox.context, "webchat", {"site_name": "Aurora"})).id
        bad = (await add_channel(outbox.context, "post_ask", {"url": "http://127.0.0.1:9", "token": "t"})).id
        async with at_work(outbox.context, "intake"), serving_on(outbox.context, free_port()) as base:
            who = await sign_in(outbox.context, "Sue")
            async with Screen.signed_in(base, *who) as screen:
                clean, mixed = [], []
                for _ in range(ROUNDS):  # interleaved, and the best of each, because the machine changes its speed
                    clean.append(_p99(await _delays(outbox, await _stream(outbox, chat, run, None))))
                    mixed.append(_p99(await _delays(outbox, await _stream(outbox, chat, run, bad))))
                seen = await _seen(screen, ROUNDS * STREAM // EVERY)
        tries = await rows(outbox.context, "select attempts, state from arrival where channel_id = :id", id=bad)
        run.note(poison=len(tries), neighbours=ROUNDS * STREAM, p99_clean_s=clean, p99_mixed_s=mixed, visible_s=seen)
        assert all(int(str(row["attempts"])) <= 3 for row in tries)
        assert {row["state"] for row in tries} == {"quarantined"}
        assert min(mixed) <= 1.2 * min(clean) + SLACK


async def _seen(screen: Screen, count: int) -> float:
    """Wait until a supervisor's list shows this many."""
    began = monotonic()

    async def listed() -> bool:
        page = await screen.ask("GET", "/arrivals?state=quarantined&limit=200")
        return len(page["items"]) >= count

    await until(listed, within=VISIBLE, what=f"{count} arrivals are in quarantine", every=0.5)
    return round(monotonic() - began, 1)


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return round(ordered[int(len(ordered) * 0.99)], 4)
