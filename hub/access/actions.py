"""Create, change and remove agents, teams and access tokens, and record each change in the event log."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access import links, queries
from hub.access.credentials import fingerprint, new_token
from hub.access.errors import (
    AgentDisabled,
    AgentNotFound,
    BotNotInvitable,
    EmailInvalid,
    EmailMissing,
    EmailTaken,
    ExpiryInvalid,
    LastOwner,
    OwnAccountDisabled,
    RoleNotForKind,
    ScopesInvalid,
    TeamInUse,
    TeamNameTaken,
    TeamNotFound,
    TeamsUnknown,
    TimeZoneUnknown,
    TokenNotFound,
    TokensOnlyForBots,
)
from hub.access.models import AccessToken, Agent, Team, TeamMember
from hub.access.rights import RIGHTS, AgentKind, Role, Viewer, role_change_error
from hub.access.schemas import AgentChange, MeChange, NewAgent, NewToken
from hub.access.sessions import BOT_PREFIX, AccessSignal, revoke_all, signal_sockets
from hub.errors import Conflict
from hub.events.definitions import AgentChanged, TeamChanged
from hub.events.log import record

SHOWN_PREFIX_CHARS = (
    8  # characters after "hub_" that are stored in clear, to tell tokens apart; 48 of the secret's 256 bits
)


def normalise_email(text: str) -> str:
    """Return an e-mail address trimmed and in lower case, as it is stored; raises BadInput."""
    email = text.strip().lower()
    name, _, host = email.rpartition("@")
    if not name or not host or "@" in name or not email.isprintable() or " " in email:
        raise EmailInvalid
    return email


def validate_time_zone(text: str) -> str:
    """Return the name of an IANA time zone; raises BadInput for an unknown one."""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneUnknown from error


def change_me(session: AsyncSession, agent: Agent, change: MeChange) -> None:
    """Change an agent's own name and preferences; raises BadInput for an unknown time zone."""
    if change.time_zone is not UNSET:
        validate_time_zone(change.time_zone)
    _set_fields(agent, {field: getattr(change, field) for field in change.__struct_fields__})
    record(session, AgentChanged(agent_id=agent.id))


def _set_fields(agent: Agent, values: dict[str, object]) -> None:
    for field, value in values.items():
        if value is not UNSET:
            setattr(agent, field, value)
    agent.version += 1


async def add_agent(session: AsyncSession, actor: Viewer | None, new: NewAgent, *, demo: bool = False) -> Agent:
    """Create a person or a bot. Raises BadInput, Conflict, Forbidden.

    `actor` None: an administrator at the command line, who may give any role. `demo` marks sample data.
    """
    _check_new_agent(actor, new)
    email = normalise_email(new.email) if new.email else None
    agent = Agent(name=new.name.strip(), email=email, kind=new.kind, role=new.role, language=new.language, demo=demo)
    session.add(agent)
    await _flush(session, EmailTaken)
    await _set_teams(session, agent.id, new.team_ids)
    record(session, AgentChanged(agent_id=agent.id))
    return agent


def _check_new_agent(actor: Viewer | None, new: NewAgent) -> None:
    if (new.kind is AgentKind.BOT) != (new.role is Role.BOT):
        raise RoleNotForKind
    if new.kind is AgentKind.PERSON and not new.email:
        raise EmailMissing
    if actor is not None:
        _check_role_change(actor, actor.agent_id, new.role, new.role)


def _check_role_change(actor: Viewer, target_id: UUID, old: Role, new: Role) -> None:
    error = role_change_error(actor, target_id=target_id, old=old, new=new)
    if error is not None:
        raise error


async def change_agent(
    session: AsyncSession, actor: Viewer, agent_id: UUID, change: AgentChange, now: datetime
) -> Agent:
    """Change an agent and return it; sign it out if its role changes or it is disabled.

    Raises NotFound, Forbidden, BadInput for an unknown team, and Conflict for the last owner.
    """
    owners = await queries.lock_owners(session)
    agent = await lock_agent(session, agent_id)
    role = agent.role if change.role is UNSET else change.role
    disabled = (agent.disabled_at is not None) if change.disabled is UNSET else change.disabled
    _check_role_change(actor, agent.id, agent.role, role)
    _refuse_to_lose_last_owner(agent, owners, remains_owner=role is Role.OWNER and not disabled)
    if disabled and agent.id == actor.agent_id:
        raise OwnAccountDisabled
    sign_out = role is not agent.role or (disabled and agent.disabled_at is None)
    _set_fields(agent, {"name": change.name, "language": change.language, "role": role})
    agent.disabled_at = (agent.disabled_at or now) if disabled else None
    if sign_out:
        await _revoke_access(session, agent, now)
    changed_teams = set() if change.team_ids is UNSET else await _set_teams(session, agent.id, change.team_ids)
    record(session, AgentChanged(agent_id=agent.id))
    for team_id in sorted(changed_teams):
        record(session, TeamChanged(team_id=team_id))
    return agent


def _refuse_to_lose_last_owner(agent: Agent, owners: list[Agent], *, remains_owner: bool) -> None:
    if agent in owners and not remains_owner and len(owners) == 1:
        raise LastOwner


async def _revoke_access(session: AsyncSession, agent: Agent, now: datetime) -> None:
    """End an agent's sessions, and invalidate its links if it is disabled."""
    await revoke_all(session, agent.id, now)
    if agent.disabled_at is not None:
        await links.invalidate(session, agent.id, now)


