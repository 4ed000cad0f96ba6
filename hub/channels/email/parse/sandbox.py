"""Reading a mail of a stranger within a time and a memory: the large ones in a process of their own."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import msgspec

from hub.channels.email.errors import MailEmpty, MailTooComplex, MailTooLarge, MailTooSlow
from hub.channels.email.parse.mail import Mail
from hub.channels.email.parse.reader import MAX_RAW, read
from hub.errors import BadInput

SMALL = 256 * 1024
GIB = 1024**3
_REFUSED = 3
_THREADS = {"OMP_NUM_THREADS": "1"}


def read_bounded(raw: bytes, seconds: float = 10, memory: int = GIB) -> Mail:
    """Read a mail; `BadInput` when it takes more than `seconds` or `memory` bytes. Blocks: call it in a thread."""
    if len(raw) <= SMALL:
        return read(raw)
    if len(raw) > MAX_RAW:
        raise MailTooLarge
    return _read_apart(raw, seconds, memory)


def _read_apart(raw: bytes, seconds: float, memory: int) -> Mail:
    path = os.pathsep.join(entry for entry in [*sys.path, str(Path.cwd())] if entry)
    command = [sys.executable, "-m", "hub.channels.email.parse.sandbox", str(int(seconds) + 1), str(memory)]
    try:
        done = subprocess.run(
            command,
            input=raw,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **_THREADS, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired as late:
        raise MailTooSlow(seconds=int(seconds)) from late
    if done.returncode == _REFUSED:
        raise MailEmpty  # what else is refused was looked at before
    if done.returncode:
        raise MailTooComplex
    return msgspec.msgpack.decode(done.stdout, type=Mail)


def main() -> int:
    """Read one mail from standard input and write it, packed, to standard output."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        sys.stdout.buffer.write(msgspec.msgpack.encode(read(sys.stdin.buffer.read())))
    except BadInput as refused:
        sys.stderr.write(str(refused))
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
