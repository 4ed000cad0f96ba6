"""What can be done about people, teams and tokens."""

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
from hub.access.rights import RIGHTS, Role, Viewer, refusal
from hub.access.schemas import AgentChange, MeChange, NewAgent, NewToken
from hub.access.sessions import BOT_PREFIX, Nudge, nudge, revoke_all
from hub.errors import Conflict

PREFIX_SHOWN = 8  # characters after "hub_": enough to tell tokens apart, 48 of 256 bits


def read_email(text: str) -> str:
    """Check an e-mail address and give it in the form that is kept; raises BadInput."""
    email = text.strip().lower()
    name, _, host = email.rpartition("@")
    if not name or not host or "@" in name or not email.isprintable() or " " in email:
        raise EmailInvalid
    return email


def read_time_zone(text: str) -> str:
    """Check the name of a time zone; raises BadInput."""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimeZoneUnknown from error


def change_me(agent: Agent, change: MeChange) -> None:
    """Change what everybody may change about themselves."""
    if change.time_zone is not UNSET:
        read_time_zone(change.time_zone)
    _apply(agent, {field: getattr(change, field) for field in change.__struct_fields__})


def _apply(agent: Agent, values: dict[str, object]) -> None:
    for field, value in values.items():
        if value is not UNSET:
            setattr(agent, field, value)
    agent.version += 1


async def add_agent(session: AsyncSession, actor: Viewer | None, new: NewAgent, *, demo: bool = False) -> Agent:
    """Add a person or a bot; without an `actor` the machine's own administrator asks. Raises Conflict, BadInput."""
    _check_new(actor, new)
    email = read_email(new.email) if new.email else None
    agent = Agent(name=new.name.strip(), email=email, kind=new.kind, role=new.role, language=new.language, demo=demo)
    session.add(agent)
    await _flush(session, EmailTaken)
    await _put_in_teams(session, agent.id, new.team_ids)
    return agent


def _check_new(actor: Viewer | None, new: NewAgent) -> None:
    if (new.kind == "bot") != (new.role is Role.BOT):
        raise RoleNotForKind
    if new.kind == "person" and not new.email:
        raise EmailMissing
    if actor is not None:
        _allow(actor, actor.agent_id, new.role, new.role)


def _allow(actor: Viewer, target_id: UUID, old: Role, new: Role) -> None:
    refused = refusal(actor, target_id=target_id, old=old, new=new)
    if refused is not None:
        raise refused


async def change_agent(
    session: AsyncSession, actor: Viewer, agent_id: UUID, change: AgentChange, now: datetime
) -> tuple[Agent, set[UUID]]:
    """Change an agent; gives the agent and the teams it joined or left. Raises NotFound, Forbidden, Conflict."""
    owners = await queries.owners(session)
    agent = await locked(session, agent_id)
    role = agent.role if change.role is UNSET else change.role
    disabled = (agent.disabled_at is not None) if change.disabled is UNSET else change.disabled
    _allow(actor, agent.id, agent.role, role)
    _keep_one_owner(agent, owners, stays=role is Role.OWNER and not disabled)
    if disabled and agent.id == actor.agent_id:
        raise OwnAccountDisabled
    sign_out = role is not agent.role or (disabled and agent.disabled_at is None)
    _apply(agent, {"name": change.name, "language": change.language, "role": role})
    agent.disabled_at = (agent.disabled_at or now) if disabled else None
    if sign_out:
        await _turn_out(session, agent, now)
    moved = set() if change.team_ids is UNSET else await _put_in_teams(session, agent.id, change.team_ids)
    return agent, moved


def _keep_one_owner(agent: Agent, owners: list[Agent], *, stays: bool) -> None:
    if agent in owners and not stays and len(owners) == 1:
        raise LastOwner


async def _turn_out(session: AsyncSession, agent: Agent, now: datetime) -> None:
    await revoke_all(session, agent.id, now)
    if agent.disabled_at is not None:
        await links.void(session, agent.id, now)


async def locked(session: AsyncSession, agent_id: UUID) -> Agent:
    """Find an agent and hold the row until the commit; raises NotFound."""
    agent = await session.get(Agent, agent_id, with_for_update=True, populate_existing=True)
    if agent is None:
        raise AgentNotFound
    return agent


