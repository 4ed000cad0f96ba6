"""The out-tray: each message leaves once, in its order, as fast as the channel lets it, or fails with the reason."""

from datetime import timedelta

from hub.channels.models import Channel
from hub.delivery.outcome import abandon, let_go
from tests.fakes.provider import Provider
from tests.inbox.outgoing import Office, true, until


async def test_a_message_that_is_due_is_sent_and_everybody_is_told(office: Office, provider: Provider) -> None:
    one = await office.reply(await office.channel(), "Hello **Ann**")
    async with office.sending():
        sent, message = await office.is_(one, "sent")
    assert provider.ledger == [{"id": str(message.id), "to": provider.ledger[0]["to"], "text": "Hello Ann"}]
    assert (sent.provider_id, sent.attempts, sent.lease) == (f"p-{message.id}", 1, None)
    assert (message.status, message.status_detail) == ("sent", None)
    assert [event["status"] for event in await office.events()] == ["sending", "sent"]
    assert [line["what"] for line in sent.history] == ["sent"]
    assert "Bearer s3cret-token" in provider.auth


async def test_a_message_waits_until_it_can_no_longer_be_taken_back(office: Office, provider: Provider) -> None:
    one = await office.reply(await office.channel(), wait=timedelta(seconds=0.4))
    async with office.sending():
        first = await office.look(one)
        _, message = await office.is_(one, "sent")
    assert first[0].state == "due"
    assert message.send_at is not None
    settled_at = (await office.look(one))[0].settled_at
    assert settled_at is not None
    assert settled_at > message.send_at


async def test_messages_of_a_conversation_leave_in_their_order(office: Office, provider: Provider) -> None:
    channel, conversation_id = await office.channel(), await office.conversation()
    provider.script.extend(["503", "ok"])
    many = [await office.reply(channel, f"{n}", conversation_id=conversation_id) for n in range(5)]
    async with office.sending():
        await until(lambda: office.is_due_again(many[0], attempts=1))
        assert provider.ledger == []
        await office.change(many[0], due_at=many[0].created_at)
        await office.is_(many[-1], "sent")
    assert provider.texts == ["0", "1", "2", "3", "4"]


async def test_one_conversation_does_not_wait_for_another(office: Office, provider: Provider) -> None:
    channel = await office.channel()
    provider.script.extend(["wait"])
    slow = await office.reply(channel, "slow")
    async with office.sending():
        await until(lambda: true(provider.ledger))
        quick = await office.reply(channel, "quick")
        await office.is_(quick, "sent")
        assert (await office.look(slow))[0].state == "sending"
        provider.released.set()
        await office.is_(slow, "sent")


async def test_a_channel_has_no_more_under_way_than_itstold(office: Office, provider: Provider) -> None:
    channel = await office.channel()
    provider.script.extend(["wait"] * 20)
    many = [await office.reply(channel, f"{n}") for n in range(20)]
    other = await office.reply(await office.channel())
    async with office.sending():
        await until(lambda: true(provider.underway >= 5))
        provider.released.set()
        for one in (*many, other):
            await office.is_(one, "sent")
    assert provider.most_underway == 5, "four of the full channel, one of the other"
    assert len(set(provider.ids)) == len(provider.ids) == 21


async def test_two_processes_send_each_message_once(office: Office, provider: Provider) -> None:
    channel = await office.channel()
    many = [await office.reply(channel, f"{n}") for n in range(30)]
    async with office.sending(), office.sending(), office.sending():
        for one in many:
            await office.is_(one, "sent")
    assert sorted(provider.ids) == sorted(str(one.message_id) for one in many)


async def test_too_fast_waits_as_long_as_the_provider_asks_and_so_do_the_others(
    office: Office,
    provider: Provider,
) -> None:
    channel = await office.channel()
    provider.script.append("429:2")
    first = await office.reply(channel, "first")
    later = await office.reply(channel, "later", wait=timedelta(seconds=0.8))
    async with office.sending():
        await until(lambda: true(provider.calls == 1))
        held, message = await office.is_(first, "due")
        await office.is_(first, "sent")
        sent, _ = await office.is_(later, "sent")
    assert (held.attempts, message.status, message.status_detail) == (0, "sending", "no")
    assert sent.settled_at is not None
    assert sent.settled_at >= held.due_at - timedelta(seconds=1)
    assert provider.texts.count("first") == 1


async def test_a_refused_message_fails_with_the_reason(office: Office, provider: Provider) -> None:
    provider.script.append("400")
    one = await office.reply(await office.channel())
    async with office.sending():
        failed, message = await office.is_(one, "failed")
    assert (failed.code, message.status, message.status_detail) == ("400", "failed", "no")


async def test_wrong_settings_make_the_message_wait_and_the_channel_ail_until_mended(
    office: Office,
    provider: Provider,
) -> None:
    channel = await office.channel()
    provider.script.append("401")
    one = await office.reply(channel)
    async with office.sending():
        await until(lambda: office.is_due_again(one, attempts=0))
        ailing = await office.fresh(channel)
        _, message = await office.look(one)
        async with office.context.transaction() as session:
            await let_go(session, channel.id)
        await office.is_(one, "sent")
    assert ailing.error == "Sending: The provider does not accept the token."
    assert message.status_detail == "The provider does not accept the token."
    mended = await office.fresh(channel)
    assert (mended.error, mended.error_at) == (None, None)
    assert mended.last_out_at is not None
    assert len(await office.events("channel_changed")) == 2


async def test_a_long_text_leaves_in_parts_and_none_twice(office: Office, provider: Provider) -> None:
    provider.script.extend(["ok", "503", "ok"])
    one = await office.reply(await office.channel(), "word " * 60)
    async with office.sending():
        await until(lambda: office.is_due_again(one, attempts=1))
        await office.change(one, due_at=one.created_at)
        await office.is_(one, "sent")
    assert provider.ids == [str(one.message_id), f"{one.message_id}.2"]
    assert " ".join(provider.texts).split() == ["word"] * 60


async def test_too_large_a_file_fails_with_its_name(office: Office, provider: Provider) -> None:
    one = await office.reply(await office.channel(), files=(("big.txt", b"x" * 2000),))
    async with office.sending():
        _, message = await office.is_(one, "failed")
    assert message.status_detail is not None
    assert "big.txt" in message.status_detail
    assert provider.calls == 0


async def test_nothing_leaves_by_a_paused_channel(office: Office, provider: Provider) -> None:
    paused, open_ = await office.channel(), await office.channel()
    async with office.context.transaction() as session:
        (await session.get_one(Channel, paused.id)).paused_at = paused.created_at
    waits, goes = await office.reply(paused), await office.reply(open_)
    async with office.sending():
        await office.is_(goes, "sent")
    assert (await office.look(waits))[0].state == "due"


async def test_what_is_due_on_a_channel_that_is_gone_fails(office: Office) -> None:
    channel = await office.channel()
    one = await office.reply(channel)
    async with office.context.transaction() as session:
        await abandon(session, channel.id, "The channel was removed.")
    failed, message = await office.look(one)
    assert (failed.state, message.status, message.status_detail) == ("failed", "failed", "The channel was removed.")
