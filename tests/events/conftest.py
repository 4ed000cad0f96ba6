"""A database for the tests of the event log, and for each test the part of the log that it writes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.events.journal import Journal, open_journal
from tests.support.database import make_database


@pytest.fixture(scope="session")
def events_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "events")


@pytest.fixture
async def journal(events_url: str, tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(events_url, tmp_path) as opened:
        yield opened
