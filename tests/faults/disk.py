"""A small disk that can be filled to the last byte and emptied again."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

GIVEN = "FAULTS_DISK"


class Disk:
    """A mounted tmpfs."""

    def __init__(self, folder: Path) -> None:
        """Use a mounted folder."""
        self.folder = folder
        self._filler = folder / "filler"

    @property
    def free(self) -> int:
        """Return the free bytes."""
        return shutil.disk_usage(self.folder).free

    def fill(self) -> None:
        """Fill the disk completely."""
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * min(1 << 20, max(self.free, 1)))

    def empty(self) -> None:
        """Free the space again."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """Mount a small tmpfs, which needs root; a plain user gets one by `with_a_disk`."""
    if GIVEN in os.environ:
        yield Disk(Path(os.environ[GIVEN]))
        return
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def may_mount() -> bool:
    """Return whether this process can mount a disk, or has been given one."""
    return os.geteuid() == 0 or GIVEN in os.environ


def with_a_disk(test: str, megabytes: int) -> None:
    """Run one test again as a plain user: an outer namespace mounts the disk, an inner one drops the rights of root."""
    inside = f"{sys.executable} -m pytest -q -p no:randomly {test}"
    script = (
        f"disk=$(mktemp -d /tmp/hub-XXXXXX) && mount -t tmpfs -o size={megabytes}m,mode=711 tmpfs $disk &&"
        f" {GIVEN}=$disk unshare --user --map-user={os.geteuid()} --map-group={os.getegid()} {inside}"
    )
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
