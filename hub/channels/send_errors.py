"""Kinds of errors that an adapter raises, each with whether to try again, and notices of success."""

from datetime import timedelta
from typing import dataclass_transform

from hub.errors import CodedText


@dataclass_transform(kw_only_default=True, eq_default=False)
class Notice(CodedText, abstract=True):
    """A sentence about a success, with a code like an error's."""


@dataclass_transform(kw_only_default=True, eq_default=False)
class SendError(CodedText, Exception, abstract=True):
    """A message was not sent; the kind says whether to try again.

    SendError
    ├── Throttled(retry_after)   try again then
    ├── Unreachable              try again
    ├── Doubtful                 it may have been sent; never repeated blindly
    ├── Rejected                 do not try again
    ├── OptedOut                 do not try again
    └── Misconfigured            do not try again until an administrator has corrected the channel

    An adapter declares a class below one of these for each error. Its sentence and its parameters carry no secrets;
    a parameter named `reply` is the provider's own code.
    """

    @property
    def provider_code(self) -> str | None:
        """The provider's own code; None when it gave none."""
        return str(vars(self).get("reply") or "") or None


class Throttled(SendError, abstract=True):
    """Too fast; try again after `retry_after`."""

    retry_after: timedelta


class Unreachable(SendError, abstract=True):
    """Nothing was sent; try again."""


class Doubtful(SendError, abstract=True):
    """It is unknown whether the message was sent."""


class Rejected(SendError, abstract=True):
    """The provider refused the message permanently."""


class OptedOut(SendError, abstract=True):
    """The customer does not want messages on this channel."""


class Misconfigured(SendError, abstract=True):
    """The settings of the channel are wrong: password, certificate, host."""
