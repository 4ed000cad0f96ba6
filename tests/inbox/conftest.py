"""Fixtures of the out-tray's and the listeners' tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.provider import Provider
from tests.inbox.outgoing import Office, more_kinds, open_office
from tests.routing.world import make_database


@pytest.fixture(scope="session")
def post_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "post")


@pytest.fixture
def kinds() -> Iterator[None]:
    with more_kinds():
        yield


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    server = Provider()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def office(post_url: str, tmp_path: Path, kinds: None, provider: Provider) -> AsyncIterator[Office]:
    async with open_office(post_url, tmp_path, provider.url) as opened:
        yield opened
