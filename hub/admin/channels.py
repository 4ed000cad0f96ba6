"""Channels as administrators see and change them; a secret goes in and never comes out."""

from collections.abc import Collection, Mapping
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import TeamUnknown
from hub.access.models import Team
from hub.admin import errors
from hub.admin.schemas import MAX_NAME, ChannelAdmin, ChannelChange, Health, Kind, NewChannel
from hub.channels import registry
from hub.channels.accounts import account_of, open_secrets, seal_secrets
from hub.channels.models import Channel
from hub.delivery.errors import ChannelRemoved
from hub.delivery.outcome import abandon, resume_channel
from hub.delivery.worker import TOPIC
from hub.errors import HubError, Reason
from hub.events.definitions import ChannelChanged
from hub.events.log import record
from hub.runtime.context import AppContext, publish_on_commit
from hub.storage.database import now


def list_kinds() -> list[Kind]:
    """List the kinds there are."""
    return [
        Kind(
            kind=kind,
            appearance=registry.appearance(kind),
            capabilities=registry.capabilities(kind),
            schema=registry.schema(kind),
            listens=registry.listens(kind),
            sends=True,
        )
        for kind in registry.kinds()
    ]


async def list_channels(session: AsyncSession, context: AppContext) -> list[ChannelAdmin]:
    """List the channels in use, by name. One query."""
    found = await session.scalars(select(Channel).where(Channel.archived_at.is_(None)).order_by(Channel.name))
    return [to_item(context, channel) for channel in found]


def to_item(context: AppContext, channel: Channel) -> ChannelAdmin:
    """Return a channel for administrators, without its secrets."""
    secret = registry.secret_fields(channel.kind)
    return ChannelAdmin(
        id=channel.id,
        kind=channel.kind,
        name=channel.name,
        address=channel.address,
        team_id=channel.team_id,
        settings={**channel.settings, **dict.fromkeys(secret)},
        secrets_set=tuple(sorted(_secrets_set(context, channel))),
        paused=channel.paused_at is not None,
        health=_health(channel),
        appearance=registry.appearance(channel.kind),
        capabilities=registry.capabilities(channel.kind),
        embed=_embed(context, channel),
    )


async def locked_channel(session: AsyncSession, channel_id: UUID) -> Channel:
    """Lock and return a channel in use; raises NotFound."""
    wanted = select(Channel).where(Channel.id == channel_id, Channel.archived_at.is_(None)).with_for_update()
    found = (await session.execute(wanted)).scalar_one_or_none()
    if found is None:
        raise errors.ChannelNotFound
    return found


async def create_channel(
    session: AsyncSession, context: AppContext, new: NewChannel, *, by: UUID | None, demo: bool = False
) -> Channel:
    """Create a channel for an administrator (`by`), the command line (None) or the demo.

    Raises BadInput naming the field, or Conflict where another channel of the kind has the address.
    """
    _check_name(new.name)
    account = registry.account(new.kind, new.settings)
    settings, secrets = registry.split_secrets(new.kind, account)
    address = _address(new.kind, new.address or registry.adapter_type(new.kind).address(account))
    await _check_team(session, new.team_id)
    await _check_address(session, new.kind, address, None)
    channel = Channel(kind=new.kind, name=new.name, address=address, team_id=new.team_id, settings=settings, demo=demo)
    channel.secrets = seal_secrets(context.encryptor, channel.id, secrets)
    session.add(channel)
    await session.flush()
    _record_change(session, channel, by)
    return channel


async def change_channel(
    session: AsyncSession, context: AppContext, channel_id: UUID, changes: ChannelChange, *, by: UUID
) -> Channel:
    """Change a channel; messages that waited for its settings to be corrected are sent at once."""
    channel = await locked_channel(session, channel_id)
    if changes.name is not UNSET:
        channel.name = changes.name
    if changes.team_id is not UNSET:
        await _check_team(session, changes.team_id)
        channel.team_id = changes.team_id
    if changes.settings is not UNSET:
        _store_settings(context, channel, changes.settings)
        await resume_channel(session, channel.id)
        publish_on_commit(session, TOPIC, b"")
    await _update_address(session, context, channel, changes)
    _record_change(session, channel, by)
    return channel


async def archive_channel(session: AsyncSession, channel_id: UUID, *, by: UUID) -> None:
    """Take a channel out of use: its messages stay, and deliveries that are still due fail."""
    channel = await locked_channel(session, channel_id)
    channel.archived_at = now()
    await abandon(session, channel.id, ChannelRemoved().reason)
    _record_change(session, channel, by)


