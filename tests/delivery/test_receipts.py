"""Receipts: a provider's reports about a message that was sent."""

from typing import Literal

from hub.channels.contract import DeliveryReceipt
from hub.channels.models import Channel
from hub.delivery.errors import ReportedByProvider
from hub.delivery.receipts import apply_receipts
from hub.errors import reason_to_json
from hub.timeline.models import Message
from tests.fakes.provider import Provider
from tests.support.outbox import Outbox

Told = Literal["sent", "delivered", "read", "failed"]


async def reported(
    outbox: Outbox,
    channel: Channel,
    external_id: str | None,
    status: Told,
    detail: str | None = None,
) -> int:
    receipt = DeliveryReceipt(external_id=external_id or "", status=status, detail=detail)
    async with outbox.context.transaction() as session:
        return await apply_receipts(session, channel.id, [receipt])


async def test_receipts_move_a_status_only_forward(outbox: Outbox) -> None:
    channel = await outbox.channel()
    one = await outbox.reply(channel)
    async with outbox.sending():
        sent, _ = await outbox.wait_for_state(one, "sent")
    told: tuple[Told, ...] = ("delivered", "read", "delivered", "failed", "read")
    for status in told:
        await reported(outbox, channel, sent.provider_id, status)
    _, message = await outbox.reload(one)
    assert message.status == "read"
    assert [event["status"] for event in await outbox.events()] == ["sending", "sent", "delivered", "read"]


async def test_a_bounce_fails_a_sent_message_and_proof_of_arrival_reverts_it(outbox: Outbox) -> None:
    channel = await outbox.channel()
    one = await outbox.reply(channel)
    async with outbox.sending():
        sent, _ = await outbox.wait_for_state(one, "sent")
    await reported(outbox, channel, sent.provider_id, "failed", detail="no such mailbox")
    failed, bounced = await outbox.reload(one)
    await reported(outbox, channel, sent.provider_id, "sent")
    assert (await outbox.reload(one))[1].status == "failed"
    await reported(outbox, channel, sent.provider_id, "delivered")
    lifted, message = await outbox.reload(one)
    told = ReportedByProvider(said="no such mailbox")
    assert (failed.state, bounced.status, bounced.status_detail) == ("failed", "failed", told.detail)
    assert bounced.reason == reason_to_json(told.reason)
    assert (lifted.state, lifted.error, message.status, message.status_detail) == ("sent", None, "delivered", None)


async def test_a_receipt_lifts_a_doubt(outbox: Outbox, provider: Provider) -> None:
    provider.script.append("lost")
    channel = await outbox.channel("post_ask")
    one = await outbox.reply(channel)
    async with outbox.sending():
        await outbox.wait_for_state(one, "doubtful")
    async with outbox.context.transaction() as session:
        (await session.get_one(Message, one.message_id)).email_id = "<a@b>"
    assert await reported(outbox, channel, "<a@b>", "delivered") == 1
    lifted, message = await outbox.reload(one)
    assert (lifted.state, message.status) == ("sent", "delivered")


async def test_a_receipt_for_nothing_of_ours_is_ignored(outbox: Outbox) -> None:
    channel = await outbox.channel()
    assert await reported(outbox, channel, "whatever", "read") == 0
