"""Wrong clocks for single processes by libfaketime, which can be changed while they run; elapsed time stays true."""

from pathlib import Path

FAKETIME = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))


class Clock:
    """The clock of the processes that are started with `environ`."""

    def __init__(self, file: Path) -> None:
        """Start with the true time."""
        if not FAKETIME:
            raise FileNotFoundError("libfaketime is missing: apt-get install faketime")
        self._file = file
        self.set("+0")

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment with which a program uses this clock."""
        return {
            "LD_PRELOAD": str(FAKETIME[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, offset: str) -> None:
        """Change the clock: "+1h", "-1h", "+90d"."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset}\n")
        fresh.replace(self._file)