async def lock_agent(session: AsyncSession, agent_id: UUID) -> Agent:
    """Lock an agent's row until the transaction ends and return it, freshly read; raises NotFound."""
    agent = await session.get(Agent, agent_id, with_for_update=True, populate_existing=True)
    if agent is None:
        raise AgentNotFound
    return agent


async def lock_invitable(session: AsyncSession, actor: Viewer, agent_id: UUID) -> Agent:
    """Lock and return a person to whom `actor` may send a link.

    Raises NotFound, Forbidden, and Conflict for a bot or a disabled person.
    """
    agent = await lock_agent(session, agent_id)
    _check_role_change(actor, agent.id, agent.role, agent.role)
    if agent.kind is AgentKind.BOT:
        raise BotNotInvitable
    if agent.disabled_at is not None:
        raise AgentDisabled
    return agent


async def add_token(session: AsyncSession, agent_id: UUID, new: NewToken, now: datetime) -> tuple[AccessToken, str]:
    """Create an access token for a bot; return its row and the secret, which is not stored.

    Raises NotFound, Conflict if the agent is a person, and BadInput for a wrong scope or expiry.
    """
    bot = await _lock_bot(session, agent_id)
    forbidden_scopes = [scope for scope in new.scopes if scope not in RIGHTS[Role.BOT]]
    if forbidden_scopes or not new.scopes:
        allowed_scopes = ", ".join(sorted(RIGHTS[Role.BOT]))
        raise ScopesInvalid(known=allowed_scopes)
    if new.expires_at is not None and (new.expires_at.tzinfo is None or new.expires_at <= now):
        raise ExpiryInvalid
    secret = new_token(BOT_PREFIX)
    token = AccessToken(
        agent_id=bot.id,
        name=new.name.strip(),
        token_hash=fingerprint(secret),
        prefix=secret[: len(BOT_PREFIX) + SHOWN_PREFIX_CHARS],
        scopes=sorted(set(new.scopes)),
        expires_at=new.expires_at,
        created_at=now,
    )
    session.add(token)
    await session.flush()
    return token, secret


async def revoke_token(session: AsyncSession, agent_id: UUID, token_id: UUID, now: datetime) -> None:
    """Revoke a bot's token and close the bot's sockets; raises NotFound."""
    token = await session.get(AccessToken, token_id, with_for_update=True)
    if token is None or token.agent_id != agent_id or token.revoked_at is not None:
        raise TokenNotFound
    token.revoked_at = now
    signal_sockets(session, AccessSignal(agent_id=agent_id))


async def _lock_bot(session: AsyncSession, agent_id: UUID) -> Agent:
    agent = await lock_agent(session, agent_id)
    if agent.kind is not AgentKind.BOT:
        raise TokensOnlyForBots
    return agent


async def add_team(session: AsyncSession, name: str, *, demo: bool = False) -> Team:
    """Create a team; raises Conflict if the name is taken. `demo` marks sample data."""
    team = Team(name=name.strip(), demo=demo)
    session.add(team)
    await _flush(session, TeamNameTaken)
    record(session, TeamChanged(team_id=team.id))
    return team


async def rename_team(session: AsyncSession, team_id: UUID, name: str) -> Team:
    """Rename a team and return it; raises NotFound, and Conflict if the name is taken."""
    team = await _lock_team(session, team_id)
    team.name = name.strip()
    await _flush(session, TeamNameTaken)
    record(session, TeamChanged(team_id=team_id))
    return team


async def remove_team(session: AsyncSession, team_id: UUID) -> None:
    """Delete a team, keep its members, and have their sockets reload their rights.

    Raises NotFound, and Conflict if the team is in use, for example by a channel.
    """
    team = await _lock_team(session, team_id)
    members = list(await session.scalars(select(TeamMember.agent_id).where(TeamMember.team_id == team_id)))
    await session.delete(team)
    await _flush(session, TeamInUse)
    for agent_id in members:
        signal_sockets(session, AccessSignal(agent_id=agent_id, revoked=False))
    record(session, TeamChanged(team_id=team_id))


async def _lock_team(session: AsyncSession, team_id: UUID) -> Team:
    team = await session.get(Team, team_id, with_for_update=True)
    if team is None:
        raise TeamNotFound
    return team


async def _set_teams(session: AsyncSession, agent_id: UUID, team_ids: Iterable[UUID]) -> set[UUID]:
    """Make these the agent's teams and return the teams it joined or left; raises BadInput for an unknown team."""
    new_ids = set(team_ids)
    old_ids = set(await session.scalars(select(TeamMember.team_id).where(TeamMember.agent_id == agent_id)))
    existing_ids = set(
        await session.scalars(select(Team.id).where(Team.id.in_(new_ids)).with_for_update(key_share=True))
    )
    if new_ids - existing_ids:
        raise TeamsUnknown
    deletion = delete(TeamMember).where(TeamMember.agent_id == agent_id, TeamMember.team_id.in_(old_ids - new_ids))
    await session.execute(deletion)
    for team_id in sorted(new_ids - old_ids):
        await session.execute(insert(TeamMember).values(team_id=team_id, agent_id=agent_id).on_conflict_do_nothing())
    if new_ids != old_ids:
        signal_sockets(session, AccessSignal(agent_id=agent_id, revoked=False))
    return new_ids ^ old_ids


async def _flush(session: AsyncSession, conflict: type[Conflict]) -> None:
    """Flush, and raise `conflict` if a constraint is violated."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise conflict from error
