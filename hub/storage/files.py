"""Store attachments and raw arrivals in files named by the digest of their bytes."""

import asyncio
import contextlib
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from hub.storage.errors import DigestInvalid, FileLost, FilesNotReadable, FilesNotWritable

WANTED_FOR = 3600.0  # seconds: longer than any transaction that stores a file and then a row that names it
DIGEST = re.compile(r"[0-9a-f]{64}")


class Files:
    """A folder of files named by the SHA-256 of their contents: storing one twice changes nothing."""

    def __init__(self, folder: Path) -> None:
        """Store files below `folder`, which is created with the first one."""
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Return the path of the file with this digest; raises NotFound when the text is no digest."""
        if not DIGEST.fullmatch(digest):
            raise DigestInvalid(digest=digest)
        return self.folder / digest[:2] / digest[2:4] / digest

    def exists(self, digest: str) -> bool:
        """Return whether there is a file with this digest."""
        return self.path(digest).is_file()

    async def put(self, content: bytes) -> str:
        """Store the bytes for good and return their digest; raises Unavailable where the disk is full."""
        return await asyncio.to_thread(self._put, content)

    async def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; raises NotFound, or Unavailable when the disk fails."""
        return await asyncio.to_thread(self._get, digest)

    async def remove(self, digest: str) -> None:
        """Delete the file with this digest, if it exists."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def remove_unwanted(self, digest: str) -> None:
        """Delete a file that no row names, unless it was stored again within the last hour."""
        await asyncio.to_thread(self._remove_unwanted, digest)

    def _remove_unwanted(self, digest: str) -> None:
        path = self.path(digest)
        aside = path.with_name(f"{digest}.unwanted")
        try:
            if not self._is_left(path):
                return
            path.rename(aside)
            if self._is_left(aside):
                aside.unlink()
            else:
                aside.rename(path)  # stored again between the two checks
        except FileNotFoundError:
            return

    def _is_left(self, path: Path) -> bool:
        return path.stat().st_mtime < time.time() - WANTED_FOR

    def _put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        with contextlib.suppress(OSError):
            os.utime(self.path(digest))  # a process that is about to delete it sees that it is in use again
            return digest
        with _storing(self.folder) as file:
            file.write(content)
            self._settle(file, digest)
        return digest

    def _get(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError as error:
            f"The file {digest[:12]}… is not in the data folder any more; restore it from a backup."
            raise FileLost(digest=f"{digest[:12]}…") from error
        except OSError as error:
            raise FilesNotReadable(problem=error.strerror or str(error)) from error

    def _settle(self, file: IO[bytes], digest: str) -> None:
        """Sync the written file to disk under its name: first its contents, then the folders that lead to it."""
        file.flush()
        os.fsync(file.fileno())
        target = self.path(digest)
        fresh = not target.parent.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(file.name).replace(target)
        for folder in (target.parent, target.parent.parent, self.folder) if fresh else (target.parent,):
            _sync(folder)


@contextlib.contextmanager
def _storing(folder: Path) -> Iterator[IO[bytes]]:
    """Open a file under a temporary name, which is deleted afterwards; a failing disk becomes Unavailable."""
    passing = folder / "incoming" / uuid.uuid4().hex
    try:
        passing.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with passing.open("xb") as file:
            yield file
    except OSError as error:
        raise FilesNotWritable(problem=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            passing.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