async def may_let_in(session: AsyncSession, actor: Viewer, agent_id: UUID) -> Agent:
    """Find a person whom `actor` may give a link or a password; raises NotFound, Forbidden, Conflict."""
    agent = await locked(session, agent_id)
    _allow(actor, agent.id, agent.role, agent.role)
    if agent.kind == "bot":
        raise BotNotInvitable
    if agent.disabled_at is not None:
        raise AgentDisabled
    return agent


async def add_token(session: AsyncSession, agent_id: UUID, new: NewToken, now: datetime) -> tuple[AccessToken, str]:
    """Make a token for a bot; gives its row and the secret, which is kept nowhere. Raises NotFound, BadInput."""
    bot = await _bot(session, agent_id)
    foreign = [scope for scope in new.scopes if scope not in RIGHTS[Role.BOT]]
    if foreign or not new.scopes:
        known = ", ".join(sorted(RIGHTS[Role.BOT]))
        raise ScopesInvalid(known=known)
    if new.expires_at is not None and (new.expires_at.tzinfo is None or new.expires_at <= now):
        raise ExpiryInvalid
    secret = new_token(BOT_PREFIX)
    token = AccessToken(
        agent_id=bot.id,
        name=new.name.strip(),
        token_hash=fingerprint(secret),
        prefix=secret[: len(BOT_PREFIX) + PREFIX_SHOWN],
        scopes=sorted(set(new.scopes)),
        expires_at=new.expires_at,
        created_at=now,
    )
    session.add(token)
    await session.flush()
    return token, secret


async def revoke_token(session: AsyncSession, agent_id: UUID, token_id: UUID, now: datetime) -> None:
    """End a bot's token; its sockets close. Raises NotFound."""
    token = await session.get(AccessToken, token_id, with_for_update=True)
    if token is None or token.agent_id != agent_id or token.revoked_at is not None:
        raise TokenNotFound
    token.revoked_at = now
    nudge(session, Nudge(agent_id=agent_id))


async def _bot(session: AsyncSession, agent_id: UUID) -> Agent:
    agent = await locked(session, agent_id)
    if agent.kind != "bot":
        raise TokensOnlyForBots
    return agent


async def add_team(session: AsyncSession, name: str, *, demo: bool = False) -> Team:
    """Make a team; raises Conflict when the name is taken."""
    team = Team(name=name.strip(), demo=demo)
    session.add(team)
    await _flush(session, TeamNameTaken)
    return team


async def rename_team(session: AsyncSession, team_id: UUID, name: str) -> Team:
    """Give a team another name; raises NotFound, Conflict."""
    team = await _team(session, team_id)
    team.name = name.strip()
    await _flush(session, TeamNameTaken)
    return team


async def remove_team(session: AsyncSession, team_id: UUID) -> None:
    """Remove a team; its members stay, and look again at what they may see. Raises NotFound."""
    team = await _team(session, team_id)
    members = list(await session.scalars(select(TeamMember.agent_id).where(TeamMember.team_id == team_id)))
    await session.delete(team)
    await _flush(session, TeamInUse)
    for agent_id in members:
        nudge(session, Nudge(agent_id=agent_id, revoked=False))


async def _team(session: AsyncSession, team_id: UUID) -> Team:
    team = await session.get(Team, team_id, with_for_update=True)
    if team is None:
        raise TeamNotFound
    return team


async def _put_in_teams(session: AsyncSession, agent_id: UUID, team_ids: Iterable[UUID]) -> set[UUID]:
    wanted = set(team_ids)
    held = set(await session.scalars(select(TeamMember.team_id).where(TeamMember.agent_id == agent_id)))
    known = set(await session.scalars(select(Team.id).where(Team.id.in_(wanted)).with_for_update(key_share=True)))
    if wanted - known:
        raise TeamsUnknown
    left = delete(TeamMember).where(TeamMember.agent_id == agent_id, TeamMember.team_id.in_(held - wanted))
    await session.execute(left)
    for team_id in sorted(wanted - held):
        await session.execute(insert(TeamMember).values(team_id=team_id, agent_id=agent_id).on_conflict_do_nothing())
    if wanted != held:
        nudge(session, Nudge(agent_id=agent_id, revoked=False))
    return wanted ^ held


async def _flush(session: AsyncSession, taken: type[Conflict]) -> None:
    try:
        await session.flush()
    except IntegrityError as error:
        raise taken from error
