"""The doors at which servers bring mail to us: whose it is, and keeping it before it is acknowledged."""

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
from hub.intake.listeners import Keep
from hub.runtime.context import AppContext
from hub.settings import Settings

Knows = Callable[[str], Awaitable[bool]]
Accept = Callable[[tuple[str, ...], bytes], Awaitable[object]]


class Stranger(Protocol):
    """Who else takes mail here: the mailboxes of the demo's customers."""

    async def knows(self, context: AppContext, address: str) -> bool:
        """Tell whether mail for this address is taken."""

    async def accept(self, context: AppContext, address: str, raw: bytes) -> None:
        """Store a mail."""


class Door(Protocol):
    """What the class `MailServer` of a channel's module `mail_server` offers."""

    lmtp_port: int | None
    smtp_port: int | None

    async def start(
        self,
        host: str,
        lmtp_port: int | None,
        smtp_port: int | None,
        accept: Accept,
        *,
        knows: Knows,
        mail_bytes: int | None = None,
    ) -> None:
        """Open the ports that are given, for mails of at most so many bytes."""

    async def stop(self) -> None:
        """Close them."""


class House:
    """Behind a door: the channels of one kind, and perhaps others who take mail here."""

    def __init__(self, context: AppContext, kind: str, keep: Keep, stranger: Stranger | None) -> None:
        """Stand behind the door of one kind."""
        self._context, self._kind, self._keep, self._stranger = context, kind, keep, stranger

    async def knows(self, address: str) -> bool:
        """Tell whether mail for this address is taken."""
        if await self._channel(address) is not None:
            return True
        return self._stranger is not None and await self._stranger.knows(self._context, address)

    async def accept(self, recipients: tuple[str, ...], raw: bytes) -> None:
        """Store a mail for everybody it is for, once for each channel; raises Unavailable."""
        channels: set[UUID] = set()
        for address in recipients:
            channel_id = await self._channel(address)
            if channel_id is not None:
                channels.add(channel_id)
            elif self._stranger is not None:
                await self._stranger.accept(self._context, address, raw)
        item = RawItem(dedupe_key=f"pushed:{hashlib.sha256(raw).hexdigest()}", body=raw)
        for channel_id in sorted(channels):
            await self._keep(self._context, channel_id, (item,))

    async def _channel(self, address: str) -> UUID | None:
        found = select(Channel.id).where(
            Channel.kind == self._kind,
            Channel.archived_at.is_(None),
            func.lower(Channel.address).in_(names_of(address)),
        )
        async with self._context.transaction() as session:
            return (await session.execute(found.limit(1))).scalar_one_or_none()


async def run(context: AppContext, stop: asyncio.Event, keep: Keep, stranger: Stranger | None = None) -> None:
    """The worker's loop: the doors stand open on the ports of the settings until it is told to stop."""
    chosen = context.settings
    ports = {"lmtp_port": chosen.lmtp_port or None, "smtp_port": chosen.smtp_port or None}
    if any(ports.values()):
        async with open_doors(context, keep, stranger=stranger, **ports):
            await stop.wait()
    else:
        await stop.wait()


@asynccontextmanager
async def open_doors(
    context: AppContext,
    keep: Keep,
    *,
    lmtp_port: int | None,
    smtp_port: int | None,
    stranger: Stranger | None = None,
) -> AsyncIterator[list[Door]]:
    """Open the doors of all kinds that have one, on these ports (0: any free one; None: none); gives them back."""
    doors: list[Door] = []
    try:
        for kind, make in registry.mail_servers():
            door: Door = make()
            doors.append(door)
            await _open(context.settings, door, House(context, kind, keep, stranger), (lmtp_port, smtp_port))
        yield doors
    finally:
        for door in doors:
            await door.stop()


async def _open(chosen: Settings, door: Door, house: House, ports: tuple[int | None, int | None]) -> None:
    most = chosen.max_mail_bytes
    try:
        await door.start(chosen.mail_host, *ports, house.accept, knows=house.knows, mail_bytes=most)
    except OSError as error:
        (f"The mail doors cannot be opened on {chosen.mail_host}, ports {ports[0]} and {ports[1]}: {error.strerror}.")
        raise MailPortsUnusable(
            host=chosen.mail_host, lmtp=str(ports[0]), smtp=str(ports[1]), problem=error.strerror or str(error)
        ) from error


def names_of(address: str) -> tuple[str, str]:
    """Give an address as it is and without its +key, in lower case."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"
