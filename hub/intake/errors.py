"""Errors of arrivals: callbacks, quarantine and the mail server."""

from hub.errors import BadInput, Conflict, Forbidden, Internal, NotFound, SetupError, TooLarge, Unavailable


class CallbackTooLarge(TooLarge):
    """The request is too large. Up to {limit_mb} MB are accepted here."""

    limit_mb: int


class CallbackLengthInvalid(BadInput):
    """The header Content-Length is not a number. Correct it and send again."""


class CallbackCutOff(Unavailable):
    """The connection ended before the whole request arrived; nothing was stored. Send it again."""


class CallbackEmpty(NotFound):
    """The request has no body. Send the message in the body."""


class ArrivalNotFound(NotFound):
    """This item is not in quarantine, or you do not have access to it. Reload the list."""


class ArrivalNotQuarantined(Conflict):
    """This item is not in quarantine any more. Reload the list."""


class ArrivalBytesGone(NotFound):
    """The original of this item is not kept any more, so it cannot be downloaded."""


class ArrivalChannelGone(NotFound):
    """There is no channel {channel}. Check the address of the request."""

    channel: str


class ArrivalFailed(Internal):
    """This item could not be processed ({problem}). Try it again after an update, or download the original."""

    problem: str


class ArrivalNeverFinished(Internal):
    """Processing this item was started {count} times and never finished. Download the original to read it."""

    count: int


class ReceivingInterrupted(Internal):
    """The connection was interrupted ({problem}). The hub connects again by itself."""

    problem: str


class MailPortsUnusable(SetupError):
    """The hub cannot receive mail on {host}, ports {lmtp} and {smtp}: {problem}.

    Set HUB_MAIL_HOST, HUB_LMTP_PORT and HUB_SMTP_PORT.
    """

    host: str
    lmtp: str
    smtp: str
    problem: str


class UnreadableNotVisible(Forbidden):
    """Only people with access to deliveries can open messages that could not be read. Ask a supervisor."""


class OriginalNotKept(NotFound):
    """The original of this message is not kept, so it cannot be downloaded."""
