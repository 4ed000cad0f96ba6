"""Messages of which nobody knows whether they left: the line broke, the process died, or the lease ran out."""

import asyncio
import sys
from pathlib import Path

import pytest

from hub.delivery.models import Delivery
from tests.fakes.provider import Provider
from tests.inbox.outgoing import Office, true, until


async def told(office: Office, one: Delivery, *what: str) -> bool:
    found, _ = await office.look(one)
    return [line["what"] for line in found.history] == list(what)


@pytest.mark.parametrize("mishap", ["lost", "hang"])
async def test_an_unknown_fate_is_doubtful_and_never_sent_again(
    office: Office,
    provider: Provider,
    mishap: str,
) -> None:
    provider.script.append(mishap)
    one = await office.reply(await office.channel("post_ask"))
    async with office.sending():
        doubtful, message = await office.is_(one, "doubtful")
        other = await office.reply(await office.channel("post_ask"))
        await office.is_(other, "sent")
    assert (doubtful.lease_until, message.status) == (None, "doubtful")
    assert provider.ids.count(str(one.message_id)) == 1


async def test_where_repeating_is_safe_an_unknown_fate_is_tried_again(office: Office, provider: Provider) -> None:
    provider.idempotent = True
    provider.script.append("lost")
    one = await office.reply(await office.channel("post_safe"))
    async with office.sending():
        await until(lambda: office.is_due_again(one, attempts=1))
        await office.change(one, due_at=one.created_at)
        sent, _ = await office.is_(one, "sent")
    assert sent.attempts == 2
    assert provider.ids == [str(one.message_id)]


async def test_where_one_can_look_a_doubtful_message_is_found(office: Office, provider: Provider) -> None:
    provider.script.append("lost")
    one = await office.reply(await office.channel("post_look"))
    async with office.sending():
        doubtful, _ = await office.is_(one, "doubtful")
        assert doubtful.lease_until is not None
        await office.expire(one)
        sent, message = await office.is_(one, "sent")
    assert (sent.provider_id, message.status) == (f"p-{message.id}", "sent")
    assert provider.ids == [str(one.message_id)]


async def test_what_is_not_found_stays_doubtful_and_is_looked_for_again(office: Office, provider: Provider) -> None:
    provider.script.append("lost")
    one = await office.reply(await office.channel("post_look"))
    async with office.sending():
        await office.is_(one, "doubtful")
        provider.ledger.clear()
        await office.expire(one)
        await until(lambda: told(office, one, "doubtful", "looked"))
    still, message = await office.look(one)
    assert (still.state, message.status) == ("doubtful", "doubtful")
    assert still.lease_until is not None
    assert provider.calls == 1


@pytest.mark.faults
@pytest.mark.parametrize("kind, fate", [("post_ask", "doubtful"), ("post_look", "sent"), ("post_safe", "sent")])
async def test_a_process_killed_while_sending_never_makes_two(
    office: Office,
    provider: Provider,
    post_url: str,
    tmp_path: Path,
    kind: str,
    fate: str,
) -> None:
    provider.idempotent = kind == "post_safe"
    provider.script.append("wait")
    one = await office.reply(await office.channel(kind))
    command = (sys.executable, "-m", "tests.inbox.sending_process", post_url, str(tmp_path))
    process = await asyncio.create_subprocess_exec(*command)
    await until(lambda: true(provider.ledger), within=30)
    process.kill()
    await process.wait()
    held, message = await office.look(one)
    assert (held.state, message.status) == ("sending", "sending")
    await office.expire(one)
    async with office.sending():
        if kind != "post_ask":
            state = "due" if kind == "post_safe" else "doubtful"
            await office.is_(one, state)
            await office.change(one, due_at=one.created_at, lease_until=one.created_at)
        await office.is_(one, fate)
    assert provider.ids == [str(one.message_id)]


async def test_what_was_claimed_and_never_begun_is_simply_due_again(office: Office, provider: Provider) -> None:
    one = await office.reply(await office.channel("post_ask"))
    await office.change(one, state="claimed", attempts=1, lease=one.id)
    await office.expire(one)
    async with office.sending():
        sent, _ = await office.is_(one, "sent")
    assert sent.attempts == 1
    assert [event["status"] for event in await office.events()] == ["sending", "sent"]


async def test_a_success_that_comes_after_the_lease_lifts_the_doubt(office: Office, provider: Provider) -> None:
    provider.script.append("wait")
    one = await office.reply(await office.channel("post_ask", patience=20))
    async with office.sending(), office.sending():
        await until(lambda: true(provider.ledger))
        await office.expire(one)
        await office.is_(one, "doubtful")
        provider.released.set()
        _, message = await office.is_(one, "sent")
    assert message.status == "sent"
    assert provider.ids == [str(one.message_id)]
