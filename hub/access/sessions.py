"""Who is signed in: sessions kept in the database, which nothing but a sign-in brings to life."""

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

TOPIC = "access"
SEEN_EVERY = timedelta(minutes=1)
ADMIN_LIFETIME = timedelta(hours=8)
BOT_PREFIX = "hub_"


class Nudge(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Said on the topic "access": these sockets must close, or ask for their rights again.

    Without `sign_in_ids` it means every socket of the agent.
    """

    agent_id: UUID
    sign_in_ids: tuple[UUID, ...] | None = None
    revoked: bool = True


class SignedIn(Struct, frozen=True, kw_only=True):
    """Somebody who has proved who they are: by a session, or a bot by its token."""

    viewer: Viewer
    sign_in_id: UUID | None = None
    token_id: UUID | None = None
    csrf: str = ""


class Opened(Struct, frozen=True, kw_only=True):
    """A fresh session: the cookie's secret, which is kept nowhere, and how long the cookie lasts."""

    token: str
    lifetime: timedelta
    signed_in: SignedIn


class Browser(Struct, frozen=True, kw_only=True):
    """Where a sign-in comes from, and the cookie it came with."""

    address: str
    user_agent: str = ""
    token: str | None = None


def lifetime(role: Role, settings: Settings) -> timedelta:
    """Tell how long a session lasts at most: less for those who may do more."""
    longest = settings.session_lifetime
    return min(longest, ADMIN_LIFETIME) if role in {Role.OWNER, Role.ADMIN} else longest


def csrf_token(secret: bytes) -> str:
    """Derive what the page sends back with every change from the session's own secret."""
    return hmac.new(secret, b"csrf", sha256).hexdigest()


async def sign_in(
    session: AsyncSession,
    agent: Agent,
    *,
    browser: Browser,
    settings: Settings,
    now: datetime,
) -> Opened:
    """Open a session under a new secret; the one the browser came with ends."""
    if browser.token:
        await end(session, browser.token, now)
    token = new_token()
    lasts = lifetime(agent.role, settings)
    opened = SignIn(
        token_hash=fingerprint(token),
        agent_id=agent.id,
        csrf_secret=new_token().encode(),
        expires_at=now + lasts,
        address=browser.address,
        user_agent=browser.user_agent[:400].replace("\0", ""),
        created_at=now,
        last_seen_at=now,
    )
    session.add(opened)
    agent.last_seen_at = now
    await session.flush()
    teams = await session.scalars(select(TeamMember.team_id).where(TeamMember.agent_id == agent.id))
    viewer = Viewer(agent_id=agent.id, role=agent.role, kind=agent.kind, team_ids=frozenset(teams))
    who = SignedIn(viewer=viewer, sign_in_id=opened.id, csrf=csrf_token(opened.csrf_secret))
    return Opened(token=token, lifetime=lasts, signed_in=who)


async def resume(session: AsyncSession, token: str, *, settings: Settings, now: datetime) -> SignedIn | None:
    """Find who holds this cookie, and note at most once a minute that they were here."""
    found = (
        select(SignIn, *_WHO)
        .join(Agent, Agent.id == SignIn.agent_id)
        .where(
            SignIn.token_hash == fingerprint(token),
            *_living(settings, now),
            Agent.disabled_at.is_(None),
        )
    )
    row = (await session.execute(found)).one_or_none()
    if row is None:
        return None
    kept: SignIn = row[0]
    if kept.last_seen_at <= now - SEEN_EVERY:
        await seen(session, kept, now)
    return SignedIn(viewer=_viewer(row), sign_in_id=kept.id, csrf=csrf_token(kept.csrf_secret))


async def resume_many(
    session: AsyncSession, tokens: Collection[str], *, settings: Settings, now: datetime
) -> dict[str, SignedIn]:
    """Find who holds these cookies, as `resume` does for one; at most three queries."""
    by_hash = {fingerprint(token): token for token in tokens}
    found = (
        select(SignIn.id, SignIn.token_hash, SignIn.csrf_secret, SignIn.last_seen_at, *_WHO)
        .join(Agent, Agent.id == SignIn.agent_id)
        .where(SignIn.token_hash.in_(by_hash), *_living(settings, now), Agent.disabled_at.is_(None))
    )
    rows = (await session.execute(found)).all()
    stale = sorted((row.id, row.agent_id) for row in rows if row.last_seen_at <= now - SEEN_EVERY)
    if stale:
        here = Agent.id.in_([agent_id for _, agent_id in stale])
        await session.execute(update(Agent).where(here).values(last_seen_at=now))
        still = (SignIn.id.in_([id_ for id_, _ in stale]), SignIn.revoked_at.is_(None), SignIn.last_seen_at < now)
        await session.execute(update(SignIn).where(*still).values(last_seen_at=now))
    return {
        by_hash[row.token_hash]: SignedIn(viewer=_viewer(row), sign_in_id=row.id, csrf=csrf_token(row.csrf_secret))
        for row in rows
    }


async def seen(session: AsyncSession, kept: SignIn, now: datetime) -> None:
    """Note that somebody was here; an UPDATE alone, so that what has been signed out stays so."""
    still = (SignIn.id == kept.id, SignIn.revoked_at.is_(None), SignIn.last_seen_at < now)
    await session.execute(update(Agent).where(Agent.id == kept.agent_id).values(last_seen_at=now))
    await session.execute(update(SignIn).where(*still).values(last_seen_at=now))


async def resume_bot(session: AsyncSession, token: str, *, now: datetime) -> SignedIn | None:
    """Find the bot that holds this token, and note at most once a minute that it was used."""
    found = (
        select(AccessToken, *_WHO)
        .join(Agent, Agent.id == AccessToken.agent_id)
        .where(
            AccessToken.token_hash == fingerprint(token),
            *_valid(now),
            Agent.disabled_at.is_(None),
        )
    )
    row = (await session.execute(found)).one_or_none()
    if row is None:
        return None
    kept: AccessToken = row[0]
    if kept.last_used_at is None or kept.last_used_at <= now - SEEN_EVERY:
        await _used(session, kept, now)
    known = frozenset(Right(scope) for scope in kept.scopes if scope in set(Right))
    return SignedIn(viewer=msgspec.structs.replace(_viewer(row), scopes=known), token_id=kept.id)


async def viewers(session: AsyncSession, who: Collection[SignedIn]) -> dict[UUID, Viewer]:
    """Give these agents with the rights they have now, by agent; whoever is disabled is left out."""
    ids = {one.viewer.agent_id for one in who}
    found = await session.execute(select(*_WHO).where(_one_of(Agent.id, ids), Agent.disabled_at.is_(None)))
    return {row.agent_id: _viewer(row) for row in found}


def _valid(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return AccessToken.revoked_at.is_(None), or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > now)


async def alive(
    session: AsyncSession, who: Collection[SignedIn], *, settings: Settings, now: datetime
) -> set[UUID | None]:
    """Tell which of their sessions and tokens still stand: the floor under the nudges, at most two questions."""
    standing = (*_living(settings, now), Agent.disabled_at.is_(None))
    sessions = {one.sign_in_id for one in who if one.sign_in_id is not None}
    tokens = {one.token_id for one in who if one.token_id is not None}
    found = select(SignIn.id).join(Agent, Agent.id == SignIn.agent_id).where(_one_of(SignIn.id, sessions), *standing)
    valid = select(AccessToken.id).where(_one_of(AccessToken.id, tokens), *_valid(now))
    asked = [statement for statement, ids in ((found, sessions), (valid, tokens)) if ids]
    return {id_ for statement in asked for id_ in await session.scalars(statement)}


async def end(session: AsyncSession, token: str, now: datetime) -> None:
    """Sign out the browser that holds this cookie."""
    ended = update(SignIn).where(SignIn.token_hash == fingerprint(token), SignIn.revoked_at.is_(None))
    row = (await session.execute(ended.values(revoked_at=now).returning(SignIn.id, SignIn.agent_id))).one_or_none()
    if row is not None:
        nudge(session, Nudge(agent_id=row.agent_id, sign_in_ids=(row.id,)))


async def revoke(session: AsyncSession, agent_id: UUID, sign_in_id: UUID, now: datetime) -> bool:
    """End one session of an agent; False when there is none like that."""
    ended = update(SignIn).where(SignIn.id == sign_in_id, SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None))
    done = (await session.execute(ended.values(revoked_at=now).returning(SignIn.id))).one_or_none()
    if done is not None:
        nudge(session, Nudge(agent_id=agent_id, sign_in_ids=(sign_in_id,)))
    return done is not None


