"""A running hub with the built app, for tests in a browser: one process, an embedded database, one owner."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.ports import free_port

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"http\S+/sign-in/link#token=\S+")


class AdminSite:
    """The address of the hub, and the owner's sign-in."""

    def __init__(self, folder: Path) -> None:
        """Choose a port, without starting the hub."""
        self.folder = folder
        self.url = f"http://localhost:{free_port()}"
        self._log = folder / "said"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "hub.entrypoints.cli", "up", "--data", str(self.folder / "data")]
        command += ["--port", self.url.rpartition(":")[2]]
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and not self.link():
            if self._process.poll() is not None:
                raise RuntimeError(self._log.read_text())
            time.sleep(0.1)

    def link(self) -> str | None:
        """Return the owner's sign-in link; it works once."""
        found = LINK.search(self._log.read_text())
        return found.group(0) if found else None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)


@contextmanager
def running_site() -> Iterator[AdminSite]:
    folder = Path(tempfile.mkdtemp(prefix="hub-admin-", dir="/tmp"))
    folder.chmod(0o711)
    admin = AdminSite(folder)
    try:
        admin.start()
        yield admin
    finally:
        admin.stop()
        shutil.rmtree(folder, ignore_errors=True)
