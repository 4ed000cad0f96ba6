"""What becomes of a message after an attempt to send it, and whether a status moves forward; pure."""

from datetime import timedelta

from msgspec import Struct

from hub.channels.contract import Doubtful, Misconfigured, OptedOut, Rejected, Resend, SendError, Throttled
from hub.delivery.errors import GivenUpAfterAttempts, GivenUpAfterDays
from hub.errors import Reason
from hub.events.definitions import Status

ATTEMPTS = 8
GIVE_UP_AFTER = timedelta(hours=24)
GIVE_UP_ON_SETTINGS_AFTER = timedelta(hours=72)
FIRST_WAIT = timedelta(seconds=20)
LONGEST_WAIT = timedelta(hours=12)
FACTOR = 4
MENDING_WAIT = timedelta(minutes=2)
LOOKS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=3), timedelta(minutes=30), timedelta(hours=3))


class Sent(Struct, frozen=True, kw_only=True):
    """It has gone; the provider knows it under this id."""

    provider_id: str


class Retry(Struct, frozen=True, kw_only=True):
    """Nothing has gone: try again after so long."""

    after: timedelta
    reason: Reason
    code: str | None = None  # the provider's own
    counted: bool = True  # as one of the attempts there are
    holds_channel: bool = False  # the other messages of the channel had better wait, too
    ails: bool = False  # an administrator has to mend the channel


class Failed(Struct, frozen=True, kw_only=True):
    """It will not go."""

    reason: Reason
    code: str | None = None


class Uncertain(Struct, frozen=True, kw_only=True):
    """It may have gone: never sent again by itself; looked for after so long where one can look."""

    reason: Reason
    code: str | None = None
    look_after: timedelta | None = None


Decision = Sent | Retry | Failed | Uncertain


def decide(error: SendError, *, attempts: int, age: timedelta, resend: Resend, chance: float) -> Decision:
    """Decide on a send that did not succeed at its `attempts`-th attempt, `age` after it was first due.

    `chance` in [0, 1) spreads the attempts (full jitter:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
    """
    match error:
        case Rejected() | OptedOut():
            return Failed(reason=error.reason, code=error.provider_code)
        case Misconfigured():
            return _wait_for_mending(error, age)
        case Doubtful() if resend is not Resend.SAFE:
            look_after = LOOKS[0] if resend is Resend.LOOK_FIRST else None
            return Uncertain(reason=error.reason, code=error.provider_code, look_after=look_after)
        case _:
            return _try_again(error, attempts, age, chance)


def look_again(looked: int) -> timedelta | None:
    """Tell after how long to look once more for a doubtful message; None: leave it to people."""
    return LOOKS[looked] if looked < len(LOOKS) else None


def backoff(attempts: int, chance: float) -> timedelta:
    """Tell how long to wait after so many attempts: up to 20 s, 80 s, 5 min, 21 min, 85 min, 6 h, 12 h."""
    times: int = FACTOR ** min(max(attempts - 1, 0), 20)
    ceiling = min(FIRST_WAIT * times, LONGEST_WAIT)
    return max(ceiling * chance, timedelta(seconds=1))


def forward(current: Status, new: Status) -> bool:
    """Tell whether a status may follow: only forward; a failure reported later still counts after "sent"."""
    if new is Status.FAILED and current is Status.SENT:
        return True
    if new is Status.SENT and current is Status.FAILED:
        return False
    return RANKS[new] > RANKS[current]


RANKS = {status: rank for rank, status in enumerate(Status)}


def _wait_for_mending(error: SendError, age: timedelta) -> Decision:
    if age > GIVE_UP_ON_SETTINGS_AFTER:
        return Failed(
            reason=GivenUpAfterDays(days=GIVE_UP_ON_SETTINGS_AFTER.days, cause=error).reason, code=error.provider_code
        )
    return Retry(
        after=MENDING_WAIT,
        reason=error.reason,
        code=error.provider_code,
        counted=False,
        holds_channel=True,
        ails=True,
    )


def _try_again(error: SendError, attempts: int, age: timedelta, chance: float) -> Decision:
    throttled = isinstance(error, Throttled)
    if age > GIVE_UP_AFTER or (attempts >= ATTEMPTS and not throttled):
        return Failed(reason=GivenUpAfterAttempts(attempts=attempts, cause=error).reason, code=error.provider_code)
    if isinstance(error, Throttled):
        after = max(error.retry_after, timedelta(seconds=1)) + timedelta(seconds=chance)
        return Retry(after=after, reason=error.reason, code=error.provider_code, counted=False, holds_channel=True)
    return Retry(after=backoff(attempts, chance), reason=error.reason, code=error.provider_code)