async def revoke_all(session: AsyncSession, agent_id: UUID, now: datetime, *, but: UUID | None = None) -> None:
    """End every session of an agent, except the one given."""
    ended = update(SignIn).where(
        SignIn.agent_id == agent_id, SignIn.revoked_at.is_(None), SignIn.id.is_distinct_from(but)
    )
    ids = tuple(await session.scalars(ended.values(revoked_at=now).returning(SignIn.id)))
    if but is None:
        nudge(session, Nudge(agent_id=agent_id))
    elif ids:
        nudge(session, Nudge(agent_id=agent_id, sign_in_ids=ids))


def nudge(session: AsyncSession, said: Nudge) -> None:
    """Tell the sockets once this transaction has committed."""
    publish_on_commit(session, TOPIC, msgspec.json.encode(said))


_teams = select(func.array_agg(TeamMember.team_id)).where(TeamMember.agent_id == Agent.id).scalar_subquery()
_WHO = (Agent.id.label("agent_id"), Agent.role, Agent.kind, _teams.label("team_ids"))


def _one_of(column: InstrumentedAttribute[UUID], ids: Collection[UUID]) -> ColumnElement[bool]:
    """One array in place of a parameter for each: there may be ten thousand."""
    return column == any_(bindparam(None, list(ids), type_=ARRAY(Uuid), unique=True))


def _viewer(row: Row[tuple[object, ...]]) -> Viewer:
    teams = frozenset(row.team_ids or ())
    return Viewer(agent_id=row.agent_id, role=row.role, kind=row.kind, team_ids=teams)


def _living(settings: Settings, now: datetime) -> tuple[ColumnElement[bool], ...]:
    idle = now - settings.session_idle
    return SignIn.revoked_at.is_(None), SignIn.expires_at > now, SignIn.last_seen_at > idle


async def _used(session: AsyncSession, kept: AccessToken, now: datetime) -> None:
    await session.execute(update(Agent).where(Agent.id == kept.agent_id).values(last_seen_at=now))
    await session.execute(update(AccessToken).where(AccessToken.id == kept.id).values(last_used_at=now))
