"""Runs the servers to which others deliver mail (SMTP, LMTP), and stores each mail before acknowledging it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select

from hub.channels import registry
from hub.channels.contract import RawItem
from hub.channels.models import Channel
from hub.intake.errors import MailPortsUnusable
from hub.intake.listeners import StoreArrivals
from hub.runtime.context import AppContext
from hub.settings import Settings

HasMailbox = Callable[[str], Awaitable[bool]]
Accept = Callable[[tuple[str, ...], bytes], Awaitable[object]]


class OtherMailboxes(Protocol):
    """Local mailboxes that are not channels: those of the demo's customers."""

    async def has_mailbox(self, context: AppContext, address: str) -> bool:
        """Return whether mail for this address is accepted."""

    async def accept(self, context: AppContext, address: str, raw: bytes) -> None:
        """Store a mail for an address."""


class Server(Protocol):
    """A mail server that a channel kind provides."""

    lmtp_port: int | None
    smtp_port: int | None

    async def start(
        self,
        host: str,
        lmtp_port: int | None,
        smtp_port: int | None,
        accept: Accept,
        *,
        has_mailbox: HasMailbox,
        mail_bytes: int | None = None,
    ) -> None:
        """Open the given ports (0: any free one; None: not this protocol) for mails of at most `mail_bytes`."""

    async def stop(self) -> None:
        """Close the ports."""


class Recipients:
    """The addresses a mail server accepts mail for: channels of one kind, and perhaps other mailboxes."""

    def __init__(
        self, context: AppContext, kind: str, store_arrivals: StoreArrivals, other_mailboxes: OtherMailboxes | None
    ) -> None:
        """Accept mails for channels of a kind and for other mailboxes (None: none)."""
        self._context, self._kind, self._store_arrivals, self._other_mailboxes = (
            context,
            kind,
            store_arrivals,
            other_mailboxes,
        )

    async def has_mailbox(self, address: str) -> bool:
        """Return whether mail for this address is accepted."""
        if await self._channel(address) is not None:
            return True
        return self._other_mailboxes is not None and await self._other_mailboxes.has_mailbox(self._context, address)

    async def accept(self, recipients: tuple[str, ...], raw: bytes) -> None:
        """Store a mail once for each channel among its recipients, and in other mailboxes; raises Unavailable."""
        channels: set[UUID] = set()
        for address in recipients:
            channel_id = await self._channel(address)
            if channel_id is not None:
                channels.add(channel_id)
            elif self._other_mailboxes is not None:
                await self._other_mailboxes.accept(self._context, address, raw)
        item = RawItem(dedupe_key=f"pushed:{hashlib.sha256(raw).hexdigest()}", body=raw)
        for channel_id in sorted(channels):
            await self._store_arrivals(channel_id, (item,))

    async def _channel(self, address: str) -> UUID | None:
        found = select(Channel.id).where(
            Channel.kind == self._kind,
            Channel.archived_at.is_(None),
            func.lower(Channel.address).in_(mailbox_names(address)),
        )
        async with self._context.transaction() as session:
            return (await session.execute(found.limit(1))).scalar_one_or_none()


async def run(
    context: AppContext,
    stop: asyncio.Event,
    store_arrivals: StoreArrivals,
    other_mailboxes: OtherMailboxes | None = None,
) -> None:
    """Run the mail servers on the ports of the settings until `stop` is set."""
    settings = context.settings
    ports = {"lmtp_port": settings.lmtp_port or None, "smtp_port": settings.smtp_port or None}
    if any(ports.values()):
        async with open_servers(context, store_arrivals, other_mailboxes=other_mailboxes, **ports):
            await stop.wait()
    else:
        await stop.wait()


@asynccontextmanager
async def open_servers(
    context: AppContext,
    store_arrivals: StoreArrivals,
    *,
    lmtp_port: int | None,
    smtp_port: int | None,
    other_mailboxes: OtherMailboxes | None = None,
) -> AsyncIterator[list[Server]]:
    """Run the mail servers of all channel kinds that have one, on these ports (0: any free one; None: none).

    Yields the servers. Raises SetupError if a port cannot be opened.
    """
    servers: list[Server] = []
    try:
        for kind, create_server in registry.mail_servers():
            server: Server = create_server()
            servers.append(server)
            await _open(
                context.settings,
                server,
                Recipients(context, kind, store_arrivals, other_mailboxes),
                (lmtp_port, smtp_port),
            )
        yield servers
    finally:
        for server in servers:
            await server.stop()


async def _open(
    settings: Settings, server: Server, recipients: Recipients, ports: tuple[int | None, int | None]
) -> None:
    max_bytes = settings.max_mail_bytes
    try:
        await server.start(
            settings.mail_host, *ports, recipients.accept, has_mailbox=recipients.has_mailbox, mail_bytes=max_bytes
        )
    except OSError as error:
        lmtp, smtp = (str(port) for port in ports)
        problem = error.strerror or str(error)
        raise MailPortsUnusable(host=settings.mail_host, lmtp=lmtp, smtp=smtp, problem=problem) from error


def mailbox_names(address: str) -> tuple[str, str]:
    """Return an address in lower case, with and without its "+key" (which marks a reply)."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"
