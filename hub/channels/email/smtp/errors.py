"""Converts the error responses of an SMTP server to a `SendError`, by the command they answer and their code. Pure."""

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
from hub.channels.email.header_values import clean

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
    match error:
        case SMTPResponseException() if error.code in _TEMPORARY or error.code < 0:
            return _temporary(error)
        case SMTPAuthenticationError():
            return _sign_in_refused(account)
        case SMTPConnectResponseError() | SMTPHeloError():
            return Misconfigured(f"The mail server does not talk to us: {_response_text(error)}", code=str(error.code))
        case SMTPSenderRefused() if _concerns_account(error):
            return Misconfigured(
                f"The mail server does not let us send as {account.address}: {_response_text(error)}. "
                "Check the SMTP user name and what it may send as.",
                code=str(error.code),
            )
        case SMTPResponseException():
            return Rejected(f"The mail server refused the message: {_response_text(error)}", code=str(error.code))
    return _unsupported(error)


def _temporary(error: SMTPResponseException) -> SendError:
    detail, code = f"The mail server asks us to come back later: {_response_text(error)}", str(error.code)
    if _RATE_LIMITED.search(error.message):
        return Throttled(detail, retry_after=_retry_after(error.message), code=code)
    return Unreachable(detail, code=code)


def _retry_after(text: str) -> timedelta:
    match = _WAIT.search(text)
    wait = timedelta(**{_UNITS[match[2].lower()]: int(match[1])}) if match else DEFAULT_WAIT
    return min(max(wait, timedelta(seconds=1)), MAX_WAIT)


def _concerns_account(error: SMTPSenderRefused) -> bool:
    return error.code in {530, 550, 553} or _SENDER_STATUS.search(error.message) is not None


def _sign_in_refused(account: Account) -> Misconfigured:
    if account.auth == "xoauth2":
        return Misconfigured("The SMTP server refused the OAuth token. Sign in with the provider again.")
    return Misconfigured(
        "The SMTP server refused the user name or password. Check them; with Gmail use an app password."
    )


def _unsupported(error: SMTPException) -> SendError:
    text = str(error)
    if "AUTH" in text or "auth" in text:
        return Misconfigured(
            "The SMTP server offers no sign-in of this kind here. Choose TLS or STARTTLS, or leave the user name empty."
        )
    if "STARTTLS" in text:
        return Misconfigured("The SMTP server does not offer STARTTLS. Choose TLS, usually on port 465.")
    return Unreachable(f"The mail server cannot be understood: {clean(text)[:200]}")


def _response_text(error: SMTPResponseException) -> str:
    return f"{error.code} {clean(error.message)[:300]}"
