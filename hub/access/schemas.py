"""What access says and takes on the wire."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.access.changes import Intent
from hub.access.models import Purpose
from hub.access.rights import Kind, Right, Role

Language = Literal["en", "es"]
Theme = Literal["system", "light", "dark"]
Name = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Email = Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")]
Secret = Annotated[str, Meta(max_length=200)]
Password = Annotated[str, Meta(max_length=1000)]


class TeamName(Struct, frozen=True):
    """A team the agent works in."""

    id: UUID
    name: str


class Me(Struct, frozen=True, kw_only=True):
    """Who is signed in; `csrf` is what every change sends back as X-CSRF-Token."""

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
    """E-mail address and password."""

    email: Email
    password: Password


class LinkToken(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret from a link's fragment."""

    token: Secret


class LinkLook(Struct, frozen=True, kw_only=True):
    """What a link is for, and whose it is."""

    purpose: Purpose
    name: str
    email: str | None


class LinkUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A first or new password, chosen by link."""

    token: Secret
    password: Password
    name: Name | None = None


class ResetAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose password is forgotten."""

    email: Email


class MeChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What everybody may change about themselves."""

    name: Name | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=60)] | UnsetType = UNSET
    theme: Theme | UnsetType = UNSET
    single_keys: bool | UnsetType = UNSET
    undo_seconds: Annotated[int, Meta(ge=0, le=30)] | UnsetType = UNSET


class PasswordChange(Struct, frozen=True, forbid_unknown_fields=True):
    """The password that holds, and the one that shall; `current` is empty where there is none yet."""

    current: Password
    new: Password


class SessionItem(Struct, frozen=True, kw_only=True):
    """One browser that is signed in."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    user_agent: str
    address: str
    current: bool


class AgentAdmin(Struct, frozen=True, kw_only=True):
    """A person or bot as the list of people shows them; `invited`: has not come yet."""

    id: UUID
    name: str
    email: str | None
    kind: Kind
    role: Role
    team_ids: tuple[UUID, ...]
    language: str
    disabled: bool
    invited: bool
    last_seen_at: datetime | None


class NewAgent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to invite, or a bot."""

    name: Name
    role: Role
    email: Email | None = None
    kind: Kind = "person"
    team_ids: tuple[UUID, ...] = ()
    language: Language = "en"


class AgentMade(Struct, frozen=True, kw_only=True):
    """The new agent; a person comes with the link of the invitation, which is shown once."""

    agent: AgentAdmin
    invitation_url: str | None = None


class AgentChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator may change about an agent."""

    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    team_ids: tuple[UUID, ...] | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class Invitation(Struct, frozen=True):
    """A link that lets somebody in, shown once."""

    invitation_url: str


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token for a bot: what it may do, and for how long."""

    name: Name
    scopes: tuple[Right, ...]
    expires_at: datetime | None = None


class TokenItem(Struct, frozen=True, kw_only=True):
    """A token as the list shows it."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenItem, frozen=True, kw_only=True):
    """A new token with its secret, which is shown once; a repeated request gets an empty one."""

    token: str


class TeamAdmin(Struct, frozen=True, kw_only=True):
    """A team and who is in it."""

    id: UUID
    name: str
    member_ids: tuple[UUID, ...]


class TeamForm(Struct, frozen=True, forbid_unknown_fields=True):
    """A team's name."""

    name: Name
