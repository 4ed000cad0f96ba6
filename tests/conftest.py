"""Shared fixtures: a real, empty PostgreSQL and a real, empty Redis."""

import asyncio
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import uvloop
from hypothesis import HealthCheck, settings

from hub.storage.data_folder import prepare
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.ports import free_port

settings.register_profile("hub", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # no deadline
settings.load_profile("hub")
pytest_plugins = ["tests.support.fixtures"]
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}


SERVERS = {"folder", "own_redis", "postgres", "shared_redis"}  # a test that asks for one of these is not pure
APART = (  # these start programs of the hub
    "tests/entrypoints/test_imports.py",
    "tests/faults/",
    "tests/flows/",
    "tests/storage/test_migrations.py",
    "tests/test_contributing.py",
    "tests/test_scripts.py",
    "tests/web/",
)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test on the event loop that production uses (hub/entrypoints/process.py)."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need no server as `pure`: `make test-fast` runs these."""
    for item in items:
        needed = set(getattr(item, "fixturenames", ()))
        if not needed & SERVERS and not item.nodeid.startswith(APART):
            item.add_marker("pure")


@contextmanager
def short_folder() -> Iterator[Path]:
    """Make a folder with a short name, open to the database's system account; pytest's folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="hub-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return an empty data folder."""
    with short_folder() as path:
        prepare(path)
        yield path


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """Run a PostgreSQL without fsync for the whole test run."""
    with short_folder() as path:
        server = EmbeddedPostgres(path, tuning=HASTY)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: EmbeddedPostgres) -> str:
    """Return the URL of that PostgreSQL's empty database."""
    return postgres.url


class RedisServer:
    """A real redis-server that a test may kill and restart on the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/tmp")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        raise RuntimeError("redis-server did not start")

    def flush(self) -> None:
        """Delete all data."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(b"FLUSHALL\r\n")
            line.recv(64)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def shared_redis() -> Iterator[RedisServer]:
    server = RedisServer()
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> str:
    """Return a real, empty Redis."""
    with socket.create_connection(("127.0.0.1", shared_redis.port), timeout=5) as line:
        line.sendall(b"FLUSHALL\r\n")
        line.recv(64)
    return shared_redis.url


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """Return a Redis of this test's own, to be killed and restarted."""
    server = RedisServer()
    server.start()
    yield server
    server.kill()
