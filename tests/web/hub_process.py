"""A hub of its own, started as its owner would start it: `hub up` on an empty folder."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.fakes.ports import free_port
from tests.fakes.ports import wait_for_port

LINK = re.compile(r"http://\S+/sign-in/link#token=\S+")


class HubProcess:
    """`hub up`, which may be stopped and started again on the same port and folder."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://localhost:{self.port}"
        self.said: list[str] = []
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the hub, and wait until it answers."""
        self.said.clear()
        known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"HUB_DATA_DIR": str(self._folder), "HUB_PORT": str(self.port), "HUB_LOG_LEVEL": "info"}
        ports = {"HUB_SMTP_PORT": str(free_port()), "HUB_LMTP_PORT": str(free_port())}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hub.entrypoints.cli", "up"],
            env=known | own | ports,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        self.sign_in_link()
        wait_for_port(self.port, explain=lambda: "\n".join(self.said))

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the hub as Ctrl-C does, or with another signal."""
        if self._process is None or self._reader is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            raise
        finally:
            self._reader.join(10)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def sign_in_link(self) -> str:
        """Return the one-time link that it printed."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = LINK.search("\n".join(self.said))
            if found and any("Ctrl-C" in line for line in self.said):
                return found.group()
            if self._process is None or self._process.poll() is not None:
                break
            time.sleep(0.05)
        message = "the hub did not come up:\n" + "\n".join(self.said)
        raise TimeoutError(message)

    def _listen(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            for line in self._process.stdout:
                self.said.append(line.rstrip("\n"))
