"""Files are kept once, whole, and not at all where the disk is full."""

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.errors import NotFound, TooLarge
from hub.files import Files

FILLING = """
import asyncio, resource, signal, sys, pathlib, errno
from hub.errors import Unavailable
from hub.files import Files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
import hub.files
hub.files.DISK_ERRORS.add(errno.EFBIG)
try:
    asyncio.run(Files(pathlib.Path(sys.argv[1])).put(b"x" * 4096))
except Unavailable as error:
    print(error.detail)
"""


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def stored(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    files = Files(tmp_path)
    first, second = await asyncio.gather(files.put(b"hello"), files.put(b"hello"))
    assert first == second == hashlib.sha256(b"hello").hexdigest()
    assert stored(tmp_path) == [first]
    assert await files.get(first) == b"hello"


async def test_a_stream_is_kept_under_the_digest_of_the_whole(tmp_path: Path) -> None:
    files = Files(tmp_path)
    digest, size = await files.put_stream(pieces(b"he", b"", b"llo"), limit=5)
    assert (digest, size) == (await files.put(b"hello"), 5)


async def test_a_stream_over_the_limit_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        await Files(tmp_path).put_stream(pieces(b"hel", b"lo"), limit=4)
    assert stored(tmp_path) == []


async def test_a_stream_that_breaks_off_leaves_nothing_and_keeps_its_own_error(tmp_path: Path) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        yield b"hel"
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        await Files(tmp_path).put_stream(breaking(), limit=100)
    assert stored(tmp_path) == []


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", FILLING, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "Files cannot be stored just now" in told.stdout
    assert stored(tmp_path) == []


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64])
async def test_what_is_not_here_is_not_found(tmp_path: Path, digest: str) -> None:
    with pytest.raises(NotFound):
        await Files(tmp_path).get(digest)
