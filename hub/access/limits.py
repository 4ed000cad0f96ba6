"""How often a door may be tried: atomic counters in the database, and whose address a request comes from."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from msgspec import Struct
from sqlalchemy import DateTime, and_, case, func, literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Attempt

MOMENT = DateTime(timezone=True)
QUARTER = timedelta(minutes=15)
MOST_STRIKES = 2  # a window grows to four times its length, and no further: no lasting lock


class Limit(Struct, frozen=True, kw_only=True):
    """`most` tries of one subject in a window of `length`; a growing one doubles after each window used up."""

    subject: str
    most: int
    length: timedelta = QUARTER
    grows: bool = False


def sign_in_limits(email: str, address: str) -> tuple[Limit, ...]:
    """Limit guesses from one address, from there at one account, at that account, and altogether.

    The narrowest door comes first: a try that it refuses is not counted against everybody, and a stranger's few
    wrong guesses do not shut the door on the one whose account it is.
    """
    everybody = Limit(subject="sign-in", most=1000)
    return (Limit(subject=f"sign-in from {address}", most=20), *account_limits(email, address), everybody)


def account_limits(email: str, address: str) -> tuple[Limit, ...]:
    """Limit guesses at one account: from one address, and from all."""
    return (
        Limit(subject=f"sign-in as {email} from {address}", most=5, grows=True),
        Limit(subject=f"sign-in as {email}", most=50),
    )


def reset_limits(email: str) -> tuple[Limit, ...]:
    """Limit the mails one account is sent."""
    return (Limit(subject=f"reset of {email}", most=3, length=timedelta(hours=1)),)


def ask_limits(address: str) -> tuple[Limit, ...]:
    """Limit what one address may ask of the doors that need no sign-in."""
    return (Limit(subject=f"asked from {address}", most=60),)


async def count(session: AsyncSession, limits: Sequence[Limit], now: datetime) -> timedelta | None:
    """Count one try against each limit; the time to wait when one is used up, or None when it may go on.

    The caller commits whatever the answer, before anything is compared: parallel tries queue at the row.
    """
    for limit in limits:
        tried, ends_at = await _add(session, limit, now)
        if tried > limit.most:
            return ends_at - now
    return None


async def _add(session: AsyncSession, limit: Limit, now: datetime) -> tuple[int, datetime]:
    over = Attempt.ends_at <= now
    used_up = and_(Attempt.tried > limit.most, Attempt.ends_at > now - 4 * limit.length)
    strikes = case((used_up, func.least(Attempt.strikes + 1, MOST_STRIKES)), else_=0) if limit.grows else literal(0)
    ends = [literal(now + limit.length * 2**strike, MOMENT) for strike in range(MOST_STRIKES + 1)]
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
    """Find the address a request comes from; IPv6 counts by its /64.

    `forwarded` is X-Forwarded-For split at its commas. It is believed from the right, and only as long as
    the one who says it is a proxy of ours.
    """
    networks = [ip_network(network) for network in trusted]
    address = _address(peer)
    for said in reversed(forwarded):
        if address is None or not any(address in network for network in networks):
            break
        address = _address(said) or address
    return _counted(address)


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((text or "").strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _counted(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return "unknown"
    return str(ip_network((int(address), 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
