"""The embedded server starts, survives being orphaned, and reports problems clearly."""

import asyncio
import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from hub.errors import SetupError
from hub.storage.data_folder import locked, prepare
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.postgres_programs import first_closed_folder
from tests.conftest import short_folder

ORPHANING = """
import os, sys, pathlib
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.data_folder import locked
folder = pathlib.Path(sys.argv[1])
with locked(folder):
    EmbeddedPostgres(folder).start()
    os.kill(os.getpid(), 9)
"""


async def ask(server: EmbeddedPostgres, question: str) -> object:
    line = await asyncpg.connect(host=str(server.data), user="hub", database="hub")
    try:
        return await line.fetchval(question)
    finally:
        await line.close()


async def answers(server: EmbeddedPostgres) -> bool:
    for _ in range(200):
        try:
            return await ask(server, "select 1") == 1
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.05)
    return False


async def test_the_server_keeps_its_data_over_a_stop_and_a_start(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    await ask(server, "create table kept as select 42 as answer")
    server.stop()
    assert not server.running
    server.start()
    try:
        assert await ask(server, "select answer from kept") == 42
        assert await ask(server, "show fsync") == "on"
    finally:
        server.stop()


async def test_a_server_that_outlived_its_killed_hub_is_replaced(folder: Path) -> None:
    killed = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", ORPHANING, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    orphan = int((folder / "postgres/postmaster.pid").read_text().split()[0])
    server = EmbeddedPostgres(folder)
    with locked(folder):
        server.start()
    try:
        assert await ask(server, "select 1") == 1
        assert int((folder / "postgres/postmaster.pid").read_text().split()[0]) != orphan
        assert "database system is shut down" in server.log_file.read_text()
    finally:
        server.stop()


async def test_a_pid_file_that_names_a_stranger_is_cleared_away(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    (folder / "postgres/postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n1\n5432\n\n\n\nready\n")
    server.start()
    try:
        assert await ask(server, "select 1") == 1
    finally:
        server.stop()


async def test_a_stale_socket_lock_whose_pid_is_reused_blocks_no_start(folder: Path) -> None:
    with short_folder() as elsewhere:
        prepare(elsewhere)
        other, server = EmbeddedPostgres(elsewhere), EmbeddedPostgres(folder)
        try:
            other.start()
            server.start()
            server.stop()
            stranger = (elsewhere / "postgres/postmaster.pid").read_text().split()[0]
            (folder / "postgres/.s.PGSQL.5432.lock").write_text(f"{stranger}\n{folder}/postgres\n1\n5432\n{folder}\n")
            server.start()
            assert await ask(server, "select 1") == 1
        finally:
            other.stop()
            server.stop()


async def test_a_killed_server_comes_back_by_itself(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    watch = asyncio.create_task(server.watch())
    try:
        for _ in range(2):
            killed = int((folder / "postgres/postmaster.pid").read_text().split()[0])
            os.kill(killed, signal.SIGKILL)
            await asyncio.to_thread(os.waitid, os.P_PID, killed, os.WEXITED | os.WNOWAIT)
            assert await answers(server)
    finally:
        watch.cancel()
        server.stop()


def test_a_second_hub_on_one_folder_is_told_who_holds_it(folder: Path) -> None:
    with (
        locked(folder),
        pytest.raises(SetupError, match=rf"already running on {folder} \(pid {os.getpid()}\)"),
        locked(folder),
    ):
        pass
    with locked(folder):
        pass


def test_a_path_too_long_for_a_socket_is_told() -> None:
    with pytest.raises(SetupError, match="bytes too long for a database socket"):
        EmbeddedPostgres(Path("/tmp") / ("x" * 100))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SetupError, match="cannot be used: Not a directory"):
        prepare(tmp_path / "file" / "data")


def test_data_of_another_postgresql_are_left_alone(folder: Path) -> None:
    (folder / "postgres").mkdir()
    (folder / "postgres/PG_VERSION").write_text("16\n")
    with pytest.raises(SetupError, match="made by PostgreSQL 16"):
        EmbeddedPostgres(folder).start()


def test_broken_data_are_told_with_the_servers_own_reason(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    (folder / "postgres/global/pg_control").unlink()
    with pytest.raises(SetupError, match=r"did not start: .*(pg_control|could not find the database system)"):
        server.start()


def test_the_folder_that_bars_the_databases_own_account_is_found(folder: Path) -> None:
    nobody = next(one for one in pwd.getpwall() if one.pw_uid not in {0, os.geteuid()} and one.pw_gid != os.getegid())
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    (closed / "data").mkdir(mode=0o755)
    assert first_closed_folder(closed / "data/postgres", nobody) == closed
    closed.chmod(0o711)
    assert first_closed_folder(closed / "data/postgres", nobody) is None
