"""Delivery: each message is sent once, in order, as fast as the channel allows, or fails with the reason."""

from datetime import timedelta

from hub.channels.models import Channel
from hub.delivery.errors import ChannelRemoved
from hub.delivery.outcome import fail_due, resume_channel
from hub.errors import reason_to_json
from tests.fakes.provider import Provider
from tests.support.outbox import Outbox, as_condition, until


async def test_a_message_that_is_due_is_sent_and_everybody_is_told(outbox: Outbox, provider: Provider) -> None:
    one = await outbox.reply(await outbox.channel(), "Hello **Ann**")
    async with outbox.sending():
        sent, message = await outbox.wait_for_state(one, "sent")
    assert provider.ledger == [{"id": str(message.id), "to": provider.ledger[0]["to"], "text": "Hello Ann"}]
    assert (sent.provider_id, sent.attempts, sent.lease) == (f"p-{message.id}", 1, None)
    assert (message.status, message.status_detail) == ("sent", None)
    assert [event["status"] for event in await outbox.events()] == ["sending", "sent"]
    assert [line["what"] for line in sent.history] == ["sent"]
    assert "Bearer s3cret-token" in provider.auth


async def test_a_message_waits_until_it_can_no_longer_be_taken_back(outbox: Outbox, provider: Provider) -> None:
    one = await outbox.reply(await outbox.channel(), wait=timedelta(seconds=0.4))
    async with outbox.sending():
        first = await outbox.reload(one)
        _, message = await outbox.wait_for_state(one, "sent")
    assert first[0].state == "due"
    assert message.send_at is not None
    settled_at = (await outbox.reload(one))[0].settled_at
    assert settled_at is not None
    assert settled_at > message.send_at


async def test_messages_of_a_conversation_leave_in_their_order(outbox: Outbox, provider: Provider) -> None:
    channel, conversation_id = await outbox.channel(), await outbox.conversation()
    provider.script.extend(["503", "ok"])
    many = [await outbox.reply(channel, f"{n}", conversation_id=conversation_id) for n in range(5)]
    async with outbox.sending():
        await until(lambda: outbox.will_be_retried(many[0], attempts=1))
        assert provider.ledger == []
        await outbox.change(many[0], due_at=many[0].created_at)
        await outbox.wait_for_state(many[-1], "sent")
    assert provider.texts == ["0", "1", "2", "3", "4"]


async def test_one_conversation_does_not_wait_for_another(outbox: Outbox, provider: Provider) -> None:
    channel = await outbox.channel()
    provider.script.extend(["wait"])
    slow = await outbox.reply(channel, "slow")
    async with outbox.sending():
        await until(lambda: as_condition(provider.ledger))
        quick = await outbox.reply(channel, "quick")
        await outbox.wait_for_state(quick, "sent")
        assert (await outbox.reload(slow))[0].state == "sending"
        provider.released.set()
        await outbox.wait_for_state(slow, "sent")


async def test_a_channel_has_no_more_under_way_than_itstold(outbox: Outbox, provider: Provider) -> None:
    channel = await outbox.channel()
    provider.script.extend(["wait"] * 20)
    many = [await outbox.reply(channel, f"{n}") for n in range(20)]
    other = await outbox.reply(await outbox.channel())
    async with outbox.sending():
        await until(lambda: as_condition(provider.underway >= 5))
        provider.released.set()
        for one in (*many, other):
            await outbox.wait_for_state(one, "sent")
    assert provider.most_underway == 5, "four of the full channel, one of the other"
    assert len(set(provider.ids)) == len(provider.ids) == 21


async def test_two_processes_send_each_message_once(outbox: Outbox, provider: Provider) -> None:
    channel = await outbox.channel()
    many = [await outbox.reply(channel, f"{n}") for n in range(30)]
    async with outbox.sending(), outbox.sending(), outbox.sending():
        for one in many:
            await outbox.wait_for_state(one, "sent")
    assert sorted(provider.ids) == sorted(str(one.message_id) for one in many)


