"""Errors that any provider reached by HTTP can cause; a kind declares its own only when these are too general."""

from datetime import timedelta
from http import HTTPStatus

from hub.channels.send_errors import Doubtful, Misconfigured, Notice, Rejected, SendError, Throttled, Unreachable
from hub.errors import Forged, Internal

DEFAULT_PAUSE = timedelta(seconds=30)  # when the provider asks to slow down without a time


class ProviderUnreachable(Unreachable):
    """{where} cannot be reached. The hub tries again by itself; check the address if this lasts."""

    where: str


class ProviderDown(Unreachable):
    """{where} takes no messages at the moment ({reply}). The hub tries again by itself."""

    where: str
    reply: int


class ProviderGaveNoAnswer(Doubtful):
    """{where} did not answer ({problem}), so that the message may have been sent or not."""

    where: str
    problem: str


class ProviderFailed(Doubtful):
    """{where} failed ({reply}), so that the message may have been sent or not."""

    where: str
    reply: int


class ProviderAsksToSlowDown(Throttled):
    """{where} asks to slow down. The hub sends again in {retry_after}."""

    where: str
    reply: int


class ProviderRefusesAccess(Misconfigured):
    """{where} does not accept the user or the token of this channel ({reply}). Correct them in its settings."""

    where: str
    reply: int


class ProviderRefusesMessage(Rejected):
    """{where} does not accept this message, with the reason {said} ({reply})."""

    where: str
    reply: int
    said: str


class ProviderReady(Notice):
    """{where} accepts the settings of this channel."""

    where: str


class CallbackForged(Forged):
    """The signature of this request does not match. Compare the signing secret with that of the provider."""


class CallbackMalformed(Internal):
    """This request of the provider cannot be read ({problem}). Download the original to read it."""

    problem: str


def error_for_status(where: str, reply: int, said: str, *, retry_after: timedelta = DEFAULT_PAUSE) -> SendError:
    """Return the error for the HTTP status `reply`, from 300 on; `said` is the provider's explanation."""
    match reply:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ProviderAsksToSlowDown(where=where, reply=reply, retry_after=retry_after)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return ProviderRefusesAccess(where=where, reply=reply)
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return ProviderDown(where=where, reply=reply)
        case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return ProviderFailed(where=where, reply=reply)
        case _:
            return ProviderRefusesMessage(where=where, reply=reply, said=said)
