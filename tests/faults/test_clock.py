"""Clocks an hour early or late, or three months ahead: nothing fires twice or early, and no lease is stolen."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.fakes.ports import free_port
from tests.faults.campaign import campaign, size
from tests.faults.clock import Clock
from tests.faults.installation import Installation, open_installation
from tests.faults.ledger import Ledger, check_invariants
from tests.faults.people import Bot, mail, send_mail
from tests.faults.test_smtp_steps import HELP, Taker

pytestmark = pytest.mark.faults
SHIFTS = ("+1h", "-1h", "+90d")
WAIT = 8  # seconds until the timers are due


async def _conversation(installation: Installation, number: str) -> str:
    sender = f"{number}@customer.example"
    await asyncio.to_thread(send_mail, installation.lmtp_port, sender, HELP, mail(number, sender, HELP))
    row = await installation.found(
        "select conversation_id from message where body like :said", said=f"number {number}%"
    )
    return str(row["conversation_id"])


async def _later(bot: Bot, conversation_id: str, number: str) -> None:
    """Queue an answer that can be undone for a while."""
    way = await bot.reach(conversation_id)
    body = {
        "id": str(uuid4()),
        "channel_id": way["channel_id"],
        "point_id": way["point_id"],
        "text": f"number {number}",
    }
    answer = await bot.http.post(f"/conversations/{conversation_id}/replies", json=body | {"undo_seconds": WAIT})
    assert answer.is_success, answer.text


async def _snooze(bot: Bot, conversation_id: str, until: datetime) -> None:
    answer = await bot.http.put(f"/conversations/{conversation_id}/snooze", json={"until": until.isoformat()})
    assert answer.is_success, answer.text


async def _fires_once_and_in_time(
    installation: Installation, bot: Bot, server: Taker, shift: str, n: int
) -> dict[str, Any]:
    """Schedule an answer and a snooze, both due in a while by true time, under a wrong clock."""
    name = f"{'early' if shift[0] == '-' else 'late'}{shift[1:]}-{n}"
    answered, asleep = await _conversation(installation, f"{name}-a"), await _conversation(installation, f"{name}-s")
    due = datetime.now(UTC) + timedelta(seconds=WAIT)
    await _later(bot, answered, f"re-{name}")
    await _snooze(bot, asleep, due)
    woken = "select e.at from entry e where conversation_id = :id and event->>'type' = 'conversation_woken'"
    row = await installation.found(woken, id=asleep, within=WAIT + 20)
    sent = await installation.found(
        "select settled_at from delivery where conversation_id = :id and state = 'sent'", id=answered, within=WAIT + 20
    )
    late = {"snooze_s": (row["at"] - due).total_seconds(), "answer_s": (sent["settled_at"] - due).total_seconds()}
    assert min(late.values()) >= 0, f"nothing fires early under {shift}: {late}"
    assert max(late.values()) <= 10, f"nothing fires late under {shift}: {late}"
    assert len(await installation.rows(woken, id=asleep)) == 1
    assert server.accepted[f"re-{name}"] == 1
    return {"shift": shift} | {kind: round(seconds, 2) for kind, seconds in late.items()}


async def test_a_wrong_clock_fires_nothing_early_or_twice_and_steals_no_lease() -> None:
    with campaign("clock") as run, Taker.running() as server:
        async with open_installation() as installation:
            clock = Clock(installation.folder / "clock")
            installation.serve.environ |= clock.environ
            installation.work.environ |= clock.environ
            await asyncio.gather(installation.serve.up(), installation.work.up())
            account = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
            await installation.channel("email", "Help", {"address": HELP, **account})
            bot = Bot(installation.base, await installation.bot(), Ledger())
            fired = []
            for n in range(size(1, 5)):
                for shift in SHIFTS:
                    clock.set(shift)
                    run.did(f"clock {shift}")
                    fired.append(await _fires_once_and_in_time(installation, bot, server, shift, n))
            run.note(fired=fired)
            clock.set("+0")
            await _keeps_its_lease(installation, bot, server, Clock(installation.folder / "other"))
            assert set(server.accepted.values()) == {1}
            await check_invariants(installation)


async def _keeps_its_lease(installation: Installation, bot: Bot, server: Taker, clock: Clock) -> None:
    """A worker whose clock is three months ahead does not claim a mail that another worker is sending slowly."""
    conversation_id = await _conversation(installation, "slow")
    server.hold()
    way = await bot.reach(conversation_id)
    await bot.reply(conversation_id, way, "re-slow")
    assert await asyncio.to_thread(server.arrived.wait, 30)
    clock.set("+90d")
    other = installation.worker(free_port(), 0, **clock.environ)
    try:
        await other.up()
        [before] = await installation.rows("select lease from delivery where state = 'sending'")
        await installation.found("select 1 from delivery where lease_until < now() + interval '35 s'", within=40)
        [after] = await installation.rows("select lease from delivery where state = 'sending'")
        assert after == before
    finally:
        server.gate.set()
        await installation.found(
            "select 1 from delivery where state = 'sent' and conversation_id = :id", id=conversation_id
        )
        other.kill()
    assert Counter(server.accepted)["re-slow"] == 1
