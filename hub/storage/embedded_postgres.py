"""The embedded PostgreSQL in the data folder: create, start, watch and stop it."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import structlog

from hub.errors import SetupError
from hub.storage.data_folder import check_free_space
from hub.storage.errors import (
    PostgresDiskFull,
    PostgresFolderClosed,
    PostgresNotStarted,
    PostgresVersionOther,
    SocketPathTooLong,
)
from hub.storage.postgres_programs import MAJOR_VERSION, PostgresPrograms, first_closed_folder

MAX_SOCKET_PATH_BYTES = 103  # limit of the operating system
SOCKET = ".s.PGSQL.5432"
START_TIMEOUT = 300.0  # seconds; recovery after a crash takes time
MAX_LOG_BYTES = 10 * 1024 * 1024
ROLE = "hub"
TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "idle_in_transaction_session_timeout": "5min",
}
TRANSIENT_FAILURES = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')

log = structlog.get_logger("hub.storage.embedded_postgres")


class EmbeddedPostgres:
    """A PostgreSQL server on a data folder that the caller has locked (`hub.storage.data_folder.locked`)."""

    def __init__(self, folder: Path, tuning: dict[str, str] | None = None) -> None:
        """Use the folder; `tuning` overrides server settings, for example to run tests without fsync."""
        self.data = folder / "postgres"
        self.log_file = folder / "postgres.log"
        self._folder = folder
        self._tuning = TUNING | {"unix_socket_directories": str(self.data)} | (tuning or {})
        self._process: subprocess.Popen[bytes] | None = None
        _check_socket_path(self.data)

    @property
    def url(self) -> str:
        """The URL of the hub's database."""
        return self.url_of("hub")

    def url_of(self, database: str) -> str:
        """Return the URL of one of the server's databases."""
        return f"postgresql+asyncpg://{ROLE}@/{database}?host={quote(str(self.data), safe='/')}"

    @property
    def running(self) -> bool:
        """Whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Create the database if there is none, start the server, and return its URL once it answers."""
        self._programs = PostgresPrograms(self._folder)
        self._check_folder_access()
        self._stop_leftover()
        if not (self.data / "PG_VERSION").exists():
            check_free_space(self._folder)
            self._create_cluster()
        self._check_version()
        self._start_server()
        return self.url

    def stop(self) -> None:
        """Stop the server cleanly: its sessions end and everything is on disk."""
        process, self._process = self._process, None
        if process is not None:
            _stop_process(process.pid, has_ended=lambda: process.poll() is not None)

    async def watch(self) -> None:
        """Restart the server whenever it dies, until cancelled."""
        pause = 0.2
        while True:
            await asyncio.sleep(pause)
            if self._process is None or self._process.poll() is None:
                pause = 0.2
                continue
            log.warning("database_died", code=self._process.returncode)
            try:
                await asyncio.to_thread(self._start_server)
                log.info("database_restarted")
            except SetupError as error:
                pause = min(pause * 2, 10.0)
                log.warning("database_did_not_restart", reason=error.detail)

    def _create_cluster(self) -> None:
        """Create the cluster in another folder and move it into place, so that an incomplete one is never used."""
        staging = self.data.with_name("postgres.new")
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        staging.mkdir(mode=0o700)
        self._programs.give_to_account(staging)
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        try:
            self._programs.run("initdb", "-D", str(staging), "-U", ROLE, "--auth=trust", "--no-instructions", *locale)
            self._programs.run("postgres", "--single", "-D", str(staging), "postgres", stdin="CREATE DATABASE hub\n")
        except subprocess.CalledProcessError as error:
            shutil.rmtree(staging, ignore_errors=True)
            raise self._start_error(error.output.decode(errors="replace")) from error
        staging.rename(self.data)

    def _start_server(self) -> None:
        deadline = time.monotonic() + 15
        self._remove_socket_lock()
        while True:
            log_text = self._try_to_start_server()
            if log_text is None:
                return
            if time.monotonic() > deadline or not any(failure in log_text for failure in TRANSIENT_FAILURES):
                raise self._start_error(log_text)
            time.sleep(0.2)

    def _try_to_start_server(self) -> str | None:
        """Start the server and wait until it is ready; return None, or its log when it did not start."""
        self._rotate_log()
        arguments = [part for name, value in self._tuning.items() for part in ("-c", f"{name}={value}")]
        with self.log_file.open("ab") as output:
            begin = output.tell()
            process = self._programs.start("postgres", "-D", str(self.data), *arguments, output=output.fileno())
        self._process = process
        deadline = time.monotonic() + START_TIMEOUT
        while process.poll() is None and time.monotonic() < deadline:
            if self._ready(process.pid):
                return None
            time.sleep(0.02)
        return self.log_file.read_bytes()[begin:].decode(errors="replace")

    def _ready(self, pid: int) -> bool:
        lines = self._pid_file()
        return lines[:1] == [str(pid)] and lines[-1].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _stop_leftover(self) -> None:
        """Stop a server that outlived its hub, and remove the lock files of a dead one.

        We hold the lock of the folder, so a server that still runs here belonged to a hub that was killed.
        """
        lines = self._pid_file()
        if lines and _is_server_on(pid := int(lines[0]), self.data):
            _stop_process(pid, has_ended=lambda: not _is_server_on(pid, self.data))
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._remove_socket_lock()

    def _remove_socket_lock(self) -> None:
        """Remove the socket lock of a dead server: it blocks the next start when its process id is in use again."""
        (self.data / f"{SOCKET}.lock").unlink(missing_ok=True)

    def _rotate_log(self) -> None:
        with contextlib.suppress(OSError):
            if self.log_file.stat().st_size > MAX_LOG_BYTES:
                self.log_file.rename(self.log_file.with_suffix(".log.1"))

    def _check_folder_access(self) -> None:
        account = self._programs.account
        if account is None:
            return
        self._folder.chmod(self._folder.stat().st_mode | 0o011)
        closed = first_closed_folder(self.data, account)
        if closed is not None:
            raise PostgresFolderClosed(account=account.pw_name, folder=str(closed))

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        if version != MAJOR_VERSION:
            raise PostgresVersionOther(folder=str(self.data), found=version, brought=MAJOR_VERSION)

    def _start_error(self, log_text: str) -> SetupError:
        if "No space left on device" in log_text:
            return PostgresDiskFull(folder=str(self._folder))
        lines = [line for line in log_text.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
        reason = (lines or log_text.splitlines() or ["no reason given"])[-1].strip()
        return PostgresNotStarted(problem=reason, log=str(self.log_file))


def _check_socket_path(data: Path) -> None:
    length = len(os.fsencode(data / SOCKET))
    if length > MAX_SOCKET_PATH_BYTES:
        spare = length - MAX_SOCKET_PATH_BYTES
        raise SocketPathTooLong(folder=str(data.parent), spare=spare)


def _is_server_on(pid: int, data: Path) -> bool:
    """Return whether the process is a server on this folder, not a later process with the same id."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
        except OSError:
            return False
    listing = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)
    return b"postgres" in listing.stdout and bytes(data) in listing.stdout


def _stop_process(pid: int, has_ended: Callable[[], bool]) -> None:
    """Stop a server: request a fast shutdown, then an immediate one, then kill it."""
    for number, patience in ((signal.SIGINT, 30.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if has_ended():
                return
            time.sleep(0.02)
