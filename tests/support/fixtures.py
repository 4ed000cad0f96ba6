"""Fixtures shared by several parts of the suite: channels of a fake provider, and messages sent through them.

Each fixture imports its modules when a test requests it, so that a pure test starts without the product.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from tests.fakes.provider import Provider
    from tests.support.outbox import Outbox


@pytest.fixture(scope="session")
def post_url(postgres: EmbeddedPostgres) -> str:
    from tests.support.database import make_database

    return make_database(postgres, "post")


@pytest.fixture
def kinds() -> Iterator[None]:
    from tests.support.outbox import more_kinds

    with more_kinds():
        yield


@pytest.fixture
async def provider() -> "AsyncIterator[Provider]":
    from tests.fakes.provider import Provider

    server = Provider()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def outbox(post_url: str, tmp_path: Path, kinds: None, provider: "Provider") -> "AsyncIterator[Outbox]":
    from tests.support.outbox import open_outbox

    async with open_outbox(post_url, tmp_path, provider.url) as opened:
        yield opened
