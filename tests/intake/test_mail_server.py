import asyncio
import smtplib
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from msgspec import structs

from hub.channels.contract import RawItem, StoredItem
from hub.channels.models import Channel
from hub.errors import SetupError
from hub.intake.mail_server import open_servers
from hub.runtime.context import AppContext
from hub.storage.errors import DatabaseUnavailable
from tests.support.outbox import Outbox

MAIL = "From: ann@customer.example\r\nTo: help@shop.example\r\nSubject: Hi\r\n\r\nHello\r\n"


class Keeping:
    """Records the stored arrivals."""

    def __init__(self) -> None:
        self.kept: list[tuple[UUID, str, bytes]] = []
        self.away = False

    async def __call__(
        self,
        channel_id: UUID,
        items: Sequence[RawItem],
        *,
        bookmark: str | None = None,
    ) -> list[StoredItem]:
        if self.away:
            raise DatabaseUnavailable
        self.kept += [(channel_id, item.dedupe_key, item.body) for item in items]
        return []


class Stranger:
    """Accepts mail for one domain."""

    def __init__(self) -> None:
        self.mails: list[str] = []

    async def knows(self, context: AppContext, address: str) -> bool:
        return address.endswith("@customers.example")

    async def accept(self, context: AppContext, address: str, raw: bytes) -> None:
        self.mails.append(address)


async def _bring(port: int | None, *recipients: str, text: str = MAIL) -> None:
    def bring() -> None:
        with smtplib.SMTP("127.0.0.1", port or 0, timeout=10) as line:
            line.sendmail("ann@customer.example", recipients, text)

    await asyncio.to_thread(bring)


async def _mailbox(outbox: Outbox, address: str = "help@shop.example") -> Channel:
    channel = Channel(kind="email", name="Help", address=address, settings={"address": address})
    async with outbox.context.transaction() as session:
        session.add(channel)
    return channel


async def test_mail_for_a_channel_is_stored_and_other_mail_refused(outbox: Outbox) -> None:
    keep, stranger, channel = Keeping(), Stranger(), await _mailbox(outbox)
    async with open_servers(outbox.context, keep, lmtp_port=None, smtp_port=0, others=stranger) as [server]:
        await _bring(server.smtp_port, "Help+k3y@shop.example", "help@shop.example", "ben@customers.example")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await _bring(server.smtp_port, "nobody@elsewhere.example")
    assert [(id_, b"Subject: Hi" in raw) for id_, _, raw in keep.kept] == [(channel.id, True)]
    assert stranger.mails == ["ben@customers.example"]


async def test_the_mail_server_accepts_mails_up_to_the_configured_size(outbox: Outbox) -> None:
    await _mailbox(outbox)
    context = replace(outbox.context, settings=structs.replace(outbox.context.settings, max_mail_bytes=70_000))
    async with open_servers(context, keep := Keeping(), lmtp_port=None, smtp_port=0) as [server]:
        await _bring(server.smtp_port, "help@shop.example", text=MAIL + "x" * 60_000)
        with pytest.raises(smtplib.SMTPSenderRefused, match="552"):
            await _bring(server.smtp_port, "help@shop.example", text=MAIL + "x" * 80_000)
    assert len(keep.kept) == 1


async def test_mail_that_cannot_be_kept_is_not_acknowledged(outbox: Outbox) -> None:
    keep = Keeping()
    keep.away = True
    await _mailbox(outbox)
    async with open_servers(outbox.context, keep, lmtp_port=None, smtp_port=0) as [server]:
        with pytest.raises(smtplib.SMTPDataError) as told:
            await _bring(server.smtp_port, "help@shop.example")
    assert told.value.smtp_code == 451


async def test_a_port_that_is_taken_is_told_with_the_setting(outbox: Outbox) -> None:
    async with open_servers(outbox.context, Keeping(), lmtp_port=None, smtp_port=0) as [server]:
        with pytest.raises(SetupError, match="HUB_SMTP_PORT"):
            async with open_servers(outbox.context, Keeping(), lmtp_port=None, smtp_port=server.smtp_port):
                pass
