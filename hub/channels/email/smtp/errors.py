"""Pure: what an SMTP server's refusal means for a message, by the step it came at and its code."""

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

from hub.channels.contract import SendError
from hub.channels.email.account import Account
from hub.channels.email.envelope import clean
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

GREYLISTED = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=4)
_TOO_FAST = re.compile(r"4\.7\.\d|grey|gray|rate|too (?:many|fast|much)|throttl|slow down|limit|quota", re.IGNORECASE)
_WAIT = re.compile(r"(\d{1,6})\s*(s|m|h)(?:ec|in|our|\b)", re.IGNORECASE)
_NOT_THIS_SENDER = re.compile(r"5\.(?:7|1)\.\d")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_TEMPORARY = range(400, 500)


def refusal(error: SMTPException, account: Account) -> SendError:
    """Return what the refusal means: try later, never, or correct the account first."""
    where = account.smtp_host or ""
    match error:
        case SMTPResponseException() if error.code in _TEMPORARY or error.code < 0:
            return _temporary(error)
        case SMTPAuthenticationError():
            return MailTokenRefused(where=where) if account.auth == "xoauth2" else MailPasswordRefused(where=where)
        case SMTPConnectResponseError() | SMTPHeloError():
            return SmtpUnwilling(reply=error.code, said=_said(error))
        case SMTPSenderRefused() if _concerns_account(error):
            return SenderRefused(address=account.address, reply=error.code, said=_said(error))
        case SMTPResponseException():
            return MessageRefused(reply=error.code, said=_said(error))
    return _not_offered(error, where)


def _temporary(error: SMTPResponseException) -> SendError:
    if _TOO_FAST.search(error.message):
        return MailServerSlowsDown(reply=error.code, said=_said(error), retry_after=_wait(error.message))
    return MailServerPostpones(reply=error.code, said=_said(error))


def _wait(words: str) -> timedelta:
    found = _WAIT.search(words)
    asked = timedelta(**{_UNITS[found[2].lower()]: int(found[1])}) if found else GREYLISTED
    return min(max(asked, timedelta(seconds=1)), LONGEST_WAIT)


def _concerns_account(error: SMTPSenderRefused) -> bool:
    return error.code in {530, 550, 553} or _NOT_THIS_SENDER.search(error.message) is not None


def _not_offered(error: SMTPException, where: str) -> SendError:
    words = str(error)
    if "AUTH" in words or "auth" in words:
        return SmtpSignInNotOffered(where=where)
    if "STARTTLS" in words:
        return StarttlsNotOffered(where=where, port=465)
    return ServerNotUnderstood(where=where, problem=clean(words)[:200])


def _said(error: SMTPResponseException) -> str:
    return clean(error.message)[:300]
