"""Files are stored once and whole, and not at all when the disk is full."""

import asyncio
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import NotFound
from hub.storage.files import Files

FILLING = """
import asyncio, resource, signal, sys, pathlib
from hub.errors import Unavailable
from hub.storage.files import Files
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
try:
    asyncio.run(Files(pathlib.Path(sys.argv[1])).put(b"x" * 4096))
except Unavailable as error:
    print(error.detail)
"""


def stored(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    files = Files(tmp_path)
    first, second = await asyncio.gather(files.put(b"hello"), files.put(b"hello"))
    assert first == second == hashlib.sha256(b"hello").hexdigest()
    assert stored(tmp_path) == [first]
    assert await files.get(first) == b"hello"


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    told = subprocess.run([sys.executable, "-c", FILLING, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "Files cannot be stored at the moment" in told.stdout
    assert stored(tmp_path) == []


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64])
async def test_a_missing_file_is_not_found(tmp_path: Path, digest: str) -> None:
    with pytest.raises(NotFound):
        await Files(tmp_path).get(digest)
