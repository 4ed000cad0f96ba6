"""E-mail as a channel: fetched by IMAP or pushed through our door, sent by SMTP."""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import ClassVar

from hub.channels.contract import (
    Adapter,
    AttachmentRule,
    Callback,
    Capabilities,
    Fetched,
    Inbound,
    Notice,
    OutboundMessage,
    Resend,
    Unreadable,
)
from hub.channels.email import account
from hub.channels.email.compose import compose, message_id, recipients
from hub.channels.email.envelope import address
from hub.channels.email.errors import MailboxChecked, MailOnlyPushed, PushKeyWrong, SmtpChecked
from hub.channels.email.imap import listen as imap_listen
from hub.channels.email.imap import sent_folder
from hub.channels.email.imap.client import Imap
from hub.channels.email.inbound import to_inbound
from hub.channels.email.parse.sandbox import read_bounded
from hub.channels.email.smtp.client import Outgoing
from hub.errors import BadInput

ATTACHED = 25 * 10**6  # bytes; more is refused by the large providers


class EmailAdapter(Adapter):
    """One mailbox."""

    kind: ClassVar[str] = "email"
    capabilities: ClassVar[Capabilities] = Capabilities(
        scheme="mailto",
        formatting="html",
        attachments=AttachmentRule(max_count=50, max_bytes=ATTACHED, max_total_bytes=ATTACHED),
        subject=True,
        threads=True,
        initiates=True,
        resend=Resend.LOOK_FIRST,
        undo=timedelta(seconds=10),
    )
    Account = account.Account

    def __init__(self, account: account.Account) -> None:
        """Connect to nothing yet."""
        self.account = account
        self._outgoing = Outgoing(account)

    async def send(self, message: OutboundMessage) -> str:
        """Hand it in for everybody it goes to, and give its Message-ID back."""
        raw = compose(message, self.account)
        await self._outgoing.send(address(self.account.address), recipients(message), raw)
        return message_id(message, self.account)

    def verify(self, callback: Callback) -> None:
        """Let in whoever has the push key."""
        scheme, _, token = callback.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self.account.push_key.encode())
        if not self.account.push_key or scheme.lower() != "bearer" or not right:
            raise PushKeyWrong

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        """Read one raw mail; what cannot be read is told as such."""
        key = imap_listen.key_of(callback.body)
        try:
            mail = read_bounded(callback.body)
        except BadInput as error:
            return [Unreadable(external_id=key, reason=error.reason)]
        return to_inbound(mail, own_addresses=frozenset({self.account.address.lower()}), external_id=key)

    def listen(self, bookmark: str | None) -> AsyncGenerator[Fetched, None]:
        """Fetch what is new in the mailbox, for ever; close the generator to let go of the line.

        A mailbox without an IMAP server has its mail pushed to us: nothing ever comes from here.
        """
        return imap_listen.listen(self.account, bookmark) if self.account.imap_host else _silence()

    async def find_sent(self, message: OutboundMessage) -> str | None:
        """Look for it in the mailbox's folder of sent mail; None where that tells nothing."""
        wanted = message_id(message, self.account)
        return wanted if self.account.imap_host and await sent_folder.holds(self.account, wanted) else None

    async def check(self) -> Sequence[Notice]:
        """Sign in to every server of the account; returns what works, or raises what the first one refused."""
        news: list[Notice] = []
        if self.account.imap_host:
            async with Imap.signed_in(self.account) as imap:
                selected = await imap.select(self.account.imap_folder)
            folder, where = self.account.imap_folder, self.account.imap_host
            news.append(MailboxChecked(folder=folder, where=where, count=selected.exists))
        if self.account.smtp_host:
            await self._outgoing.check()
            news.append(SmtpChecked(where=self.account.smtp_host))
        return news or [MailOnlyPushed()]

    async def close(self) -> None:
        """Let go of the line to the SMTP server."""
        await self._outgoing.close()


async def _silence() -> AsyncGenerator[Fetched, None]:
    """Yield nothing, for ever."""
    await asyncio.Event().wait()
    yield Fetched(items=(), bookmark="")
