"""Ports on loopback."""

import contextlib
import socket
import time


def free_port() -> int:
    """Return a port on loopback that no process uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, *, explain: "object" = None, seconds: float = 15) -> None:
    """Wait until a server listens on the port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    reason = explain() if callable(explain) else ""
    message = f"nobody listens on port {port}: {reason}"
    raise TimeoutError(message)
