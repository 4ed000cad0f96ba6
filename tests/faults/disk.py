"""A small disk of its own that can be filled to the last byte and emptied again."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

INSIDE = "FAULTS_INSIDE"


class Disk:
    """A mounted tmpfs."""

    def __init__(self, folder: Path) -> None:
        """Stand on the mount."""
        self.folder = folder
        self._filler = folder / "filler"

    @property
    def free(self) -> int:
        """Bytes that are left."""
        return shutil.disk_usage(self.folder).free

    def fill(self) -> None:
        """Leave not one byte."""
        with contextlib.suppress(OSError), self._filler.open("ab", buffering=0) as file:
            while True:
                file.write(b"\0" * min(1 << 20, max(self.free, 1)))

    def empty(self) -> None:
        """Give the room back."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(megabytes: int) -> Iterator[Disk]:
    """Mount a small tmpfs, which takes root, or a namespace of one's own (`in_own_namespace`)."""
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=711", "tmpfs", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def may_mount() -> bool:
    """Whether this process can mount, or is itself the one in the namespace."""
    return os.geteuid() == 0


def in_own_namespace(test: str) -> None:
    """Run one test again where a plain user may mount: mounts as root of a namespace; the hub runs as anybody there."""
    command = ["unshare", "-rm", sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", test]
    done = subprocess.run(command, env=os.environ | {INSIDE: "1"}, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
