"""Fixtures of the campaigns that run parts of the product in this process."""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.database import make_database
from tests.support.outbox import Outbox, open_outbox


@pytest.fixture(scope="session")
def faults_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "faults")


@pytest.fixture
async def outbox(faults_url: str, tmp_path: Path) -> AsyncIterator[Outbox]:
    """Open a context on an empty database."""
    async with open_outbox(faults_url, tmp_path, "") as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ignore sockets that the fakes leave open after a peer was killed."""
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(autouse=True)
def _leave_nothing_behind() -> Iterator[None]:
    """Collect the remains of killed programs here, so that their warnings do not appear in another test."""
    yield
    gc.collect()
