"""Fixtures of the campaigns that run parts of the product in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.embedded import EmbeddedPostgres
from tests.inbox.outgoing import Office, open_office
from tests.routing.world import make_database


@pytest.fixture(scope="session")
def faults_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "faults")


@pytest.fixture
async def office(faults_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """An open ground on an empty database."""
    async with open_office(faults_url, tmp_path, "") as opened:
        yield opened
