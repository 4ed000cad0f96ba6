"""Databases for tests: a separate one for each part of the suite."""

import asyncio
from importlib import import_module
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import hub
from hub.storage.database import Base, new_id
from hub.storage.embedded_postgres import EmbeddedPostgres

for _models in sorted(Path(hub.__path__[0]).glob("*/models.py")):  # including those that no test of this run imports
    import_module(f"hub.{_models.parent.name}.models")


def make_database(postgres: EmbeddedPostgres, name: str) -> str:
    """Create a database with all tables; return its URL. Calls with the same name get databases of their own."""
    name = f"{name}_{new_id().hex[-8:]}"

    async def make() -> None:
        line = await asyncpg.connect(postgres.url_of("postgres").replace("postgresql+asyncpg", "postgresql"))
        try:
            await line.execute(f'create database "{name}"')
        finally:
            await line.close()
        engine = create_async_engine(postgres.url_of(name))
        async with engine.begin() as connection:
            await connection.execute(text("create sequence if not exists arrival_sequence"))
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()

    asyncio.run(make())
    return postgres.url_of(name)
