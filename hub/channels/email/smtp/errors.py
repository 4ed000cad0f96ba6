"""Convert the error responses of an SMTP server to a `SendError`, by the command they answer and their code. Pure."""

import re
from datetime import timedelta

from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPSenderRefused,
)

from hub.channels.email.account import Account
from hub.channels.email.errors import (
    MailPasswordRefused,
    MailServerPostpones,
    MailServerSlowsDown,
    MailTokenRefused,
    MessageRefused,
    SenderRefused,
    ServerNotUnderstood,
    SmtpSignInNotOffered,
    SmtpUnwilling,
    StarttlsNotOffered,
)
from hub.channels.email.header_values import clean
from hub.channels.send_errors import SendError

DEFAULT_WAIT = timedelta(minutes=5)
MAX_WAIT = timedelta(hours=4)
_RATE_LIMITED = re.compile(
    r"4\.7\.\d|grey|gray|rate|too (?:many|fast|much)|throttl|slow down|limit|quota", re.IGNORECASE
)
_WAIT = re.compile(r"(\d{1,6})\s*(s|m|h)(?:ec|in|our|\b)", re.IGNORECASE)
_SENDER_STATUS = re.compile(r"5\.(?:7|1)\.\d")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_TEMPORARY = range(400, 500)


def to_send_error(error: SMTPException, account: Account) -> SendError:
    """Return what the refusal means: retry later, do not retry, or correct the account first."""
    where = account.smtp_host or ""
    match error:
        case SMTPResponseException() if error.code in _TEMPORARY or error.code < 0:
            return _temporary(error)
        case SMTPAuthenticationError():
            return MailTokenRefused(where=where) if account.auth == "xoauth2" else MailPasswordRefused(where=where)
        case SMTPConnectResponseError() | SMTPHeloError():
            return SmtpUnwilling(reply=error.code, said=_response_text(error))
        case SMTPSenderRefused() if _concerns_account(error):
            return SenderRefused(address=account.address, reply=error.code, said=_response_text(error))
        case SMTPResponseException():
            return MessageRefused(reply=error.code, said=_response_text(error))
    return _unsupported(error, where)


def _temporary(error: SMTPResponseException) -> SendError:
    reply, said = error.code, _response_text(error)
    if _RATE_LIMITED.search(error.message):
        return MailServerSlowsDown(reply=reply, said=said, retry_after=_retry_after(error.message))
    return MailServerPostpones(reply=reply, said=said)


def _retry_after(text: str) -> timedelta:
    match = _WAIT.search(text)
    wait = timedelta(**{_UNITS[match[2].lower()]: int(match[1])}) if match else DEFAULT_WAIT
    return min(max(wait, timedelta(seconds=1)), MAX_WAIT)


def _concerns_account(error: SMTPSenderRefused) -> bool:
    return error.code in {530, 550, 553} or _SENDER_STATUS.search(error.message) is not None


def _unsupported(error: SMTPException, where: str) -> SendError:
    text = str(error)
    if "AUTH" in text or "auth" in text:
        return SmtpSignInNotOffered(where=where)
    if "STARTTLS" in text:
        return StarttlsNotOffered(where=where, port=465)
    return ServerNotUnderstood(where=where, problem=clean(text)[:200])


def _response_text(error: SMTPResponseException) -> str:
    return clean(error.message)[:300]
