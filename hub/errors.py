"""The tree of errors, each with its HTTP status.

HubError                     something a person can mend, in one line
├── BadInput            422  what was sent cannot be used; names the field and how to mend it
├── Unauthenticated     401  nobody is signed in
├── Forbidden           403  signed in, but not allowed
│   └── Forged          403  a signature or a token does not match
├── NotFound            404  not there, or not for you
├── Conflict            409  the state of things has moved on
├── TooLarge            413  more than this place takes
├── TooMany             429  slow down; carries `retry_after`
├── Unavailable         503  cannot be stored just now; ask again
└── Misset              n/a  a setting or the machine is wrong: the process says so and stops
"""

from datetime import timedelta
from typing import ClassVar


class HubError(Exception):
    """Something a person can mend, told in one line."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        """Keep the sentence for people and, where one field is at fault, its name."""
        super().__init__(detail)
        self.detail = detail
        self.field = field


class BadInput(HubError):
    """What was sent cannot be used."""

    status = 422
    title = "This cannot be used"


class Unauthenticated(HubError):
    """Nobody is signed in."""

    status = 401
    title = "Please sign in"


class Forbidden(HubError):
    """Signed in, but not allowed."""

    status = 403
    title = "You may not do this"


class Forged(Forbidden):
    """A signature or a token does not match."""

    title = "The signature does not match"


class NotFound(HubError):
    """Not there, or not for you to see."""

    status = 404
    title = "Not found"


class Conflict(HubError):
    """The state of things has moved on."""

    status = 409
    title = "This has changed meanwhile"


class TooLarge(HubError):
    """More than this place takes."""

    status = 413
    title = "Too large"


class TooMany(HubError):
    """Too many attempts; ask again after `retry_after`."""

    status = 429
    title = "Too many attempts"

    def __init__(self, detail: str, *, retry_after: timedelta) -> None:
        """Keep how long to wait before the next attempt."""
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(HubError):
    """Cannot be stored just now; ask again."""

    status = 503
    title = "Not available just now"


class Misset(HubError):
    """A setting or the machine is wrong; the process says so and stops."""

    title = "Wrong setting"
