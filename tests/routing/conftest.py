from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.company import Company, open_company
from tests.support.database import make_database


@pytest.fixture(scope="session")
def world_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "routing")


@pytest.fixture
async def company(world_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(world_url, tmp_path) as opened:
        yield opened
