"""The guards: CSRF, bots' tokens, rights, and the handshake of a socket."""

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from litestar.connection import WebSocket
from sqlalchemy import update

from hub.access.guard import viewer_of_socket
from hub.access.models import AccessToken
from hub.access.rights import Right, Role
from hub.access.sessions import SignedIn
from hub.errors import Forbidden, Unauthenticated
from hub.runtime.context import AppContext
from hub.settings import Settings
from hub.storage.database import now
from tests.support.staff import ORIGIN, Staff

URL = "/api/test/tags"


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "", "Sec-Fetch-Site": "none"}, 403),
        ({"X-CSRF-Token": ""}, 403),
        ({"X-CSRF-Token": "0" * 64}, 403),
        ({"X-CSRF-Token": "é"}, 403),
    ],
)
async def test_a_change_needs_our_page_and_the_sessions_own_token(
    staff: Staff, headers: dict[str, str], status: int
) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    encoded = {name: value.encode() for name, value in headers.items()}
    answer = await browser.client.post(URL, headers=cast("dict[str, str]", encoded))
    assert answer.status_code == status


async def test_the_token_of_another_session_is_refused(staff: Staff) -> None:
    ana = await staff.agent("ana")
    first, second = await staff.signed_in(ana), await staff.signed_in(ana)
    answer = await first.client.post(URL, headers={"X-CSRF-Token": second.client.headers["X-CSRF-Token"]})
    assert answer.status_code == 403


async def test_reading_needs_no_token(staff: Staff) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    answer = await browser.client.get(URL, headers={"Origin": "https://evil.example", "X-CSRF-Token": ""})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/api/session", "/api/session/link", "/api/password-resets", "/api/links/use"])
async def test_a_page_of_another_origin_cannot_use_the_public_routes(staff: Staff, path: str) -> None:
    stranger = staff.browser()
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await stranger.post(path, {}, **headers)).status_code == 403


async def bot_line(staff: Staff, token: str) -> httpx.AsyncClient:
    client = staff.browser().client
    client.headers["Authorization"] = f"Bearer {token}"
    del client.headers["Origin"]
    return client


async def test_a_bot_needs_its_token_and_nothing_else(staff: Staff) -> None:
    bot = await bot_line(staff, await staff.token(await staff.agent("robo", Role.BOT), Right.TAGS_WRITE))
    assert (await bot.post(URL)).status_code == 200
    assert (await bot.get("/api/me")).json()["rights"] == ["tags:write"]


async def test_a_bot_may_do_no_more_than_its_scopes(staff: Staff) -> None:
    bot = await bot_line(staff, await staff.token(await staff.agent("robo", Role.BOT), Right.CONTACTS_READ))
    assert (await bot.post(URL)).status_code == 403
    assert (await bot.get("/api/agents")).status_code == 403


async def test_bots_cannot_use_the_routes_for_people(staff: Staff) -> None:
    bot = await bot_line(staff, await staff.token(await staff.agent("robo", Role.BOT), Right.TAGS_WRITE))
    assert (await bot.patch("/api/me", json={"name": "root"})).status_code == 403
    assert (await bot.post("/api/me/password", json={"current": "", "new": "x" * 20})).status_code == 403
    assert (await bot.delete("/api/session")).status_code == 403


async def test_a_request_with_cookie_and_token_is_refused(staff: Staff) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    token = await staff.token(await staff.agent("robo", Role.BOT), Right.TAGS_WRITE)
    assert (await browser.client.get(URL, headers={"Authorization": f"Bearer {token}"})).status_code == 401


@pytest.mark.parametrize("token", ["", " ", "hub_", "x" * 5000, "hub_\x7f", "null"])
async def test_a_strange_token_is_refused(staff: Staff, token: str) -> None:
    assert (await (await bot_line(staff, token)).get(URL)).status_code == 401


@pytest.mark.parametrize("change", [{"revoked_at": now()}, {"expires_at": now() - timedelta(seconds=1)}])
async def test_a_token_that_has_ended_opens_nothing(
    staff: Staff, context: AppContext, change: dict[str, object]
) -> None:
    bot = await bot_line(staff, await staff.token(await staff.agent("robo", Role.BOT), Right.TAGS_WRITE))
    async with context.transaction() as session:
        await session.execute(update(AccessToken).values(**change))
    assert (await bot.get(URL)).status_code == 401


async def test_a_right_that_is_missing_is_named(staff: Staff) -> None:
    browser = await staff.signed_in(await staff.agent("ana", Role.AUDITOR))
    answer = await browser.post(URL)
    assert answer.status_code == 403
    assert (answer.json()["code"], answer.json()["params"]) == ("right_missing", {"right": "tags:write"})


def socket(app: Litestar, headers: dict[str, str]) -> WebSocket[Any, Any, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope: dict[str, object] = {
        "type": "websocket",
        "path": "/api/live",
        "headers": raw,
        "state": {},
        "query_string": b"",
        "client": None,
    }
    return WebSocket(cast("Any", {**scope, "litestar_app": app, "app": app}))


async def shake(staff: Staff, headers: dict[str, str]) -> SignedIn:
    return await viewer_of_socket(socket(staff.app(), headers))


async def test_a_socket_is_opened_by_cookie_from_our_page(staff: Staff) -> None:
    ana = await staff.agent("ana")
    cookie = {"Cookie": f"hub_session={(await staff.signed_in(ana)).client.cookies['hub_session']}"}
    who = await shake(staff, {"Host": "localhost:8000", "Origin": ORIGIN, **cookie})
    assert who.viewer.agent_id == ana.id
    assert who.sign_in_id is not None


@pytest.mark.parametrize("origin", [None, "null", "", "https://evil.example", "http://localhost:8001", ORIGIN + "/"])
async def test_a_socket_from_elsewhere_is_refused(staff: Staff, origin: str | None) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    headers = {"Host": "localhost:8000", "Cookie": f"hub_session={browser.client.cookies['hub_session']}"}
    with pytest.raises(Forbidden):
        await shake(staff, headers if origin is None else {**headers, "Origin": origin})


async def test_a_socket_without_proof_is_refused(staff: Staff) -> None:
    for headers in ({}, {"Cookie": "hub_session=x"}, {"Authorization": "Bearer hub_x"}):
        with pytest.raises(Unauthenticated):
            await shake(staff, {"Host": "localhost:8000", "Origin": ORIGIN, **headers})


async def test_a_bot_opens_a_socket_by_its_token(staff: Staff) -> None:
    token = await staff.token(await staff.agent("robo", Role.BOT), Right.CONVERSATIONS_READ)
    who = await shake(staff, {"Host": "localhost:8000", "Authorization": f"Bearer {token}"})
    assert who.viewer.rights == {Right.CONVERSATIONS_READ}


async def test_by_tls_only_the_host_bound_cookie_counts(staff: Staff, tmp_path: Path) -> None:
    public = "https://help.shop.example"
    there = staff.under(Settings(data_dir=tmp_path, public_url=public))
    browser = await there.signed_in(await there.agent("ana"))
    assert (await browser.get("/api/me")).status_code == 200
    weak = there.browser(public)
    weak.client.cookies.set("hub_session", browser.client.cookies["__Host-hub_session"])
    assert (await weak.get("/api/me")).status_code == 401
