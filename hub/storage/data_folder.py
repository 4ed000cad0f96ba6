"""The data folder: made, checked, and held by one hub at a time."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import Misset

ROOM_NEEDED = 200 * 1024 * 1024


def prepare(folder: Path) -> None:
    """Make the folder, closed to others; raises Misset where it cannot be made or written to."""
    try:
        folder.mkdir(mode=_mode(), parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"hub")
        probe.unlink()
    except OSError as error:
        told = f"The data folder {folder} cannot be used: {error.strerror}. Choose another with --data."
        raise Misset(told, field="HUB_DATA_DIR") from error


def check_room(folder: Path) -> None:
    """Raise Misset where too little room is left to start a database in."""
    free = shutil.disk_usage(folder).free
    if free < ROOM_NEEDED:
        told = f"The disk of {folder} is full ({free >> 20} MB free, {ROOM_NEEDED >> 20} MB needed)."
        raise Misset(f"{told} Make room, or choose another folder with --data.", field="HUB_DATA_DIR")


class Held(Misset):
    """Another hub holds the folder; `address` is where people reach it."""

    def __init__(self, detail: str, *, address: str) -> None:
        """Keep where it is reached."""
        super().__init__(detail, field="HUB_DATA_DIR")
        self.address = address


@contextmanager
def held(folder: Path, address: str = "") -> Iterator[None]:
    """Hold the folder for this process; raises Held naming the process that holds it already, and its address.

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
        where = f", {address}" if address else ""
        told = f"Another hub is already running on {folder} (pid {holder or 'unknown'}{where})."
        raise Held(f"{told} Stop it, or choose another folder with --data.", address=address) from error


def _mode() -> int:
    """Root's folder lets the database's own user pass through, and read nothing."""
    return 0o711 if os.geteuid() == 0 else 0o700