async def pause_channel(session: AsyncSession, channel_id: UUID, *, paused: bool, by: UUID) -> Channel:
    """Pause a channel, so that nothing is received or sent, or resume it."""
    channel = await locked_channel(session, channel_id)
    if (channel.paused_at is not None) != paused:
        channel.paused_at = now() if paused else None
        _record_change(session, channel, by)
        publish_on_commit(session, TOPIC, b"")
    return channel


def complete_account(context: AppContext, kind: str, settings: Mapping[str, object], saved: Channel | None) -> Struct:
    """Return the account of a form, with the values of the `saved` channel for the fields that the form leaves out.

    A saved secret may only be sent to the server it was saved for: raises BadInput when the form names another.
    """
    known: dict[str, object] = {**saved.settings, **open_secrets(context.encryptor, saved)} if saved else {}
    secret = registry.secret_fields(kind)
    given = {name: value for name, value in settings.items() if not (name in secret and not value)}
    account = registry.account(kind, {**known, **given})
    if saved:
        _check_destinations(kind, account, given, known)
    return account


def _check_destinations(kind: str, account: Struct, given: Collection[str], known: Mapping[str, object]) -> None:
    now_: dict[str, object] = msgspec.to_builtins(account)
    for name, fields in registry.destinations(kind).items():
        moved = [field for field in fields if now_[field] != known.get(field, now_[field])]
        if name in known and name not in given and moved:
            raise errors.SecretNeededAgain().at(name)


def _store_settings(context: AppContext, channel: Channel, settings: Mapping[str, object]) -> None:
    shown_, secrets = registry.split_secrets(channel.kind, complete_account(context, channel.kind, settings, channel))
    channel.settings = shown_
    channel.secrets = seal_secrets(context.encryptor, channel.id, secrets)
    channel.error = channel.reason = channel.error_at = None


async def _update_address(session: AsyncSession, context: AppContext, channel: Channel, changes: ChannelChange) -> None:
    """Set the address: the given one, else the one in the settings."""
    if changes.address is UNSET and changes.settings is UNSET:
        return
    own = registry.adapter_type(channel.kind).address(account_of(context.encryptor, channel))
    address = _address(
        channel.kind, (changes.address if changes.address is not UNSET else "") or own or channel.address
    )
    await _check_address(session, channel.kind, address, channel.id)
    channel.address = address


def _record_change(session: AsyncSession, channel: Channel, by: UUID | None) -> None:
    channel.version += 1
    record(session, ChannelChanged(channel_id=channel.id), agent_id=by)


def _check_name(name: str) -> None:
    if not 0 < len(name) <= MAX_NAME:
        raise errors.ChannelNameInvalid(most=MAX_NAME)


def _address(kind: str, written: str) -> str:
    address = written.strip()
    if not address:
        raise errors.ChannelAddressMissing
    return address.lower() if registry.capabilities(kind).scheme == "mailto" else address


async def _check_address(session: AsyncSession, kind: str, address: str, own: UUID | None) -> None:
    taken = select(func.count()).where(
        Channel.kind == kind,
        Channel.address == address,
        Channel.archived_at.is_(None),
        Channel.id.is_distinct_from(own),
    )
    if (await session.execute(taken)).scalar_one():
        raise errors.ChannelAddressTaken(address=address)


async def _check_team(session: AsyncSession, team_id: UUID | None) -> None:
    if team_id is not None and await session.get(Team, team_id) is None:
        raise TeamUnknown


def _health(channel: Channel) -> Health:
    return Health(
        state=_state(channel),
        last_in_at=channel.last_in_at,
        last_out_at=channel.last_out_at,
        error=channel.error,
        reason=msgspec.convert(channel.reason, Reason) if channel.reason else None,
        error_at=channel.error_at,
    )


def _state(channel: Channel) -> Literal["ok", "failing", "new", "paused"]:
    if channel.paused_at is not None:
        return "paused"
    if channel.error is not None:
        return "failing"
    return "ok" if channel.last_in_at or channel.last_out_at else "new"


def _secrets_set(context: AppContext, channel: Channel) -> set[str]:
    try:
        return set(open_secrets(context.encryptor, channel))
    except HubError:
        return set()


def _embed(context: AppContext, channel: Channel) -> dict[str, str] | None:
    try:
        account = account_of(context.encryptor, channel)
    except HubError:
        return None
    return registry.adapter_type(channel.kind).embed(account, context.settings.base_url)
