from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.routing.world import World, make_database, open_world


@pytest.fixture(scope="session")
def world_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "routing")


@pytest.fixture
async def world(world_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(world_url, tmp_path) as opened:
        yield opened
