"""A channel's account: its settings and sealed secrets put together, and the adapters that live on them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels import registry
from hub.channels.contract import Adapter
from hub.channels.errors import AccountUnusable
from hub.channels.models import Channel
from hub.errors import HubError
from hub.runtime.context import AppContext
from hub.storage.encryption import Encryptor

PLACE = {"table": "channel", "column": "secrets"}


def seal(sealer: Encryptor, channel_id: UUID, secrets: Mapping[str, object]) -> str | None:
    """Seal the secret fields of a channel; None where there are none."""
    if not secrets:
        return None
    return sealer.seal(msgspec.json.encode(secrets), row=channel_id, **PLACE)


def opened(sealer: Encryptor, channel: Channel) -> dict[str, object]:
    """Open the secret fields of a channel; raises Unopenable."""
    if channel.secrets is None:
        return {}
    plain = sealer.open(channel.secrets, row=channel.id, **PLACE)
    return msgspec.json.decode(plain, type=dict[str, object])


async def reseal(session: AsyncSession, sealer: Encryptor) -> int:
    """Seal with the current key what leans on a retired one, and tell how many; raises Unopenable. One lock a row."""
    held = select(Channel).where(Channel.secrets.is_not(None)).order_by(Channel.id).with_for_update()
    number = 0
    for channel in await session.scalars(held):
        if channel.secrets and sealer.stale(channel.secrets):
            channel.secrets = sealer.reseal(channel.secrets, row=channel.id, **PLACE)
            number += 1
    return number


def account_of(sealer: Encryptor, channel: Channel) -> Struct:
    """Put a channel's account together; raises BadInput or Unopenable."""
    return registry.account(channel.kind, {**channel.settings, **opened(sealer, channel)})


@dataclass
class _Line:
    """A connected adapter, and how many use it just now."""

    version: int
    adapter: Adapter
    users: int = 0
    retired: bool = False


class Connections:
    """The adapters of one process: one for each channel and version, closed when the channel has changed."""

    def __init__(self, context: AppContext) -> None:
        """Begin without any."""
        self._sealer = context.sealer
        self._lines: dict[UUID, _Line] = {}

    @asynccontextmanager
    async def use(self, channel: Channel) -> AsyncIterator[Adapter]:
        """Lend the adapter of a channel as it is now; raises Misconfigured where it cannot be made."""
        line = await self._line(channel)
        line.users += 1
        try:
            yield line.adapter
        finally:
            line.users -= 1
            await _close_unused(line)

    async def close(self) -> None:
        """Let go of everything."""
        while self._lines:
            _, line = self._lines.popitem()
            line.retired, line.users = True, 0
            await _close_unused(line)

    async def _line(self, channel: Channel) -> _Line:
        known = self._lines.get(channel.id)
        if known is not None and known.version == channel.version:
            return known
        fresh = _Line(channel.version, connected(self._sealer, channel))
        self._lines[channel.id] = fresh
        if known is not None:
            known.retired = True
            await _close_unused(known)
        return fresh


def connected(sealer: Encryptor, channel: Channel) -> Adapter:
    """Make the adapter of a channel; raises Misconfigured."""
    try:
        return registry.connect(channel.kind, account_of(sealer, channel))
    except HubError as error:
        raise AccountUnusable(cause=error) from error


async def _close_unused(line: _Line) -> None:
    if line.retired and not line.users:
        with suppress(Exception):
            await line.adapter.close()
