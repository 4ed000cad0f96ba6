"""The database's time, which decides when work is due; a machine's own clock may be wrong or jump."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that continues from the last reading of the database's clock; before the first, this machine's time."""

    def __init__(self) -> None:
        """Start without a reading."""
        self._reading: tuple[datetime, float] | None = None

    def set(self, at: datetime) -> None:
        """Continue from `at`, a reading of the database's clock."""
        self._reading = at, time.monotonic()

    def now(self) -> datetime:
        """Return the time, aware and in UTC."""
        if self._reading is None:
            return datetime.now(UTC)
        at, read_at = self._reading
        return at + timedelta(seconds=time.monotonic() - read_at)


CLOCK = Clock()  # one for the process: with two, its events could be in the wrong order