async def test_too_fast_waits_as_long_as_the_provider_asks_and_so_do_the_others(
    outbox: Outbox,
    provider: Provider,
) -> None:
    channel = await outbox.channel()
    provider.script.append("429:2")
    first = await outbox.reply(channel, "first")
    later = await outbox.reply(channel, "later", wait=timedelta(seconds=0.8))
    async with outbox.sending():
        await until(lambda: as_condition(provider.calls == 1))
        held, message = await outbox.wait_for_state(first, "due")
        await outbox.wait_for_state(first, "sent")
        sent, _ = await outbox.wait_for_state(later, "sent")
    assert (held.attempts, message.status, message.status_detail) == (0, "sending", "no")
    assert sent.settled_at is not None
    assert sent.settled_at >= held.due_at - timedelta(seconds=1)
    assert provider.texts.count("first") == 1


async def test_a_refused_message_fails_with_the_reason(outbox: Outbox, provider: Provider) -> None:
    provider.script.append("400")
    one = await outbox.reply(await outbox.channel())
    async with outbox.sending():
        failed, message = await outbox.wait_for_state(one, "failed")
    assert (failed.code, message.status, message.status_detail) == ("400", "failed", "no")


async def test_wrong_settings_make_the_message_wait_and_the_channel_ail_until_mended(
    outbox: Outbox,
    provider: Provider,
) -> None:
    channel = await outbox.channel()
    provider.script.append("401")
    one = await outbox.reply(channel)
    async with outbox.sending():
        await until(lambda: outbox.will_be_retried(one, attempts=0))
        ailing = await outbox.reload_channel(channel)
        _, message = await outbox.reload(one)
        async with outbox.context.transaction() as session:
            await resume_channel(session, channel.id)
        await outbox.wait_for_state(one, "sent")
    assert ailing.error == "Sending: The provider does not accept the token."
    assert message.status_detail == "The provider does not accept the token."
    mended = await outbox.reload_channel(channel)
    assert (mended.error, mended.error_at) == (None, None)
    assert mended.last_out_at is not None
    assert len(await outbox.events("channel_changed")) == 2


async def test_a_long_text_leaves_in_parts_and_none_twice(outbox: Outbox, provider: Provider) -> None:
    provider.script.extend(["ok", "503", "ok"])
    one = await outbox.reply(await outbox.channel(), "word " * 60)
    async with outbox.sending():
        await until(lambda: outbox.will_be_retried(one, attempts=1))
        await outbox.change(one, due_at=one.created_at)
        await outbox.wait_for_state(one, "sent")
    assert provider.ids == [str(one.message_id), f"{one.message_id}.2"]
    assert " ".join(provider.texts).split() == ["word"] * 60


async def test_too_large_a_file_fails_with_its_name(outbox: Outbox, provider: Provider) -> None:
    one = await outbox.reply(await outbox.channel(), files=(("big.txt", b"x" * 2000),))
    async with outbox.sending():
        _, message = await outbox.wait_for_state(one, "failed")
    assert message.status_detail is not None
    assert "big.txt" in message.status_detail
    assert provider.calls == 0


async def test_nothing_leaves_by_a_paused_channel(outbox: Outbox, provider: Provider) -> None:
    paused, open_ = await outbox.channel(), await outbox.channel()
    async with outbox.context.transaction() as session:
        (await session.get_one(Channel, paused.id)).paused_at = paused.created_at
    waits, goes = await outbox.reply(paused), await outbox.reply(open_)
    async with outbox.sending():
        await outbox.wait_for_state(goes, "sent")
    assert (await outbox.reload(waits))[0].state == "due"


async def test_due_deliveries_of_an_archived_channel_fail(outbox: Outbox) -> None:
    channel = await outbox.channel()
    one = await outbox.reply(channel)
    async with outbox.context.transaction() as session:
        await fail_due(session, channel.id, ChannelRemoved().reason)
    failed, message = await outbox.reload(one)
    assert (failed.state, message.status, message.status_detail) == ("failed", "failed", ChannelRemoved().detail)
    assert failed.reason == message.reason == reason_to_json(ChannelRemoved().reason)
