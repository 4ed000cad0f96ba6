"""Create and check the data folder, and hold it for one hub at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.storage.errors import DataFolderHeld, DataFolderUnusable, DiskFull

ROOM_NEEDED = 200 * 1024 * 1024


def prepare(folder: Path) -> None:
    """Make the folder, closed to others; raises SetupError where it cannot be made or written to."""
    try:
        folder.mkdir(mode=_mode(), parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"hub")
        probe.unlink()
    except OSError as error:
        raise DataFolderUnusable(folder=str(folder), problem=error.strerror or str(error)) from error


def check_room(folder: Path) -> None:
    """Raise DiskFull when too little space is left to start a database."""
    free = shutil.disk_usage(folder).free
    if free < ROOM_NEEDED:
        raise DiskFull(folder=str(folder), free_bytes=free, needed_bytes=ROOM_NEEDED)


@contextmanager
def held(folder: Path, address: str = "") -> Iterator[None]:
    """Hold the folder for this process; raises DataFolderHeld naming the process that holds it, and its address.

    The lock is the kernel's, so that it ends with the process however that ends.
    """
    descriptor = os.open(folder / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(descriptor, folder)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {address}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder, _, address = os.pread(descriptor, 300, 0).decode().strip().partition(" ")
        process = f"pid {holder or 'unknown'}" + (f", {address}" if address else "")
        raise DataFolderHeld(folder=str(folder), holder=process, address=address) from error


def _mode() -> int:
    """Return the mode of the folder: when root makes it, the database's account may enter it but not list it."""
    return 0o711 if os.geteuid() == 0 else 0o700
