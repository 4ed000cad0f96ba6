from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.contract import Resend
from hub.channels.send_errors import Doubtful, Misconfigured, OptedOut, Rejected, SendError, Throttled, Unreachable
from hub.delivery.errors import GivenUpAfterAttempts
from hub.delivery.retry import (
    MAX_ATTEMPTS,
    Decision,
    Failed,
    Retry,
    Uncertain,
    backoff,
    decide,
    may_follow,
    next_lookup,
)
from hub.events.definitions import Status

HOUR = timedelta(hours=1)


class Refused(Rejected):
    """No."""

    reply: int


class Unwanted(OptedOut):
    """Stop."""

    reply: int


class Unknown(Doubtful):
    """Was it sent?"""


class Away(Unreachable):
    """The provider is away."""


class Slow(Throttled):
    """Slow down."""


class PasswordWrong(Misconfigured):
    """The password is wrong."""


def decided(error: SendError, attempts: int = 1, age: timedelta = HOUR, resend: Resend = Resend.ASK) -> Decision:
    return decide(error, attempts=attempts, age=age, resend=resend, chance=0.5)


@pytest.mark.parametrize("error", [Refused(reply=550), Unwanted(reply=550)])
def test_a_refusal_is_final(error: SendError) -> None:
    assert decided(error) == Failed(reason=error.reason, code="550")


@pytest.mark.parametrize("resend, look", [(Resend.ASK, None), (Resend.LOOK_FIRST, timedelta(seconds=5))])
def test_the_doubtful_is_never_repeated_where_it_could_double(resend: Resend, look: timedelta | None) -> None:
    assert decided(Unknown(), resend=resend) == Uncertain(reason=Unknown().reason, look_after=look)


def test_the_doubtful_is_repeated_where_that_is_safe() -> None:
    assert isinstance(decided(Unknown(), resend=Resend.SAFE), Retry)


def test_unreachable_is_tried_eight_times() -> None:
    assert isinstance(decided(Away(), attempts=MAX_ATTEMPTS - 1), Retry)
    last = decided(Away(), attempts=MAX_ATTEMPTS)
    assert last == Failed(reason=GivenUpAfterAttempts(attempts=8, cause=Away()).reason)
    assert last.reason.detail == "Given up after 8 attempts: The provider is away."


def test_everything_is_given_up_after_a_day() -> None:
    day = timedelta(hours=25)
    assert isinstance(decided(Away(), age=day), Failed)
    assert isinstance(decided(Slow(retry_after=HOUR), age=day), Failed)


def test_too_fast_waits_as_long_as_asked_and_counts_as_no_attempt() -> None:
    retry = decided(Slow(retry_after=timedelta(seconds=30)), attempts=50)
    assert isinstance(retry, Retry)
    assert timedelta(seconds=30) <= retry.after <= timedelta(seconds=31)
    assert (retry.counted, retry.holds_channel, retry.report) == (False, True, False)


def test_wrong_settings_hold_the_channel_until_they_are_mended_or_three_days_have_gone() -> None:
    retry = decided(PasswordWrong(), age=timedelta(hours=48))
    assert isinstance(retry, Retry)
    assert (retry.counted, retry.holds_channel, retry.report) == (False, True, True)
    assert isinstance(decided(PasswordWrong(), age=timedelta(hours=73)), Failed)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_stay_between_a_second_and_half_a_day(attempts: int, chance: float) -> None:
    assert timedelta(seconds=1) <= backoff(attempts, chance) <= timedelta(hours=12)


def test_all_attempts_fit_into_a_day() -> None:
    assert sum((backoff(n, 1.0) for n in range(1, MAX_ATTEMPTS)), timedelta()) < timedelta(hours=24)


def test_a_doubtful_one_is_looked_for_five_times() -> None:
    waits = [next_lookup(n) for n in range(7)]
    assert waits[5:] == [None, None]
    assert all(waits[:5])


@given(st.lists(st.sampled_from(list(Status)), max_size=12))
def test_reports_in_any_order_never_lose_the_proof_of_arrival(reports: list[Status]) -> None:
    status = Status.SENT
    for report in reports:
        status = report if may_follow(status, report) else status
    if Status.READ in reports:
        assert status is Status.READ
    elif Status.DELIVERED in reports:
        assert status is Status.DELIVERED


def test_a_bounce_counts_after_sent_and_not_after_delivered() -> None:
    assert may_follow(Status.SENT, Status.FAILED)
    assert not may_follow(Status.DELIVERED, Status.FAILED)
    assert not may_follow(Status.FAILED, Status.SENT)
    assert may_follow(Status.FAILED, Status.DELIVERED)
    assert may_follow(Status.DOUBTFUL, Status.SENT)
