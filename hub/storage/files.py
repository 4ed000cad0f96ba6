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

GRACE_SECONDS = 3600.0  # longer than any transaction that stores a file and then a row that names it
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
        """Store the bytes, synced to disk, and return their digest; raises Unavailable when the disk is full."""
        return await asyncio.to_thread(self._put, content)

    async def get(self, digest: str) -> bytes:
        """Return the bytes of a digest; raises NotFound, or Unavailable when the disk fails."""
        return await asyncio.to_thread(self._get, digest)

    async def remove(self, digest: str) -> None:
        """Delete the file with this digest, if it exists."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    async def remove_unreferenced(self, digest: str) -> None:
        """Delete a file that no row refers to, unless it was stored again within the last hour."""
        await asyncio.to_thread(self._remove_unreferenced, digest)

    def _remove_unreferenced(self, digest: str) -> None:
        path = self.path(digest)
        renamed = path.with_name(f"{digest}.unwanted")
        try:
            if not self._is_old(path):
                return
            path.rename(renamed)
            if self._is_old(renamed):
                renamed.unlink()
            else:
                renamed.rename(path)  # stored again between the two checks
        except FileNotFoundError:
            return

    def _is_old(self, path: Path) -> bool:
        return path.stat().st_mtime < time.time() - GRACE_SECONDS

    def _put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        with contextlib.suppress(OSError):
            os.utime(self.path(digest))  # tells a process that is about to delete it that it is in use again
            return digest
        with _temporary_file(self.folder) as file:
            file.write(content)
            self._store_under_digest(file, digest)
        return digest

    def _get(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise FileLost(digest=f"{digest[:12]}…") from error
        except OSError as error:
            raise FilesNotReadable(problem=error.strerror or str(error)) from error

    def _store_under_digest(self, file: IO[bytes], digest: str) -> None:
        """Move the written file to its final name, synced: first its contents, then the folders above it."""
        file.flush()
        os.fsync(file.fileno())
        target = self.path(digest)
        is_new_folder = not target.parent.exists()
        target.parent.mkdir(parents=True, exist_ok=True)
        Path(file.name).replace(target)
        for folder in (target.parent, target.parent.parent, self.folder) if is_new_folder else (target.parent,):
            _fsync_folder(folder)


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Iterator[IO[bytes]]:
    """Open a file with a temporary name, which is deleted afterwards; raises Unavailable when the disk fails."""
    path = folder / "incoming" / uuid.uuid4().hex
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("xb") as file:
            yield file
    except OSError as error:
        raise FilesNotWritable(problem=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
