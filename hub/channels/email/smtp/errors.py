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

from hub.channels.contract import Misconfigured, Rejected, SendError, Throttled, Unreachable
from hub.channels.email.account import Account
from hub.channels.email.envelope import clean

GREYLISTED = timedelta(minutes=5)
LONGEST_WAIT = timedelta(hours=4)
_TOO_FAST = re.compile(r"4\.7\.\d|grey|gray|rate|too (?:many|fast|much)|throttl|slow down|limit|quota", re.IGNORECASE)
_WAIT = re.compile(r"(\d{1,6})\s*(s|m|h)(?:ec|in|our|\b)", re.IGNORECASE)
_NOT_THIS_SENDER = re.compile(r"5\.(?:7|1)\.\d")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_TEMPORARY = range(400, 500)


def refusal(error: SMTPException, account: Account) -> SendError:
    """Say what the refusal means: try later, never, or mend the account first."""
    match error:
        case SMTPResponseException() if error.code in _TEMPORARY or error.code < 0:
            return _temporary(error)
        case SMTPAuthenticationError():
            return _not_let_in(account)
        case SMTPConnectResponseError() | SMTPHeloError():
            return Misconfigured(f"The mail server does not talk to us: {_said(error)}", code=str(error.code))
        case SMTPSenderRefused() if _concerns_account(error):
            return Misconfigured(
                f"The mail server does not let us send as {account.address}: {_said(error)}. "
                "Check the SMTP user name and what it may send as.",
                code=str(error.code),
            )
        case SMTPResponseException():
            return Rejected(f"The mail server refused the message: {_said(error)}", code=str(error.code))
    return _not_offered(error)


def _temporary(error: SMTPResponseException) -> SendError:
    detail, code = f"The mail server asks us to come back later: {_said(error)}", str(error.code)
    if _TOO_FAST.search(error.message):
        return Throttled(detail, retry_after=_wait(error.message), code=code)
    return Unreachable(detail, code=code)


def _wait(words: str) -> timedelta:
    found = _WAIT.search(words)
    asked = timedelta(**{_UNITS[found[2].lower()]: int(found[1])}) if found else GREYLISTED
    return min(max(asked, timedelta(seconds=1)), LONGEST_WAIT)


def _concerns_account(error: SMTPSenderRefused) -> bool:
    return error.code in {530, 550, 553} or _NOT_THIS_SENDER.search(error.message) is not None


def _not_let_in(account: Account) -> Misconfigured:
    if account.auth == "xoauth2":
        return Misconfigured("The SMTP server refused the OAuth token. Sign in with the provider again.")
    return Misconfigured(
        "The SMTP server refused the user name or password. Check them; with Gmail use an app password."
    )


def _not_offered(error: SMTPException) -> SendError:
    words = str(error)
    if "AUTH" in words or "auth" in words:
        return Misconfigured(
            "The SMTP server offers no sign-in of this kind here. Choose TLS or STARTTLS, or leave the user name empty."
        )
    if "STARTTLS" in words:
        return Misconfigured("The SMTP server does not offer STARTTLS. Choose TLS, usually on port 465.")
    return Unreachable(f"The mail server cannot be understood: {clean(words)[:200]}")


def _said(error: SMTPResponseException) -> str:
    return f"{error.code} {clean(error.message)[:300]}"
