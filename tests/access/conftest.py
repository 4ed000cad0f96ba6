"""Fixtures for the tests of access: an own database, an app with only the routes of access, and people."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.database import empty, make_database
from tests.support.staff import PASSWORD, Recorder, Staff


@pytest.fixture(scope="session")
def access_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "access")


@pytest.fixture(scope="session")
def password_hash() -> str:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def context(access_url: str, settings: Settings) -> AsyncIterator[AppContext]:
    async with open_context(settings, database_url=access_url) as opened:
        await empty(opened.engine)
        yield opened


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def staff(context: AppContext, recorder: Recorder, password_hash: str) -> Staff:
    return Staff(context=context, recorder=recorder, password_hash=password_hash)
