"""Channels as administrators see and fill them in."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.channels.contract import Appearance, Capabilities
from hub.errors import Reason

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
