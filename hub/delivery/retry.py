"""Decides the next step of a delivery after a failed attempt, and whether one status may follow another. Pure."""

from datetime import timedelta

from msgspec import Struct

from hub.channels.contract import Resend
from hub.channels.send_errors import Doubtful, Misconfigured, OptedOut, Rejected, SendError, Throttled
from hub.delivery.errors import GivenUpAfterAttempts, GivenUpAfterDays
from hub.errors import Reason
from hub.events.definitions import Status

MAX_ATTEMPTS = 8  # counted attempts before a delivery fails
GIVE_UP_AFTER = timedelta(hours=24)
GIVE_UP_ON_SETTINGS_AFTER = timedelta(hours=72)
FIRST_WAIT = timedelta(seconds=20)
MAX_WAIT = timedelta(hours=12)
FACTOR = 4  # by which the wait grows with each attempt
REPAIR_WAIT = timedelta(minutes=2)  # between attempts on a channel with wrong settings
LOOKUP_DELAYS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=3),
    timedelta(minutes=30),
    timedelta(hours=3),
)


class Sent(Struct, frozen=True, kw_only=True):
    """The message was sent; `provider_id` is its id at the provider."""

    provider_id: str


class Retry(Struct, frozen=True, kw_only=True):
    """Nothing was sent: try again after this time."""

    after: timedelta
    reason: Reason
    code: str | None = None  # the provider's error code
    counted: bool = True  # as one of the limited attempts
    holds_channel: bool = False  # postpone the channel's other deliveries as well
    report: bool = False  # show the error on the channel: an administrator must repair it


class Failed(Struct, frozen=True, kw_only=True):
    """The message cannot be sent."""

    reason: Reason
    code: str | None = None  # the provider's error code


class Uncertain(Struct, frozen=True, kw_only=True):
    """The message may have been sent: it is not sent again automatically.

    `look_after` is the time until it is looked up at the provider; None: it is not looked up (again).
    """

    reason: Reason
    code: str | None = None  # the provider's error code
    look_after: timedelta | None = None


Decision = Sent | Retry | Failed | Uncertain


def decide(error: SendError, *, attempts: int, age: timedelta, resend: Resend, chance: float) -> Decision:
    """Return the next step of a delivery whose `attempts`-th attempt failed, `age` after it was first due.

    `chance` in [0, 1) spreads the attempts (full jitter:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    match error:
        case Rejected() | OptedOut():
            return Failed(reason=error.reason, code=error.provider_code)
        case Misconfigured():
            return _wait_for_repair(error, age)
        case Doubtful() if resend is not Resend.SAFE:
            look_after = LOOKUP_DELAYS[0] if resend is Resend.LOOK_FIRST else None
            return Uncertain(reason=error.reason, code=error.provider_code, look_after=look_after)
        case _:
            return _try_again(error, attempts, age, chance)


def next_lookup(lookups: int) -> timedelta | None:
    """Return the time until a doubtful message is looked up again, or None after the last lookup."""
    return LOOKUP_DELAYS[lookups] if lookups < len(LOOKUP_DELAYS) else None


def backoff(attempts: int, chance: float) -> timedelta:
    """Return the wait after this many attempts: at most 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, 12 h."""
    factor: int = FACTOR ** min(max(attempts - 1, 0), 20)
    ceiling = min(FIRST_WAIT * factor, MAX_WAIT)
    return max(ceiling * chance, timedelta(seconds=1))


def may_follow(current: Status, new: Status) -> bool:
    """Return whether `new` may follow `current`: only forward, but "failed" may follow "sent", and not the reverse."""
    if new is Status.FAILED and current is Status.SENT:
        return True
    if new is Status.SENT and current is Status.FAILED:
        return False
    return RANKS[new] > RANKS[current]


RANKS = {status: rank for rank, status in enumerate(Status)}


def _wait_for_repair(error: SendError, age: timedelta) -> Decision:
    if age > GIVE_UP_ON_SETTINGS_AFTER:
        return Failed(
            reason=GivenUpAfterDays(days=GIVE_UP_ON_SETTINGS_AFTER.days, cause=error).reason, code=error.provider_code
        )
    return Retry(
        after=REPAIR_WAIT,
        reason=error.reason,
        code=error.provider_code,
        counted=False,
        holds_channel=True,
        report=True,
    )


def _try_again(error: SendError, attempts: int, age: timedelta, chance: float) -> Decision:
    throttled = isinstance(error, Throttled)
    if age > GIVE_UP_AFTER or (attempts >= MAX_ATTEMPTS and not throttled):
        return Failed(reason=GivenUpAfterAttempts(attempts=attempts, cause=error).reason, code=error.provider_code)
    if isinstance(error, Throttled):
        after = max(error.retry_after, timedelta(seconds=1)) + timedelta(seconds=chance)
        return Retry(after=after, reason=error.reason, code=error.provider_code, counted=False, holds_channel=True)
    return Retry(after=backoff(attempts, chance), reason=error.reason, code=error.provider_code)
