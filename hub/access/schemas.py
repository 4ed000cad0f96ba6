"""Wire types of access: sign-in, profile, agents, teams, sessions and tokens."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.access.models import Purpose, Theme
from hub.access.rights import AgentKind, Right, Role
from hub.events.definitions import Intent

Language = Literal["en", "es"]
Name = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")]
Secret = Annotated[str, Meta(max_length=200)]
Password = Annotated[str, Meta(max_length=1000)]


class TeamName(Struct, frozen=True):
    """A team's id and name."""

    id: UUID
    name: str


class Me(Struct, frozen=True, kw_only=True):
    """The agent who is signed in; every change must send `csrf` back in the header X-CSRF-Token."""

    id: UUID
    name: str
    email: str | None
    role: Role
    language: Language
    time_zone: str
    theme: Theme
    single_keys: bool
    undo_seconds: int
    teams: tuple[TeamName, ...]
    csrf: str
    intent: Intent
    demo: bool
    rights: tuple[Right, ...]
    has_password: bool


class SignInForm(Struct, frozen=True, forbid_unknown_fields=True):
    """A sign-in by e-mail address and password."""

    email: Email
    password: Password


class LinkToken(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret from a link's fragment."""

    token: Secret


class LinkLook(Struct, frozen=True, kw_only=True):
    """The purpose of a single-use link, and the name and address of its agent."""

    purpose: Purpose
    name: str
    email: str | None


class LinkUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A password chosen by a single-use link; `name` replaces the agent's name."""

    token: Secret
    password: Password
    name: Name | None = None


class ResetAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """The e-mail address whose password is forgotten."""

    email: Email


class MeChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change of one's own profile; fields left out stay as they are."""

    name: Name | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    single_keys: bool | UnsetType = UNSET
    undo_seconds: Annotated[int, Meta(ge=0, le=30)] | UnsetType = UNSET


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """A change of one's own password; `current` is empty if there is none yet."""

    current: Password
    new: Password


class SessionItem(Struct, frozen=True, kw_only=True):
    """A browser in which an agent is signed in; `current`: the one that asks."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    address: str
    current: bool


class AgentAdmin(Struct, frozen=True, kw_only=True):
    """An agent in the administrators' list; `invited`: has not accepted the invitation yet."""

    id: UUID
    name: str
    email: str | None
    kind: AgentKind
    role: Role
    team_ids: tuple[UUID, ...]
    language: str
    disabled: bool
    invited: bool
    last_seen_at: datetime | None


class NewAgent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to invite, or a bot to create."""

    name: Name
    role: Role
    email: Email | None = None
    kind: AgentKind = AgentKind.PERSON
    team_ids: tuple[UUID, ...] = ()
    language: Language = "en"


class AgentMade(Struct, frozen=True, kw_only=True):
    """A new agent; for a person with the URL of the invitation, which no other response repeats."""

    agent: AgentAdmin
    invitation_url: str | None = None


class AgentChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An administrator's change of an agent; fields left out stay as they are."""

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    team_ids: tuple[UUID, ...] | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class Invitation(Struct, frozen=True):
    """The URL by which a person chooses a password; no other response repeats it."""

    invitation_url: str


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to create for a bot: its scopes and when it expires (None: never)."""

    name: Name
    scopes: tuple[Right, ...]
    expires_at: datetime | None = None


class TokenItem(Struct, frozen=True, kw_only=True):
    """A token of a bot, without its secret; `prefix` is the beginning of the secret."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenItem, frozen=True, kw_only=True):
    """A new token with its secret; when the request is repeated, the secret is empty."""

    token: str


class TeamAdmin(Struct, frozen=True, kw_only=True):
    """A team and its members."""

    id: UUID
    name: str
    member_ids: tuple[UUID, ...]


class TeamForm(Struct, frozen=True, forbid_unknown_fields=True):
    """The name of a team to create or rename."""

    name: Name
