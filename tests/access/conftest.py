"""Fixtures for the tests of access: an own database, an app with only the routes of access, and people."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import create_async_engine

from hub.access.models import AccessToken, Agent, Attempt, Link, SignIn, StoredResponse, Team, TeamMember
from hub.events.models import Entry
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.database import Base, new_id
from tests.support.staff import PASSWORD, Recorder, Staff

KINDS = (Agent, Team, TeamMember, SignIn, AccessToken, Link, Attempt, StoredResponse, Entry)
TABLES = [cast("Table", kind.__table__) for kind in KINDS]


async def _prepare(url: str, name: str) -> None:
    admin = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f'create database "{name}"'))
    await admin.dispose()
    engine = create_async_engine(_renamed(url, name))
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: Base.metadata.create_all(sync, tables=TABLES))
    await engine.dispose()


def _renamed(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def access_url(postgres_url: str) -> str:
    name = f"access_{new_id().hex}"
    asyncio.run(_prepare(postgres_url, name))
    return _renamed(postgres_url, name)


@pytest.fixture(scope="session")
def password_hash() -> str:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def context(access_url: str, settings: Settings) -> AsyncIterator[AppContext]:
    async with open_context(settings, database_url=access_url) as opened:
        async with opened.transaction() as session:
            await session.execute(text("truncate " + ", ".join(table.name for table in TABLES)))
        yield opened


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def staff(context: AppContext, recorder: Recorder, password_hash: str) -> Staff:
    return Staff(context=context, recorder=recorder, password_hash=password_hash)
