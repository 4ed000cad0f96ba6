from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.embedded import EmbeddedPostgres
from tests.inbox.actions.desk import Desk, open_desk
from tests.routing.world import make_database


@pytest.fixture(scope="session")
def desk_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "actions")


@pytest.fixture
async def desk(desk_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(desk_url, tmp_path) as opened:
        yield opened
