"""Channels as administrators see and change them; a secret goes in and never comes out."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.errors import TeamUnknown
from hub.access.models import Team
from hub.admin import errors
from hub.channels import registry
from hub.channels.accounts import account_of, open_secrets, seal_secrets
from hub.channels.contract import Appearance, Capabilities
from hub.channels.models import Channel
from hub.delivery.errors import ChannelRemoved
from hub.delivery.outcome import abandon, resume_channel
from hub.delivery.worker import TOPIC
from hub.errors import HubError, Reason
from hub.events.definitions import ChannelChanged
from hub.events.log import record
from hub.runtime.context import AppContext, publish_on_commit
from hub.storage.database import now

MAX_NAME = 100  # characters
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of channel, and what an administrator has to fill in."""

    kind: str
    appearance: Appearance
    capabilities: Capabilities
    schema: dict[str, object]
    listens: bool
    sends: bool


class Health(Struct, frozen=True, kw_only=True):
    """How a channel is doing."""

    state: Literal["ok", "failing", "new", "paused"]
    last_in_at: datetime | None
    last_out_at: datetime | None
    error: str | None
    reason: Reason | None
    error_at: datetime | None


class ChannelAdmin(Struct, frozen=True, kw_only=True):
    """A channel with its settings; `secrets_set` names the secret fields that are filled in."""

    id: UUID
    kind: str
    name: str
    address: str
    team_id: UUID | None
    settings: dict[str, object]
    secrets_set: tuple[str, ...]
    paused: bool
    health: Health
    appearance: Appearance
    capabilities: Capabilities
    embed: dict[str, str] | None


class NewChannel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The values needed to add a channel."""

    kind: str
    name: Name
    settings: dict[str, object]
    address: str | None = None
    team_id: UUID | None = None


class ChannelChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The values that may change; a value that is left out, also within the settings, stays as it is."""

    name: Name | UnsetType = UNSET
    address: str | UnsetType = UNSET
    team_id: UUID | UnsetType | None = UNSET
    settings: dict[str, object] | UnsetType = UNSET


def kinds() -> list[Kind]:
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


async def channels(session: AsyncSession, context: AppContext) -> list[ChannelAdmin]:
    """List the channels there are. One query."""
    found = await session.scalars(select(Channel).where(Channel.archived_at.is_(None)).order_by(Channel.name))
    return [shown(context, channel) for channel in found]


def shown(context: AppContext, channel: Channel) -> ChannelAdmin:
    """Show a channel without its secrets."""
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


async def one(session: AsyncSession, channel_id: UUID) -> Channel:
    """Find a channel and lock it for a change; raises NotFound."""
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
    channel.secrets = seal_secrets(context.sealer, channel.id, secrets)
    session.add(channel)
    await session.flush()
    _changed(session, channel, by)
    return channel


async def change(
    session: AsyncSession, context: AppContext, channel_id: UUID, told: ChannelChange, *, by: UUID
) -> Channel:
    """Change a channel; messages that waited for its settings to be corrected are sent at once."""
    channel = await one(session, channel_id)
    if told.name is not UNSET:
        channel.name = told.name
    if told.team_id is not UNSET:
        await _check_team(session, told.team_id)
        channel.team_id = told.team_id
    if told.settings is not UNSET:
        _refill(context, channel, told.settings)
        await resume_channel(session, channel.id)
        publish_on_commit(session, TOPIC, b"")
    await _move_house(session, context, channel, told)
    _changed(session, channel, by)
    return channel


async def archive(session: AsyncSession, channel_id: UUID, *, by: UUID) -> None:
    """Take a channel out of use; its messages stay, what was still due on it fails."""
    channel = await one(session, channel_id)
    channel.archived_at = now()
    await abandon(session, channel.id, ChannelRemoved().reason)
    _changed(session, channel, by)


async def pause(session: AsyncSession, channel_id: UUID, *, paused: bool, by: UUID) -> Channel:
    """Let nothing in or out for a while, or go on."""
    channel = await one(session, channel_id)
    if (channel.paused_at is not None) != paused:
        channel.paused_at = now() if paused else None
        _changed(session, channel, by)
        publish_on_commit(session, TOPIC, b"")
    return channel


def filled(context: AppContext, kind: str, settings: Mapping[str, object], saved: Channel | None) -> Struct:
    """Put an account together from a form, with the saved channel's values for what the form leaves out.

    A saved secret goes where it went before, and nowhere else: raises BadInput where a form sends it elsewhere.
    """
    known: dict[str, object] = {**saved.settings, **open_secrets(context.sealer, saved)} if saved else {}
    secret = registry.secret_fields(kind)
    given = {name: value for name, value in settings.items() if not (name in secret and not value)}
    account = registry.account(kind, {**known, **given})
    if saved:
        _stays_where_it_was(kind, account, given, known)
    return account


def _stays_where_it_was(kind: str, account: Struct, given: Collection[str], known: Mapping[str, object]) -> None:
    now_: dict[str, object] = msgspec.to_builtins(account)
    for name, fields in registry.destinations(kind).items():
        moved = [field for field in fields if now_[field] != known.get(field, now_[field])]
        if name in known and name not in given and moved:
            raise errors.SecretNeededAgain().at(name)


def _refill(context: AppContext, channel: Channel, settings: Mapping[str, object]) -> None:
    shown_, secrets = registry.split_secrets(channel.kind, filled(context, channel.kind, settings, channel))
    channel.settings = shown_
    channel.secrets = seal_secrets(context.sealer, channel.id, secrets)
    channel.error = channel.reason = channel.error_at = None


async def _move_house(session: AsyncSession, context: AppContext, channel: Channel, told: ChannelChange) -> None:
    """Follow the settings' own address where no other was given."""
    if told.address is UNSET and told.settings is UNSET:
        return
    own = registry.adapter_type(channel.kind).address(account_of(context.sealer, channel))
    address = _address(channel.kind, (told.address if told.address is not UNSET else "") or own or channel.address)
    await _check_address(session, channel.kind, address, channel.id)
    channel.address = address


def _changed(session: AsyncSession, channel: Channel, by: UUID | None) -> None:
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
        return set(open_secrets(context.sealer, channel))
    except HubError:
        return set()


def _embed(context: AppContext, channel: Channel) -> dict[str, str] | None:
    try:
        account = account_of(context.sealer, channel)
    except HubError:
        return None
    return registry.adapter_type(channel.kind).embed(account, context.settings.base_url)
