"""The hub's time is the database's: no process's own clock, early, late or stepped, decides when something is due."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Goes on steadily from the database's last reading; this machine's own time until there is one."""

    def __init__(self) -> None:
        """Begin without a reading."""
        self._read: tuple[datetime, float] | None = None

    def set(self, at: datetime) -> None:
        """Take a reading of the database's clock."""
        self._read = at, time.monotonic()

    def now(self) -> datetime:
        """Tell the time, aware and in UTC."""
        if self._read is None:
            return datetime.now(UTC)
        at, since = self._read
        return at + timedelta(seconds=time.monotonic() - since)


CLOCK = Clock()  # one machine's processes may differ, one process may not
