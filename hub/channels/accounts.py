"""A channel's account, which is its settings with its decrypted secrets, and the adapters created from it."""

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

SECRETS_COLUMN = {"table": "channel", "column": "secrets"}


def seal_secrets(encryptor: Encryptor, channel_id: UUID, secrets: Mapping[str, object]) -> str | None:
    """Encrypt the secret fields of a channel; None if there are none."""
    if not secrets:
        return None
    return encryptor.seal(msgspec.json.encode(secrets), row=channel_id, **SECRETS_COLUMN)


def open_secrets(encryptor: Encryptor, channel: Channel) -> dict[str, object]:
    """Decrypt the secret fields of a channel; raises Unopenable."""
    if channel.secrets is None:
        return {}
    decrypted = encryptor.open(channel.secrets, row=channel.id, **SECRETS_COLUMN)
    return msgspec.json.decode(decrypted, type=dict[str, object])


async def reseal(session: AsyncSession, encryptor: Encryptor) -> int:
    """Encrypt all secrets that use a retired key with the current one; raises Unopenable.

    Locks each row. Returns the number of channels changed.
    """
    channels = select(Channel).where(Channel.secrets.is_not(None)).order_by(Channel.id).with_for_update()
    count = 0
    for channel in await session.scalars(channels):
        if channel.secrets and encryptor.stale(channel.secrets):
            channel.secrets = encryptor.reseal(channel.secrets, row=channel.id, **SECRETS_COLUMN)
            count += 1
    return count


def account_of(encryptor: Encryptor, channel: Channel) -> Struct:
    """Return a channel's account, settings and secrets; raises BadInput or Unopenable."""
    return registry.account(channel.kind, {**channel.settings, **open_secrets(encryptor, channel)})


@dataclass
class _Connection:
    """A cached adapter and the number of its current users; `retired` once a newer version replaced it."""

    version: int
    adapter: Adapter
    users: int = 0
    retired: bool = False


class Connections:
    """The adapters of one process, one for each channel; replaced and closed when the channel has changed."""

    def __init__(self, context: AppContext) -> None:
        """Start without adapters."""
        self._encryptor = context.encryptor
        self._connections: dict[UUID, _Connection] = {}

    @asynccontextmanager
    async def use(self, channel: Channel) -> AsyncIterator[Adapter]:
        """Yield the adapter of a channel at its current version; raises Misconfigured if it cannot be created."""
        connection = await self._connection(channel)
        connection.users += 1
        try:
            yield connection.adapter
        finally:
            connection.users -= 1
            await _close_unused(connection)

    async def close(self) -> None:
        """Close all adapters, also those in use."""
        while self._connections:
            _, connection = self._connections.popitem()
            connection.retired, connection.users = True, 0
            await _close_unused(connection)

    async def _connection(self, channel: Channel) -> _Connection:
        current = self._connections.get(channel.id)
        if current is not None and current.version == channel.version:
            return current
        new = _Connection(channel.version, create_adapter(self._encryptor, channel))
        self._connections[channel.id] = new
        if current is not None:
            current.retired = True
            await _close_unused(current)
        return new


def create_adapter(encryptor: Encryptor, channel: Channel) -> Adapter:
    """Create an adapter from a channel's account; raises Misconfigured."""
    try:
        return registry.create_adapter(channel.kind, account_of(encryptor, channel))
    except HubError as error:
        raise AccountUnusable(cause=error) from error


async def _close_unused(connection: _Connection) -> None:
    if connection.retired and not connection.users:
        with suppress(Exception):
            await connection.adapter.close()
