"""Rate limits as atomic counters in the database, and the client address of a request."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from msgspec import Struct
from sqlalchemy import DateTime, and_, case, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Attempt

TIMESTAMP = DateTime(timezone=True)
DEFAULT_WINDOW = timedelta(minutes=15)
MAX_STRIKES = 2  # a window doubles twice at most, so that no account is locked for long


class Limit(Struct, frozen=True, kw_only=True):
    """At most `max_attempts` on a subject per `window`; with `grows`, each used-up window doubles the next one."""

    subject: str
    max_attempts: int
    window: timedelta = DEFAULT_WINDOW
    grows: bool = False


def sign_in_limits(email: str, address: str) -> tuple[Limit, ...]:
    """Return the limits on password attempts: per address, per address and account, per account, and in total.

    The narrowest limits come first: an attempt refused by them is not counted by the wider ones, so that a stranger's
    wrong guesses do not lock out the owner of the account.
    """
    everyone = Limit(subject="sign-in", max_attempts=1000)
    return (Limit(subject=f"sign-in from {address}", max_attempts=20), *account_limits(email, address), everyone)


def account_limits(email: str, address: str) -> tuple[Limit, ...]:
    """Return the limits on password attempts on one account: from one address, and from all addresses."""
    return (
        Limit(subject=f"sign-in as {email} from {address}", max_attempts=5, grows=True),
        Limit(subject=f"sign-in as {email}", max_attempts=50),
    )


def reset_limits(email: str) -> tuple[Limit, ...]:
    """Return the limit on reset mails to one account."""
    return (Limit(subject=f"reset of {email}", max_attempts=3, window=timedelta(hours=1)),)


def public_limits(address: str) -> tuple[Limit, ...]:
    """Return the limit on requests from one address that need no sign-in, such as opening a link."""
    return (Limit(subject=f"asked from {address}", max_attempts=60),)


async def count_attempt(session: AsyncSession, limits: Sequence[Limit], now: datetime) -> timedelta | None:
    """Count an attempt against each limit; return the time to wait if one is used up, else None.

    The caller must commit in either case, and before it compares a password: concurrent attempts then wait for the
    row's lock and are all counted. One statement per limit, up to the first used up.
    """
    for limit in limits:
        tried, ends_at = await _count_one(session, limit, now)
        if tried > limit.max_attempts:
            return ends_at - now
    return None


async def _count_one(session: AsyncSession, limit: Limit, now: datetime) -> tuple[int, datetime]:
    """Count one attempt; return the number of attempts in the current window and when the window ends."""
    has_ended = Attempt.ends_at <= now
    used_up = and_(Attempt.tried > limit.max_attempts, Attempt.ends_at > now - 4 * limit.window)
    strikes = case((used_up, func.least(Attempt.strikes + 1, MAX_STRIKES)), else_=0) if limit.grows else literal(0)
    possible_ends = [literal(now + limit.window * 2**strike, TIMESTAMP) for strike in range(MAX_STRIKES + 1)]
    statement = insert(Attempt).values(subject=limit.subject, tried=1, strikes=0, ends_at=now + limit.window)
    upsert = statement.on_conflict_do_update(
        index_elements=[Attempt.subject],
        set_={
            "tried": case((has_ended, 1), else_=Attempt.tried + 1),
            "strikes": case((has_ended, strikes), else_=Attempt.strikes),
            "ends_at": case((has_ended, case(dict(enumerate(possible_ends)), value=strikes)), else_=Attempt.ends_at),
        },
    ).returning(Attempt.tried, Attempt.ends_at)
    row = (await session.execute(upsert)).one()
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
    ipv4 = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return ipv4 or address


def _subject_of(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return "unknown"
    return str(ip_network((int(address), 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
