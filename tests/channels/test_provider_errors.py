from datetime import timedelta

import pytest

from hub.channels.provider_errors import (
    ProviderAsksToSlowDown,
    ProviderDown,
    ProviderFailed,
    ProviderRefusesAccess,
    ProviderRefusesMessage,
    error_for_status,
)
from hub.channels.send_errors import SendError


@pytest.mark.parametrize(
    "status, kind",
    [
        (302, ProviderRefusesMessage),
        (400, ProviderRefusesMessage),
        (401, ProviderRefusesAccess),
        (403, ProviderRefusesAccess),
        (429, ProviderAsksToSlowDown),
        (500, ProviderFailed),
        (502, ProviderFailed),
        (503, ProviderDown),
    ],
)
def test_the_status_of_an_answer_decides_what_to_do_next(status: int, kind: type[SendError]) -> None:
    error = error_for_status("sms.example", status, "No.")
    assert type(error) is kind
    assert error.provider_code == str(status)
    assert error.detail.startswith("sms.example ")


def test_the_pause_that_the_provider_names_is_kept() -> None:
    error = error_for_status("sms.example", 429, "", retry_after=timedelta(minutes=2))
    assert isinstance(error, ProviderAsksToSlowDown)
    assert error.retry_after == timedelta(minutes=2)


def test_what_the_provider_said_of_a_message_is_shown() -> None:
    assert error_for_status("sms.example", 400, "Unknown number").detail == (
        "sms.example does not accept this message, with the reason Unknown number (400)."
    )
