"""Fixtures shared by several parts of the suite: channels of a fake provider, and messages sent through them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.provider import Provider
from tests.support.database import make_database
from tests.support.outbox import Outbox, more_kinds, open_outbox


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
async def outbox(post_url: str, tmp_path: Path, kinds: None, provider: Provider) -> AsyncIterator[Outbox]:
    async with open_outbox(post_url, tmp_path, provider.url) as opened:
        yield opened
