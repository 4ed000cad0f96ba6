"""Receipts: what a provider tells of a message after it has left."""

from typing import Literal

from hub.channels.contract import DeliveryReceipt
from hub.channels.models import Channel
from hub.delivery.receipts import apply_receipts
from hub.timeline.models import Message
from tests.fakes.provider import Provider
from tests.inbox.outgoing import Office

Told = Literal["sent", "delivered", "read", "failed"]


async def reported(
    office: Office,
    channel: Channel,
    external_id: str | None,
    status: Told,
    detail: str | None = None,
) -> int:
    receipt = DeliveryReceipt(external_id=external_id or "", status=status, detail=detail)
    async with office.context.transaction() as session:
        return await apply_receipts(session, channel.id, [receipt])


async def test_receipts_move_a_status_only_forward(office: Office) -> None:
    channel = await office.channel()
    one = await office.reply(channel)
    async with office.sending():
        sent, _ = await office.is_(one, "sent")
    told: tuple[Told, ...] = ("delivered", "read", "delivered", "failed", "read")
    for status in told:
        await reported(office, channel, sent.provider_id, status)
    _, message = await office.look(one)
    assert message.status == "read"
    assert [event["status"] for event in await office.events()] == ["sending", "sent", "delivered", "read"]


async def test_a_bounce_fails_what_was_sent_and_proof_of_arrival_lifts_it(office: Office) -> None:
    channel = await office.channel()
    one = await office.reply(channel)
    async with office.sending():
        sent, _ = await office.is_(one, "sent")
    await reported(office, channel, sent.provider_id, "failed", detail="no such mailbox")
    failed, bounced = await office.look(one)
    await reported(office, channel, sent.provider_id, "sent")
    assert (await office.look(one))[1].status == "failed"
    await reported(office, channel, sent.provider_id, "delivered")
    lifted, message = await office.look(one)
    assert (failed.state, bounced.status, bounced.status_detail) == ("failed", "failed", "no such mailbox")
    assert (lifted.state, lifted.error, message.status, message.status_detail) == ("sent", None, "delivered", None)


async def test_a_receipt_lifts_a_doubt(office: Office, provider: Provider) -> None:
    provider.script.append("lost")
    channel = await office.channel("post_ask")
    one = await office.reply(channel)
    async with office.sending():
        await office.is_(one, "doubtful")
    async with office.context.transaction() as session:
        (await session.get_one(Message, one.message_id)).email_id = "<a@b>"
    assert await reported(office, channel, "<a@b>", "delivered") == 1
    lifted, message = await office.look(one)
    assert (lifted.state, message.status) == ("sent", "delivered")


async def test_a_receipt_for_nothing_of_ours_is_ignored(office: Office) -> None:
    channel = await office.channel()
    assert await reported(office, channel, "whatever", "read") == 0
