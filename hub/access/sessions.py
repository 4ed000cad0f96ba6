"""Open, find and end the sessions of browsers, and find the tokens of bots."""

import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Row, Uuid, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from hub.access.credentials import fingerprint, new_token
from hub.access.models import AccessToken, Agent, SignIn, TeamMember
from hub.access.rights import Right, Role, Viewer
from hub.runtime.context import publish_on_commit
from hub.settings import Settings

TOPIC = "access"  # the signals that carry an AccessSignal
SEEN_INTERVAL = timedelta(minutes=1)  # shortest time between two writes of "last seen"
ADMIN_LIFETIME = timedelta(hours=8)
BOT_PREFIX = "hub_"


class AccessSignal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tells an agent's sockets to close (`revoked`) or to reload the agent's rights.

    `sign_in_ids` None: all sockets of the agent.
    """

    agent_id: UUID
    sign_in_ids: tuple[UUID, ...] | None = None
    revoked: bool = True


class SignedIn(Struct, frozen=True, kw_only=True):
    """An authenticated agent: a person with the id of a session, or a bot with the id of a token."""

    viewer: Viewer
    sign_in_id: UUID | None = None
    token_id: UUID | None = None
    csrf: str = ""


class NewSession(Struct, frozen=True, kw_only=True):
    """A new session with the cookie's secret, which is not stored, and the cookie's lifetime."""

    token: str
    lifetime: timedelta
    signed_in: SignedIn


class Browser(Struct, frozen=True, kw_only=True):
    """The browser that sent a request; `token` is the session cookie it sent."""

    address: str
    user_agent: str = ""
    token: str | None = None


def lifetime(role: Role, settings: Settings) -> timedelta:
    """Return how long a session lasts at most; owners and administrators get a shorter one."""
    maximum = settings.session_lifetime
    return min(maximum, ADMIN_LIFETIME) if role in {Role.OWNER, Role.ADMIN} else maximum


def csrf_token(secret: bytes) -> str:
    """Return the CSRF token that belongs to a session's CSRF secret."""
    return hmac.new(secret, b"csrf", sha256).hexdigest()


async def sign_in(
    session: AsyncSession,
    agent: Agent,
    *,
    browser: Browser,
    settings: Settings,
    now: datetime,
) -> NewSession:
    """Open a session under a new secret and end the browser's previous session."""
    if browser.token:
        await end(session, browser.token, now)
    token = new_token()
    session_lifetime = lifetime(agent.role, settings)
    row = SignIn(
        token_hash=fingerprint(token),
        agent_id=agent.id,
        csrf_secret=new_token().encode(),
        expires_at=now + session_lifetime,
        address=browser.address,
        user_agent=browser.user_agent[:400].replace("\0", ""),
        created_at=now,
        last_seen_at=now,
    )
    session.add(row)
    agent.last_seen_at = now
    await session.flush()
    teams = await session.scalars(select(TeamMember.team_id).where(TeamMember.agent_id == agent.id))
    viewer = Viewer(agent_id=agent.id, role=agent.role, kind=agent.kind, team_ids=frozenset(teams))
    signed_in = SignedIn(viewer=viewer, sign_in_id=row.id, csrf=csrf_token(row.csrf_secret))
    return NewSession(token=token, lifetime=session_lifetime, signed_in=signed_in)


