"""Doubtful messages: the connection broke, the process died, or the lease ran out while the message was being sent."""

import asyncio
import sys
from pathlib import Path

import pytest

from hub.delivery.models import Delivery
from tests.fakes.provider import Provider
from tests.support.outbox import Outbox, true, until


async def told(outbox: Outbox, one: Delivery, *what: str) -> bool:
    found, _ = await outbox.look(one)
    return [line["what"] for line in found.history] == list(what)


@pytest.mark.parametrize("mishap", ["lost", "hang"])
async def test_an_unknown_fate_is_doubtful_and_never_sent_again(
    outbox: Outbox,
    provider: Provider,
    mishap: str,
) -> None:
    provider.script.append(mishap)
    one = await outbox.reply(await outbox.channel("post_ask"))
    async with outbox.sending():
        doubtful, message = await outbox.is_(one, "doubtful")
        other = await outbox.reply(await outbox.channel("post_ask"))
        await outbox.is_(other, "sent")
    assert (doubtful.lease_until, message.status) == (None, "doubtful")
    assert provider.ids.count(str(one.message_id)) == 1


async def test_where_repeating_is_safe_an_unknown_fate_is_tried_again(outbox: Outbox, provider: Provider) -> None:
    provider.idempotent = True
    provider.script.append("lost")
    one = await outbox.reply(await outbox.channel("post_safe"))
    async with outbox.sending():
        await until(lambda: outbox.is_due_again(one, attempts=1))
        await outbox.change(one, due_at=one.created_at)
        sent, _ = await outbox.is_(one, "sent")
    assert sent.attempts == 2
    assert provider.ids == [str(one.message_id)]


async def test_where_one_can_look_a_doubtful_message_is_found(outbox: Outbox, provider: Provider) -> None:
    provider.script.append("lost")
    one = await outbox.reply(await outbox.channel("post_look"))
    async with outbox.sending():
        doubtful, _ = await outbox.is_(one, "doubtful")
        assert doubtful.lease_until is not None
        await outbox.expire(one)
        sent, message = await outbox.is_(one, "sent")
    assert (sent.provider_id, message.status) == (f"p-{message.id}", "sent")
    assert provider.ids == [str(one.message_id)]


async def test_a_message_that_is_not_found_stays_doubtful_and_is_looked_for_again(
    outbox: Outbox, provider: Provider
) -> None:
    provider.script.append("lost")
    one = await outbox.reply(await outbox.channel("post_look"))
    async with outbox.sending():
        await outbox.is_(one, "doubtful")
        provider.ledger.clear()
        await outbox.expire(one)
        await until(lambda: told(outbox, one, "doubtful", "looked"))
    still, message = await outbox.look(one)
    assert (still.state, message.status) == ("doubtful", "doubtful")
    assert still.lease_until is not None
    assert provider.calls == 1


@pytest.mark.faults
@pytest.mark.parametrize("kind, fate", [("post_ask", "doubtful"), ("post_look", "sent"), ("post_safe", "sent")])
async def test_a_process_killed_while_sending_never_makes_two(
    outbox: Outbox,
    provider: Provider,
    post_url: str,
    tmp_path: Path,
    kind: str,
    fate: str,
) -> None:
    provider.idempotent = kind == "post_safe"
    provider.script.append("wait")
    one = await outbox.reply(await outbox.channel(kind))
    command = (sys.executable, "-m", "tests.delivery.sending_process", post_url, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command)
    await until(lambda: true(provider.ledger), within=30)
    process.kill()
    await process.wait()
    held, message = await outbox.look(one)
    assert (held.state, message.status) == ("sending", "sending")
    await outbox.expire(one)
    async with outbox.sending():
        if kind != "post_ask":
            state = "due" if kind == "post_safe" else "doubtful"
            await outbox.is_(one, state)
            await outbox.change(one, due_at=one.created_at, lease_until=one.created_at)
        await outbox.is_(one, fate)
    assert provider.ids == [str(one.message_id)]


async def test_a_delivery_claimed_and_never_begun_is_due_again(outbox: Outbox, provider: Provider) -> None:
    one = await outbox.reply(await outbox.channel("post_ask"))
    await outbox.change(one, state="claimed", attempts=1, lease=one.id)
    await outbox.expire(one)
    async with outbox.sending():
        sent, _ = await outbox.is_(one, "sent")
    assert sent.attempts == 1
    assert [event["status"] for event in await outbox.events()] == ["sending", "sent"]


async def test_a_success_that_comes_after_the_lease_lifts_the_doubt(outbox: Outbox, provider: Provider) -> None:
    provider.script.append("wait")
    one = await outbox.reply(await outbox.channel("post_ask", patience=20))
    async with outbox.sending(), outbox.sending():
        await until(lambda: true(provider.ledger))
        await outbox.expire(one)
        await outbox.is_(one, "doubtful")
        provider.released.set()
        _, message = await outbox.is_(one, "sent")
    assert message.status == "sent"
    assert provider.ids == [str(one.message_id)]
