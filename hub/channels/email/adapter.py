"""The e-mail channel: receives by IMAP or from our mail server, sends by SMTP."""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import ClassVar

from hub.channels.contract import (
    Adapter,
    Appearance,
    AttachmentRule,
    Callback,
    Capabilities,
    Colour,
    FetchedBatch,
    Inbound,
    Label,
    OutboundMessage,
    Resend,
    Unreadable,
)
from hub.channels.email import account
from hub.channels.email.compose import compose, message_id, recipients
from hub.channels.email.errors import MailboxChecked, MailOnlyPushed, PushKeyWrong, SmtpChecked
from hub.channels.email.header_values import encode_address
from hub.channels.email.imap import listen as imap_listen
from hub.channels.email.imap import sent_folder
from hub.channels.email.imap.client import Imap
from hub.channels.email.inbound import dedupe_key, to_inbound
from hub.channels.email.parse.sandbox import read_bounded
from hub.channels.email.smtp.client import SmtpClient
from hub.channels.send_errors import Notice
from hub.errors import BadInput

ENVELOPE = (  # "mail" of Lucide (ISC licence)
    "m22 7-8.991 5.727a2 2 0 0 1-2.009 0L2 7M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2z"
)
MAX_FILES_BYTES = 25 * 10**6  # large providers refuse more


class EmailAdapter(Adapter):
    """The adapter of one mailbox."""

    kind: ClassVar[str] = "email"
    appearance: ClassVar[Appearance] = Appearance(
        label=Label(en="Email", es="Correo"), icon=ENVELOPE, colour=Colour.BLUE
    )
    capabilities: ClassVar[Capabilities] = Capabilities(
        scheme="mailto",
        formatting="html",
        attachments=AttachmentRule(max_count=50, max_bytes=MAX_FILES_BYTES, max_total_bytes=MAX_FILES_BYTES),
        subject=True,
        threads=True,
        initiates=True,
        resend=Resend.LOOK_FIRST,
        undo=timedelta(seconds=10),
    )
    Account = account.Account

    def __init__(self, account: account.Account) -> None:
        """Create the adapter without connecting."""
        self.account = account
        self._smtp = SmtpClient(account)

    async def send(self, message: OutboundMessage) -> str:
        """Send a message to all its recipients and return its Message-ID; raises a `SendError`."""
        raw = compose(message, self.account)
        await self._smtp.send(encode_address(self.account.address), recipients(message), raw)
        return message_id(message, self.account)

    def verify(self, callback: Callback) -> None:
        """Check the push key of a callback, sent as Bearer token; raises `Forged`."""
        scheme, _, token = callback.headers.get("authorization", "").partition(" ")
        matches = hmac.compare_digest(token.strip().encode(), self.account.push_key.encode())
        if not self.account.push_key or scheme.lower() != "bearer" or not matches:
            raise PushKeyWrong

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        """Parse one raw mail into a message and perhaps a receipt; an unreadable mail becomes `Unreadable`."""
        key = dedupe_key(callback.body)
        try:
            mail = read_bounded(callback.body)
        except BadInput as error:
            return [Unreadable(external_id=key, reason=error.reason)]
        return to_inbound(mail, own_addresses=frozenset({self.account.address.lower()}), external_id=key)

    def listen(self, bookmark: str | None) -> AsyncGenerator[FetchedBatch, None]:
        """Yield new mail of the mailbox until the generator is closed, which also closes the connection.

        A mailbox without an IMAP server receives its mail by push, so nothing is ever yielded.
        """
        return imap_listen.listen(self.account, bookmark) if self.account.imap_host else _never()

    async def find_sent(self, message: OutboundMessage) -> str | None:
        """Search the folder of sent mail for a message; None if it is not there or cannot be searched."""
        id_ = message_id(message, self.account)
        return id_ if self.account.imap_host and await sent_folder.contains(self.account, id_) else None

    async def check(self) -> Sequence[Notice]:
        """Sign in to the servers of the account and return what works; raises a `SendError`."""
        results: list[Notice] = []
        if self.account.imap_host:
            async with Imap.signed_in(self.account) as imap:
                selected = await imap.select(self.account.imap_folder)
            folder, where = self.account.imap_folder, self.account.imap_host
            results.append(MailboxChecked(folder=folder, where=where, count=selected.exists))
        if self.account.smtp_host:
            await self._smtp.check()
            results.append(SmtpChecked(where=self.account.smtp_host))
        return results or [MailOnlyPushed()]

    async def close(self) -> None:
        """Close the connection to the SMTP server."""
        await self._smtp.close()


async def _never() -> AsyncGenerator[FetchedBatch, None]:
    """Wait forever without yielding anything."""
    await asyncio.Event().wait()
    yield FetchedBatch(items=(), bookmark="")