async def resume(session: AsyncSession, token: str, *, settings: Settings, now: datetime) -> SignedIn | None:
    """Return the agent signed in by this cookie, or None. One query, and two updates at most once a minute."""
    query = (
        select(SignIn, *_VIEWER)
        .join(Agent, Agent.id == SignIn.agent_id)
        .where(
            SignIn.token_hash == fingerprint(token),
            *_is_valid(settings, now),
            Agent.disabled_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    sign_in_row: SignIn = row[0]
    if sign_in_row.last_seen_at <= now - SEEN_INTERVAL:
        await mark_seen(session, sign_in_row, now)
    return SignedIn(viewer=_viewer(row), sign_in_id=sign_in_row.id, csrf=csrf_token(sign_in_row.csrf_secret))


async def resume_many(
    session: AsyncSession, tokens: Collection[str], *, settings: Settings, now: datetime
) -> dict[str, SignedIn]:
    """Return the agents signed in by these cookies, by cookie; like `resume` for each. At most three queries."""
    by_hash = {fingerprint(token): token for token in tokens}
    query = (
        select(SignIn.id, SignIn.token_hash, SignIn.csrf_secret, SignIn.last_seen_at, *_VIEWER)
        .join(Agent, Agent.id == SignIn.agent_id)
        .where(SignIn.token_hash.in_(by_hash), *_is_valid(settings, now), Agent.disabled_at.is_(None))
    )
    rows = (await session.execute(query)).all()
    stale = sorted((row.id, row.agent_id) for row in rows if row.last_seen_at <= now - SEEN_INTERVAL)
    if stale:
        seen_agents = Agent.id.in_([agent_id for _, agent_id in stale])
        await session.execute(update(Agent).where(seen_agents).values(last_seen_at=now))
        seen_sessions = (
            SignIn.id.in_([id_ for id_, _ in stale]),
            SignIn.revoked_at.is_(None),
            SignIn.last_seen_at < now,
        )
        await session.execute(update(SignIn).where(*seen_sessions).values(last_seen_at=now))
    return {
        by_hash[row.token_hash]: SignedIn(viewer=_viewer(row), sign_in_id=row.id, csrf=csrf_token(row.csrf_secret))
        for row in rows
    }


async def mark_seen(session: AsyncSession, row: SignIn, now: datetime) -> None:
    """Update "last seen" by statements, not by the loaded row: a session revoked meanwhile must stay revoked."""
    unchanged = (SignIn.id == row.id, SignIn.revoked_at.is_(None), SignIn.last_seen_at < now)
    await session.execute(update(Agent).where(Agent.id == row.agent_id).values(last_seen_at=now))
    await session.execute(update(SignIn).where(*unchanged).values(last_seen_at=now))


async def resume_bot(session: AsyncSession, token: str, *, now: datetime) -> SignedIn | None:
    """Return the bot that a token belongs to, or None. One query, and two updates at most once a minute."""
    query = (
        select(AccessToken, *_VIEWER)
        .join(Agent, Agent.id == AccessToken.agent_id)
        .where(
            AccessToken.token_hash == fingerprint(token),
            *_token_is_valid(now),
            Agent.disabled_at.is_(None),
        )
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    token_row: AccessToken = row[0]
    if token_row.last_used_at is None or token_row.last_used_at <= now - SEEN_INTERVAL:
        await _mark_used(session, token_row, now)
    scopes = frozenset(Right(scope) for scope in token_row.scopes if scope in set(Right))
    return SignedIn(viewer=msgspec.structs.replace(_viewer(row), scopes=scopes), token_id=token_row.id)


async def current_viewers(session: AsyncSession, signed_in: Collection[SignedIn]) -> dict[UUID, Viewer]:
    """Return agents with their present role and teams, by agent id, without disabled ones. One query."""
    ids = {agent.viewer.agent_id for agent in signed_in}
    rows = await session.execute(select(*_VIEWER).where(_one_of(Agent.id, ids), Agent.disabled_at.is_(None)))
    return {row.agent_id: _viewer(row) for row in rows}


def _token_is_valid(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return AccessToken.revoked_at.is_(None), or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > now)


async def still_valid(
    session: AsyncSession, signed_in: Collection[SignedIn], *, settings: Settings, now: datetime
) -> set[UUID | None]:
    """Return the ids of those sessions and tokens that are still valid. At most two queries.

    Sockets are checked by it periodically, in case an AccessSignal was lost.
    """
    valid_session = (*_is_valid(settings, now), Agent.disabled_at.is_(None))
    sessions = {agent.sign_in_id for agent in signed_in if agent.sign_in_id is not None}
    tokens = {agent.token_id for agent in signed_in if agent.token_id is not None}
    valid_sessions = (
        select(SignIn.id).join(Agent, Agent.id == SignIn.agent_id).where(_one_of(SignIn.id, sessions), *valid_session)
    )
    valid_tokens = select(AccessToken.id).where(_one_of(AccessToken.id, tokens), *_token_is_valid(now))
    statements = [statement for statement, ids in ((valid_sessions, sessions), (valid_tokens, tokens)) if ids]
    return {id_ for statement in statements for id_ in await session.scalars(statement)}


async def end(session: AsyncSession, token: str, now: datetime) -> None:
    """End the session of this cookie, if there is one."""
    statement = update(SignIn).where(SignIn.token_hash == fingerprint(token), SignIn.revoked_at.is_(None))
    row = (await session.execute(statement.values(revoked_at=now).returning(SignIn.id, SignIn.agent_id))).one_or_none()
    if row is not None:
        signal_sockets(session, AccessSignal(agent_id=row.agent_id, sign_in_ids=(row.id,)))


async def revoke(session: AsyncSession, agent_id: UUID, sign_in_id: UUID, now: datetime) -> bool:
    """End one session of an agent; return False if the agent has no such session."""
    statement = update(SignIn).where(SignIn.id == sign_in_id, SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None))
    revoked = (await session.execute(statement.values(revoked_at=now).returning(SignIn.id))).one_or_none()
    if revoked is not None:
        signal_sockets(session, AccessSignal(agent_id=agent_id, sign_in_ids=(sign_in_id,)))
    return revoked is not None


async def revoke_all(session: AsyncSession, agent_id: UUID, now: datetime, *, kept_id: UUID | None = None) -> None:
    """End every session of an agent except `kept_id`; without it, also close the sockets that use a token."""
    statement = update(SignIn).where(
        SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None), SignIn.id.is_distinct_from(kept_id)
    )
    ids = tuple(await session.scalars(statement.values(revoked_at=now).returning(SignIn.id)))
    if kept_id is None:
        signal_sockets(session, AccessSignal(agent_id=agent_id))
    elif ids:
        signal_sockets(session, AccessSignal(agent_id=agent_id, sign_in_ids=ids))


def signal_sockets(session: AsyncSession, signal: AccessSignal) -> None:
    """Publish a signal to all processes once this transaction has committed."""
    publish_on_commit(session, TOPIC, msgspec.json.encode(signal))


_teams = select(func.array_agg(TeamMember.team_id)).where(TeamMember.agent_id == Agent.id).scalar_subquery()
_VIEWER = (Agent.id.label("agent_id"), Agent.role, Agent.kind, _teams.label("team_ids"))


def _one_of(column: InstrumentedAttribute[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    """Match any of these ids by a single array parameter; there may be ten thousand."""
    return column == any_(bindparam(None, list(ids), type_=ARRAY(Uuid), unique=True))


def _viewer(row: Row[tuple[object, ...]]) -> Viewer:
    teams = frozenset(row.team_ids or ())
    return Viewer(agent_id=row.agent_id, role=row.role, kind=row.kind, team_ids=teams)


def _is_valid(settings: Settings, now: datetime) -> tuple[ColumnElement[bool], ...]:
    idle_since = now - settings.session_idle
    return SignIn.revoked_at.is_(None), SignIn.expires_at > now, SignIn.last_seen_at > idle_since


async def _mark_used(session: AsyncSession, row: AccessToken, now: datetime) -> None:
    await session.execute(update(Agent).where(Agent.id == row.agent_id).values(last_seen_at=now))
    await session.execute(update(AccessToken).where(AccessToken.id == row.id).values(last_used_at=now))
