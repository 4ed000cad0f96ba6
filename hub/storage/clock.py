"""The time of the database, which decides when work is due; a process's own clock may be wrong or stepped."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that continues from the last reading of the database's; before the first one, this machine's time."""

    def __init__(self) -> None:
        """Start without a reading."""
        self._read: tuple[datetime, float] | None = None

    def set(self, at: datetime) -> None:
        """Continue from `at`, a reading of the database's clock."""
        self._read = at, time.monotonic()

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        if self._read is None:
            return datetime.now(UTC)
        at, since = self._read
        return at + timedelta(seconds=time.monotonic() - since)


CLOCK = Clock()  # one for the process: two clocks in it would order its events differently
