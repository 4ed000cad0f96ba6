"""Who may do what: roles, rights, and the viewer every question is asked for. Pure."""

from enum import StrEnum
from typing import Literal
from uuid import UUID

from msgspec import Struct

from hub.access.errors import KindFixed, OwnerOnly, OwnRoleRaised
from hub.errors import Forbidden

Kind = Literal["person", "bot"]


class Role(StrEnum):
    """What somebody is here; the first may do most."""

    OWNER = "owner"
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    AUDITOR = "auditor"
    BOT = "bot"


class Right(StrEnum):
    """One thing that may be done; a bot's token names the same words as its scopes."""

    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_ALL = "conversations:all"  # of every team
    CONVERSATIONS_WRITE = "conversations:write"  # claim, resolve, snooze, read marks, drafts
    CONVERSATIONS_REASSIGN = "conversations:reassign"  # take from one colleague, give to another
    MESSAGES_WRITE = "messages:write"
    NOTES_WRITE = "notes:write"
    TAGS_WRITE = "tags:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    DELIVERIES_READ = "deliveries:read"  # the console of the out-tray and of quarantined arrivals
    DELIVERIES_WRITE = "deliveries:write"
    AGENTS_READ = "agents:read"  # the people, teams and bots
    AGENTS_WRITE = "agents:write"
    CHANNELS_READ = "channels:read"
    CHANNELS_WRITE = "channels:write"
    SETTINGS_WRITE = "settings:write"
    OWNERS_WRITE = "owners:write"  # make, change and remove owners


_READING = {Right.CONVERSATIONS_READ, Right.CONTACTS_READ, Right.AGENTS_READ}
_WORKING = _READING | {
    Right.CONVERSATIONS_WRITE,
    Right.MESSAGES_WRITE,
    Right.NOTES_WRITE,
    Right.TAGS_WRITE,
    Right.CONTACTS_WRITE,
}
_LEADING = _WORKING | {
    Right.CONVERSATIONS_ALL,
    Right.CONVERSATIONS_REASSIGN,
    Right.DELIVERIES_READ,
    Right.DELIVERIES_WRITE,
    Right.CHANNELS_READ,
}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMIN: frozenset(Right) - {Right.OWNERS_WRITE},
    Role.SUPERVISOR: frozenset(_LEADING),
    Role.AGENT: frozenset(_WORKING),
    Role.AUDITOR: frozenset(_READING | {Right.CONVERSATIONS_ALL, Right.DELIVERIES_READ, Right.CHANNELS_READ}),
    Role.BOT: frozenset(_WORKING),
}
RANK = {Role.OWNER: 4, Role.ADMIN: 3, Role.SUPERVISOR: 2, Role.AGENT: 1, Role.AUDITOR: 1, Role.BOT: 0}


def may(role: Role, right: Right) -> bool:
    """Tell whether a role carries a right."""
    return right in RIGHTS[role]


class Viewer(Struct, frozen=True, kw_only=True):
    """Who looks or acts; `scopes` narrows a bot's token and is None for people."""

    agent_id: UUID
    role: Role
    kind: Kind = "person"
    team_ids: frozenset[UUID] = frozenset()
    scopes: frozenset[Right] | None = None

    @property
    def rights(self) -> frozenset[Right]:
        """Everything this viewer may do."""
        granted = RIGHTS[self.role]
        return granted if self.scopes is None else granted & self.scopes

    def may(self, right: Right) -> bool:
        """Tell whether this viewer has a right."""
        return right in self.rights


def sees_all(viewer: Viewer) -> bool:
    """Tell whether a viewer reads the conversations of every team."""
    return {Right.CONVERSATIONS_READ, Right.CONVERSATIONS_ALL} <= viewer.rights


def refusal(actor: Viewer, *, target_id: UUID, old: Role, new: Role) -> Forbidden | None:
    """Return why `actor` may not give the role `new` to an agent who has `old`, or None when they may."""
    if Role.OWNER in {old, new} and not actor.may(Right.OWNERS_WRITE):
        return OwnerOnly()
    if target_id == actor.agent_id and RANK[new] > RANK[old]:
        return OwnRoleRaised()
    if (old is Role.BOT) != (new is Role.BOT):
        return KindFixed()
    return None
