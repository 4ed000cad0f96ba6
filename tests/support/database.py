"""Databases for tests: one for each part of the suite, emptied before each test."""

from functools import cache

import asyncpg
import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from hub.storage.database import bare_transaction, new_id
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.tables import all_tables


def make_database(postgres: EmbeddedPostgres, name: str) -> str:
    """Create a database with all tables, named `name` and a random suffix; return its URL."""
    name = f"{name}_{new_id().hex[-8:]}"
    uvloop.run(_create(postgres, name, template=_template(postgres)))
    return postgres.url_of(name)


@cache
def _template(postgres: EmbeddedPostgres) -> str:
    """Create the template that the other databases of this server are copied from; return its name."""
    name = "with_tables"

    async def make() -> None:
        await _create(postgres, name, template="template1")
        engine = create_async_engine(postgres.url_of(name))
        async with engine.begin() as connection:
            await connection.execute(text("create sequence if not exists arrival_sequence"))
            await connection.run_sync(all_tables().create_all)
        await engine.dispose()

    uvloop.run(make())
    return name


async def _create(postgres: EmbeddedPostgres, name: str, *, template: str) -> None:
    line = await asyncpg.connect(postgres.url_of("postgres").replace("postgresql+asyncpg", "postgresql"))
    try:
        await line.execute(f'create database "{name}" template "{template}"')
    finally:
        await line.close()


async def empty(engine: AsyncEngine) -> None:
    """Delete every row of every table, in one round trip.

    TRUNCATE makes new files for each table and index: 110 ms, where deleting the few rows of a test takes 2 ms.
    """
    async with bare_transaction(engine) as line:
        # As a replica the server checks no foreign keys.
        await line.execute(f"set local session_replication_role = replica; {_deletes()}")


@cache
def _deletes() -> str:
    return "; ".join(f'delete from "{table}"' for table in all_tables().tables)
