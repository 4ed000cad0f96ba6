"""Common properties of all responses of the web server; health, metrics, pages."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar

from hub.entrypoints.app import create_app
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.migrate import head
from tests.support.company import Company, open_company
from tests.support.database import make_database


@pytest.fixture(scope="session")
def app_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "app")


@pytest.fixture
async def company(app_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(app_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def app(company: Company) -> Litestar:
    return create_app(company.context)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(cast("Any", app), client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as opened:
        yield opened


async def test_health_and_readiness_are_told(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json()["status"] == "ok"
    assert (await client.get("/readyz")).json()["status"] == "ok"


@pytest.mark.parametrize("path", ["/", "/inbox", "/healthz", "/readyz"])
async def test_a_monitor_may_ask_for_the_head_alone(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.head(path)).status_code == (await client.get(path)).status_code != 405


async def test_metrics_count_the_pending_work(client: httpx.AsyncClient) -> None:
    told = (await client.get("/metrics")).text
    assert 'hub_deliveries{state="doubtful"} 0.0' in told
    assert "hub_agent_sockets 0.0" in told


async def test_metrics_are_for_this_machine_alone_without_a_token(app: Litestar) -> None:
    transport = httpx.ASGITransport(cast("Any", app), client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as stranger:
        assert (await stranger.get("/metrics")).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_metrics_are_not_for_strangers_behind_a_proxy_on_this_machine(
    client: httpx.AsyncClient, header: str
) -> None:
    assert (await client.get("/metrics", headers={header: "for=192.0.2.7"})).status_code == 403


@pytest.mark.parametrize(
    "sent, status", [("Bearer right", 200), ("Bearer wrong", 403), ("right", 403), ("Bearer ", 403), (None, 403)]
)
async def test_metrics_open_to_the_token_wherever_it_comes_from(
    company: Company, sent: str | None, status: int
) -> None:
    told = msgspec.structs.replace(company.context.settings, metrics_token="right")
    app = create_app(dataclasses.replace(company.context, settings=told))
    for peer in ("127.0.0.1", "192.0.2.7"):
        transport = httpx.ASGITransport(cast("Any", app), client=(peer, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as asking:
            answer = await asking.get("/metrics", headers={"Authorization": sent} if sent else {})
            assert answer.status_code == status


@pytest.mark.parametrize("path", ["/healthz", "/api/inbox", "/api/nothing", "/"])
async def test_every_answer_carries_the_strict_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'none';")
    assert headers["x-content-type-options"] == "nosniff"


async def test_errors_are_problems_in_words(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/inbox")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "not_signed_in"


async def test_an_unknown_address_is_a_problem_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/nothing")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


@pytest.mark.parametrize("path", ["/", "/c/42", "/inbox/team/42", "/settings/people/4", "/sign-in/link", "/deliveries"])
async def test_every_page_of_the_web_app_is_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


async def test_a_person_at_an_unknown_address_sees_the_apps_own_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/inbox/at/all/costs", headers={"Accept": "text/html,application/xhtml+xml"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert 'id="app"' in answer.text


def test_there_is_a_newest_migration() -> None:
    assert head()
