"""Roles, rights, and the viewer: the agent for whom a query or an action runs. Pure."""

from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from hub.access.errors import KindFixed, OwnerOnly, OwnRoleRaised
from hub.errors import Forbidden


class AgentKind(StrEnum):
    """Whether an agent is a person or a program."""

    PERSON = "person"
    BOT = "bot"


class Role(StrEnum):
    """The role of an agent, from the most rights to the fewest."""

    OWNER = "owner"
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    AUDITOR = "auditor"
    BOT = "bot"


class Right(StrEnum):
    """A right; the scopes of a bot's token have the same names."""

    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_ALL = "conversations:all"  # see the conversations of every team
    CONVERSATIONS_WRITE = "conversations:write"  # claim, resolve, snooze, read marks, drafts
    CONVERSATIONS_REASSIGN = "conversations:reassign"  # change another agent's assignment
    MESSAGES_WRITE = "messages:write"
    NOTES_WRITE = "notes:write"
    TAGS_WRITE = "tags:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    DELIVERIES_READ = "deliveries:read"  # list deliveries and quarantined arrivals
    DELIVERIES_WRITE = "deliveries:write"
    AGENTS_READ = "agents:read"  # list people, bots and teams
    AGENTS_WRITE = "agents:write"
    CHANNELS_READ = "channels:read"
    CHANNELS_WRITE = "channels:write"
    SETTINGS_WRITE = "settings:write"
    OWNERS_WRITE = "owners:write"  # create, change and disable owners


_READ_RIGHTS = {Right.CONVERSATIONS_READ, Right.CONTACTS_READ, Right.AGENTS_READ}
_AGENT_RIGHTS = _READ_RIGHTS | {
    Right.CONVERSATIONS_WRITE,
    Right.MESSAGES_WRITE,
    Right.NOTES_WRITE,
    Right.TAGS_WRITE,
    Right.CONTACTS_WRITE,
}
_SUPERVISOR_RIGHTS = _AGENT_RIGHTS | {
    Right.CONVERSATIONS_ALL,
    Right.CONVERSATIONS_REASSIGN,
    Right.DELIVERIES_READ,
    Right.DELIVERIES_WRITE,
    Right.CHANNELS_READ,
}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMIN: frozenset(Right) - {Right.OWNERS_WRITE},
    Role.SUPERVISOR: frozenset(_SUPERVISOR_RIGHTS),
    Role.AGENT: frozenset(_AGENT_RIGHTS),
    Role.AUDITOR: frozenset(_READ_RIGHTS | {Right.CONVERSATIONS_ALL, Right.DELIVERIES_READ, Right.CHANNELS_READ}),
    Role.BOT: frozenset(_AGENT_RIGHTS),
}
RANK = {Role.OWNER: 4, Role.ADMIN: 3, Role.SUPERVISOR: 2, Role.AGENT: 1, Role.AUDITOR: 1, Role.BOT: 0}


def may(role: Role, right: Right) -> bool:
    """Return whether a role has a right."""
    return right in RIGHTS[role]


class Viewer(Struct, frozen=True, kw_only=True):
    """An agent who reads or acts, with role and teams; `scopes` limits a bot's token and is None for people."""

    agent_id: UUID
    role: Role
    kind: AgentKind = AgentKind.PERSON
    team_ids: frozenset[UUID] = frozenset()
    scopes: frozenset[Right] | None = None

    @property
    def rights(self) -> frozenset[Right]:
        """Return all rights of this viewer."""
        granted = RIGHTS[self.role]
        return granted if self.scopes is None else granted & self.scopes

    def may(self, right: Right) -> bool:
        """Return whether this viewer has a right."""
        return right in self.rights


def sees_all(viewer: Viewer) -> bool:
    """Return whether a viewer may read the conversations of every team."""
    return {Right.CONVERSATIONS_READ, Right.CONVERSATIONS_ALL} <= viewer.rights


def role_change_error(actor: Viewer, *, target_id: UUID, old: Role, new: Role) -> Forbidden | None:
    """Return why `actor` may not change the role of agent `target_id` from `old` to `new`, or None if it may."""
    if Role.OWNER in {old, new} and not actor.may(Right.OWNERS_WRITE):
        return OwnerOnly()
    if target_id == actor.agent_id and RANK[new] > RANK[old]:
        return OwnRoleRaised()
    if (old is Role.BOT) != (new is Role.BOT):
        return KindFixed()
    return None
