"""Parse untrusted mails within limits of time and memory; large ones in a subprocess."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import msgspec

from hub.channels.contract import LARGE_BODY
from hub.channels.email.errors import MailEmpty, MailTooComplex, MailTooLarge, MailTooSlow
from hub.channels.email.parse.mail import Mail
from hub.channels.email.parse.reader import MAX_RAW, read
from hub.errors import BadInput

MAX_IN_PROCESS = LARGE_BODY  # bytes; not less, or the event loop would wait for the child process
GIB = 1024**3
_EXIT_REFUSED = 3
_ONE_THREAD = {"OMP_NUM_THREADS": "1"}


def read_bounded(raw: bytes, seconds: float = 10, memory: int = GIB) -> Mail:
    """Parse a mail; raises `BadInput` if that takes more than `seconds` or `memory` bytes.

    Blocks while a large mail is parsed: call it in a thread.
    """
    if len(raw) <= MAX_IN_PROCESS:
        return read(raw)
    if len(raw) > MAX_RAW:
        raise MailTooLarge
    return _read_in_subprocess(raw, seconds, memory)


def _read_in_subprocess(raw: bytes, seconds: float, memory: int) -> Mail:
    path = os.pathsep.join(entry for entry in [*sys.path, str(Path.cwd())] if entry)
    command = [sys.executable, "-m", "hub.channels.email.parse.sandbox", str(int(seconds) + 1), str(memory)]
    try:
        result = subprocess.run(
            command,
            input=raw,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
        )
    except subprocess.TimeoutExpired as error:
        raise MailTooSlow(seconds=int(seconds)) from error
    if result.returncode == _EXIT_REFUSED:
        raise MailEmpty  # the only refusal left: the size was checked before
    if result.returncode:
        raise MailTooComplex
    return msgspec.msgpack.decode(result.stdout, type=Mail)


def main() -> int:
    """Parse a mail from standard input and write it to standard output, as MessagePack."""
    seconds, memory = int(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    try:
        sys.stdout.buffer.write(msgspec.msgpack.encode(read(sys.stdin.buffer.read())))
    except BadInput as error:
        sys.stderr.write(str(error))
        return _EXIT_REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
