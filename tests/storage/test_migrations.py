"""The migrations produce the tables of the models, from an empty database and from each earlier version."""

import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

import hub.migrations
from hub.storage.database import new_id
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.migrate import config, head, migrate
from hub.storage.tables import COMPARISON, all_tables, module_names
from tests.support.database import make_database

LANDED = json.loads(Path(__file__).with_name("landed_migrations.json").read_text())
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def empty_url(postgres: EmbeddedPostgres) -> str:
    """Create an empty database."""
    name = f"migrations_{new_id().hex[-8:]}"
    line = await asyncpg.connect(postgres.url_of("postgres").replace("postgresql+asyncpg", "postgresql"))
    await line.execute(f'create database "{name}"')
    await line.close()
    return postgres.url_of(name)


def differences(connection: Connection) -> list[str]:
    """Return the differences between the database and the models."""
    context = MigrationContext.configure(connection, opts=COMPARISON)
    return [str(one) for one in compare_metadata(context, all_tables())]


async def test_the_migrations_make_what_the_models_say(empty_url: str) -> None:
    await migrate(empty_url)
    engine = create_async_engine(empty_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


CHECKS = text(
    "select conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated"
    " from pg_constraint where contype = 'c' and connamespace = 'public'::regnamespace order by 1"
)


async def test_the_migrations_check_what_the_models_check(empty_url: str, postgres: EmbeddedPostgres) -> None:
    await migrate(empty_url)
    modelled = await asyncio.to_thread(make_database, postgres, "modelled")
    checks = []
    for url in (empty_url, modelled):
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            checks.append(list((await connection.execute(CHECKS)).scalars()))
        await engine.dispose()
    assert checks[0] == checks[1]
    assert len(checks[0]) > 15


async def test_a_value_outside_its_set_is_refused_by_the_database(empty_url: str) -> None:
    await migrate(empty_url)
    engine = create_async_engine(empty_url)
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError, match="load_work_class_check"):
            await connection.execute(text("insert into load values (gen_random_uuid(), 'lazy', 0, 1, 1)"))
    await engine.dispose()


async def test_checks_that_broke_off_before_they_were_validated_are_added_again(empty_url: str) -> None:
    await migrate(empty_url)
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda line: command.downgrade(config(line), "0004"))
        await connection.execute(text("update alembic_version set version_num = '0003'"))
        await connection.execute(text("alter table load drop constraint load_work_class_check"))
    await migrate(empty_url)
    async with engine.connect() as connection:
        assert any("load_work_class_check" in one for one in (await connection.execute(CHECKS)).scalars())
    await engine.dispose()


async def test_each_migration_can_be_undone_and_done_again(empty_url: str) -> None:
    await migrate(empty_url)
    engine = create_async_engine(empty_url)
    async with engine.connect() as connection:
        await connection.run_sync(lambda line: command.downgrade(config(line), "base"))
        await connection.run_sync(lambda line: command.upgrade(config(line), head()))
        await connection.commit()
        assert await connection.run_sync(differences) == []
    await engine.dispose()


def test_a_migration_that_people_have_applied_is_not_edited() -> None:
    for name, digest in LANDED.items():
        body = (Path(hub.migrations.__path__[0]) / "versions" / name).read_bytes()
        assert hashlib.sha256(body).hexdigest()[:16] == digest, f"{name} has landed: add another migration"


async def test_migrating_twice_at_once_is_migrating_once(empty_url: str) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(migrate(empty_url))


def test_every_module_of_models_is_found() -> None:
    declared = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (ROOT / "hub").rglob("*.py")
        if re.search(r"^class \w+\(.*\bBase\b.*\):", file.read_text(), re.MULTILINE)
    }
    assert declared == set(module_names())
    assert "arrival" in all_tables().tables


ADDED = """
from hub.events.definitions import Direction
from hub.storage.closed_sets import one_of
from hub.storage.database import Base, Xid

class Greeting(Base):
    \"\"\"A greeting.\"\"\"

    __tablename__ = "greeting"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    xid: Mapped[int] = mapped_column(Xid)
    text: Mapped[str] = mapped_column(server_default="hello")
    direction: Mapped[Direction] = mapped_column(*one_of("direction", Direction))
"""


def test_a_table_that_is_added_to_the_models_is_in_the_next_migration(tmp_path: Path) -> None:
    for name in ("hub", "scripts", "tests/storage"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("static", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    models = tmp_path / "hub" / "events" / "models.py"
    models.write_text(models.read_text() + ADDED)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "scripts/new_migration.py", "Add greetings, at last"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    written = (tmp_path / "hub/migrations/versions" / f"{int(head()) + 1:04}_add_greetings_at_last.py").read_text()
    assert written.startswith('"""Add greetings, at last."""\n')
    assert f'down_revision = "{head()}"' in written
    assert "from hub.database import Xid\n" in written
    assert 'sa.Column("direction", sa.Text(), nullable=False)' in written
    assert re.findall(r"op\.(\w{2,}\(\s*\S+)\b", written) == [
        'create_table(\n        "greeting',
        'drop_table("greeting',
    ]
    landed = json.loads((tmp_path / "tests/storage/landed_migrations.json").read_text())
    assert sorted(landed) == sorted(file.name for file in (ROOT / "hub/migrations/versions").glob("*.py"))
