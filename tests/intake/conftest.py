"""A company whose arrivals the tests of intake process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.company import Company, open_company
from tests.support.database import make_database


@pytest.fixture(scope="session")
def intake_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "intake")


@pytest.fixture
async def company(intake_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(intake_url, tmp_path) as opened:
        yield opened
