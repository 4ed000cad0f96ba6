from collections.abc import AsyncIterator

import pytest
from litestar import Litestar, post
from litestar.di import NamedDependency, Provide
from litestar.testing import AsyncTestClient

from hub.runtime.http import ERROR_HANDLERS
from hub.storage.errors import DatabaseUnavailable


async def _committing() -> AsyncIterator[int]:
    yield 1
    raise DatabaseUnavailable


@post("/change", sync_to_thread=False)
def change(committing: NamedDependency[int]) -> int:
    return committing


@pytest.mark.parametrize("times", [1, 2])
async def test_a_change_that_fails_on_commit_is_reported_as_unavailable(times: int) -> None:
    app = Litestar(
        [change],
        dependencies={"committing": Provide(_committing)},
        exception_handlers=ERROR_HANDLERS,
        openapi_config=None,
        logging_config=None,
    )
    async with AsyncTestClient(app) as client:
        for _ in range(times):
            answer = await client.post("/change")
            assert answer.status_code == 503, answer.text
            assert answer.headers["Retry-After"] == "5"
            assert answer.json()["code"] == "database_unavailable"
