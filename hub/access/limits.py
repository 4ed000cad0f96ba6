"""Limits attempts by atomic counters in the database, and finds the client address of a request."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from msgspec import Struct
from sqlalchemy import DateTime, and_, case, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Attempt

TIMESTAMP = DateTime(timezone=True)
QUARTER_HOUR = timedelta(minutes=15)
MAX_STRIKES = 2  # a window doubles twice at most, so that no account is locked for long


class Limit(Struct, frozen=True, kw_only=True):
    """At most `most` attempts on a subject per window of `length`; with `grows`, a used-up window doubles the next."""

    subject: str
    most: int
    length: timedelta = QUARTER_HOUR
    grows: bool = False


def sign_in_limits(email: str, address: str) -> tuple[Limit, ...]:
    """Return the limits on password attempts: per address, per address and account, per account, and in total.

    The narrowest limits come first: an attempt refused by them is not counted by the wider ones, so that a stranger's
    wrong guesses do not lock out the owner of the account.
    """
    in_total = Limit(subject="sign-in", most=1000)
    return (Limit(subject=f"sign-in from {address}", most=20), *account_limits(email, address), in_total)


def account_limits(email: str, address: str) -> tuple[Limit, ...]:
    """Return the limits on password attempts on one account: from one address, and from all addresses."""
    return (
        Limit(subject=f"sign-in as {email} from {address}", most=5, grows=True),
        Limit(subject=f"sign-in as {email}", most=50),
    )


def reset_limits(email: str) -> tuple[Limit, ...]:
    """Return the limit on reset mails to one account."""
    return (Limit(subject=f"reset of {email}", most=3, length=timedelta(hours=1)),)


def public_limits(address: str) -> tuple[Limit, ...]:
    """Return the limit on requests from one address that need no sign-in, such as opening a link."""
    return (Limit(subject=f"asked from {address}", most=60),)


async def count_attempt(session: AsyncSession, limits: Sequence[Limit], now: datetime) -> timedelta | None:
    """Count an attempt against each limit; return the time to wait if one is used up, else None.

    The caller must commit in either case, and before it compares a password: concurrent attempts then wait for the
    row's lock and are all counted. One statement per limit, up to the first used up.
    """
    for limit in limits:
        tried, ends_at = await _count_one(session, limit, now)
        if tried > limit.most:
            return ends_at - now
    return None


async def _count_one(session: AsyncSession, limit: Limit, now: datetime) -> tuple[int, datetime]:
    """Count one attempt; return the number of attempts in the current window and when the window ends."""
    over = Attempt.ends_at <= now
    used_up = and_(Attempt.tried > limit.most, Attempt.ends_at > now - 4 * limit.length)
    strikes = case((used_up, func.least(Attempt.strikes + 1, MAX_STRIKES)), else_=0) if limit.grows else literal(0)
    ends = [literal(now + limit.length * 2**strike, TIMESTAMP) for strike in range(MAX_STRIKES + 1)]
    statement = insert(Attempt).values(subject=limit.subject, tried=1, strikes=0, ends_at=now + limit.length)
    counted = statement.on_conflict_do_update(
        index_elements=[Attempt.subject],
        set_={
            "tried": case((over, 1), else_=Attempt.tried + 1),
            "strikes": case((over, strikes), else_=Attempt.strikes),
            "ends_at": case((over, case(dict(enumerate(ends)), value=strikes)), else_=Attempt.ends_at),
        },
    ).returning(Attempt.tried, Attempt.ends_at)
    row = (await session.execute(counted)).one()
    return row.tried, row.ends_at


def client_address(peer: str | None, forwarded: Sequence[str], trusted: Sequence[str]) -> str:
    """Return the address a request comes from; for IPv6 its /64 network; "unknown" without a valid address.

    `forwarded` is X-Forwarded-For split at its commas. It is read from the right, as long as the address that
    added an entry is in one of the `trusted` proxy networks.
    """
    networks = [ip_network(network) for network in trusted]
    address = _parse_address(peer)
    for entry in reversed(forwarded):
        if address is None or not any(address in network for network in networks):
            break
        address = _parse_address(entry) or address
    return _subject_of(address)


def _parse_address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((text or "").strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _subject_of(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return "unknown"
    return str(ip_network((int(address), 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
