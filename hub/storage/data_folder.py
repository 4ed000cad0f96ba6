"""Create and check the data folder, and lock it for one hub at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.storage.errors import DataFolderHeld, DataFolderUnusable, DiskFull

MIN_FREE_BYTES = 200 * 1024 * 1024


def prepare(folder: Path) -> None:
    """Create the folder without access for other users; raises SetupError when it cannot be created or written to."""
    try:
        folder.mkdir(mode=_folder_mode(), parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"hub")
        probe.unlink()
    except OSError as error:
        raise DataFolderUnusable(folder=str(folder), problem=error.strerror or str(error)) from error


def check_free_space(folder: Path) -> None:
    """Raise DiskFull when too little space is left to start a database."""
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise DiskFull(folder=str(folder), free_bytes=free, needed_bytes=MIN_FREE_BYTES)


@contextmanager
def locked(folder: Path, address: str = "") -> Iterator[None]:
    """Lock the folder for this process; raises DataFolderHeld with the process that holds the lock, and its address.

    The kernel releases the lock when the process ends, also after a crash.
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


def _folder_mode() -> int:
    """Return the mode of the folder; one made by root may be entered, but not listed, by the database's account."""
    return 0o711 if os.geteuid() == 0 else 0o700
