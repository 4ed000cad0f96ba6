"""Agents' sockets with bad clients: without rights, without a session, misbehaving, or on another process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from hub.events import tail
from hub.live import session_watch, socket
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.live.client import Screen
from tests.live.company import LiveCompany, another_context, open_live_company, serving_on, until
from tests.support.database import make_database
from tests.support.outbox import more_kinds

Json = dict[str, Any]
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def sockets_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "sockets")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def empty(sockets_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveCompany]:
    """Return four agents, no screens: Olga is the owner, Ann and Ben are of the eastern team, Zoe of the western."""
    with more_kinds():
        async with open_live_company(sockets_url, tmp_path_factory.mktemp("sockets"), "http://127.0.0.1:9") as opened:
            yield opened


@asynccontextmanager
async def signed_in(live: LiveCompany, base: str, name: str) -> AsyncIterator[Screen]:
    """Return a browser of this agent that listens to one of several processes."""
    cookie, csrf = await live.opened(name)
    async with Screen.signed_in(base, str(live.people[name]), cookie, csrf) as screen:
        await screen.listen()
        yield screen


@pytest_asyncio.fixture(loop_scope="module")
async def live(empty: LiveCompany) -> AsyncIterator[LiveCompany]:
    """Return the four agents with open screens."""
    async with AsyncExitStack() as stack:
        for name in empty.people:
            empty.screens[name] = await stack.enter_async_context(signed_in(empty, empty.base, name))
        yield empty


def told(screen: Screen, kind: str) -> list[Json]:
    return [frame for frame in screen.received if frame["type"] == kind]


def happened(screen: Screen) -> list[str]:
    return [frame["event"]["type"] for frame in told(screen, "happened")]


def viewing(conversation_id: str, *agents: object) -> Json:
    return {"type": "viewing", "conversation_id": conversation_id, "agents": sorted(str(one) for one in agents)}


async def look(screen: Screen, conversation_id: str) -> None:
    await screen.say(f'{{"type":"look","conversation_id":"{conversation_id}"}}')


async def type_in(screen: Screen, conversation_id: str) -> None:
    await screen.say(f'{{"type":"type","conversation_id":"{conversation_id}","mode":"reply"}}')


async def hears(screen: Screen, frame: Json) -> None:
    """Wait until a screen has received an event."""
    await until(lambda: frame in screen.received)


@asynccontextmanager
async def knocking(live: LiveCompany, origin: str | None) -> AsyncIterator[int | None]:
    """Connect with Ann's cookie from another origin, or from none; return the close code."""
    cookie = {"Cookie": f"hub_session={live.screens['ann'].cookie}"}
    source = None if origin is None else Origin(origin)
    async with connect(f"ws://{live.base}/api/live", origin=source, additional_headers=cookie) as line:
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(5):
                await line.recv()
        yield line.close_code


async def test_viewing_is_shown_to_colleagues_only(live: LiveCompany) -> None:
    customer = await live.customer()
    await look(live.screens["ann"], customer.conversation_id)
    await hears(live.screens["ben"], viewing(customer.conversation_id, live.people["ann"]))
    await live.screens["zoe"].settled()
    assert told(live.screens["zoe"], "viewing") == []


async def test_agents_are_not_shown_as_viewing_hidden_conversations(live: LiveCompany) -> None:
    customer = await live.customer()
    await look(live.screens["zoe"], customer.conversation_id)
    await look(live.screens["ben"], customer.conversation_id)
    await hears(live.screens["ann"], viewing(customer.conversation_id, live.people["ben"]))
    named = {agent for frame in told(live.screens["ann"], "viewing") for agent in frame["agents"]}
    assert str(live.people["zoe"]) not in named


async def test_viewing_a_hidden_conversation_ends_the_previous_viewing(live: LiveCompany) -> None:
    visible, hidden = await live.customer(), await live.customer()
    await live.change(hidden.conversation_id, team_id=live.west)
    await look(live.screens["ann"], visible.conversation_id)
    await hears(live.screens["ben"], viewing(visible.conversation_id, live.people["ann"]))
    await look(live.screens["ann"], hidden.conversation_id)
    await hears(live.screens["ben"], viewing(visible.conversation_id))


async def test_typing_is_shown_to_colleagues_only(live: LiveCompany) -> None:
    customer = await live.customer()
    writing = {"type": "writing", "conversation_id": customer.conversation_id, "mode": "reply"}
    await type_in(live.screens["zoe"], customer.conversation_id)
    await live.screens["zoe"].settled()
    await type_in(live.screens["ann"], customer.conversation_id)
    await hears(live.screens["ben"], {**writing, "agent_id": str(live.people["ann"])})
    assert {**writing, "agent_id": str(live.people["zoe"])} not in live.screens["ben"].received
    assert told(live.screens["zoe"], "writing") == []


@pytest.mark.parametrize(
    "said, code",
    [("{", 4400), ('{"type":"dance"}', 4400), ('{"type":"look","conversation_id":7}', 4400), (" " * 5000, 1009)],
)
async def test_a_command_that_is_none_closes_only_the_line_it_came_on(live: LiveCompany, said: str, code: int) -> None:
    await live.screens["ann"].say(said)
    assert await live.screens["ann"].closed(within=5) == code
    customer = await live.customer()
    await live.caught_up(live.screens["ben"])
    assert customer.conversation_id in live.screens["ben"].state.rows


async def test_a_flood_of_commands_is_taken_at_a_walking_pace(live: LiveCompany) -> None:
    customer = await live.customer()
    began = asyncio.get_running_loop().time()
    for _ in range(21):
        await type_in(live.screens["ann"], customer.conversation_id)
    await look(live.screens["ben"], customer.conversation_id)
    await hears(live.screens["olga"], viewing(customer.conversation_id, live.people["ben"]))
    assert len(told(live.screens["olga"], "writing")) < 21  # a flood delays no other socket
    await until(lambda: len(told(live.screens["olga"], "writing")) == 21)
    assert asyncio.get_running_loop().time() - began >= 20 * socket.MIN_COMMAND_INTERVAL


async def test_news_hidden_by_a_running_transaction_is_told_when_that_ends(
    live: LiveCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "POLL_SECONDS", 60.0)
    customer = await live.customer()
    await live.caught_up()
    async with live.context.engine.begin() as running:
        await running.execute(text("select pg_current_xact_id()"))
        await live.screens["ben"].ask("PATCH", f"{customer.path}/tags", {"add": ["urgent"], "remove": []})
        await live.screens["ann"].settled()
        assert "tags_changed" not in happened(live.screens["ann"])
    await until(lambda: "tags_changed" in happened(live.screens["ann"]))


async def test_a_session_that_is_ended_ends_its_line(live: LiveCompany) -> None:
    sessions = await live.screens["ann"].ask("GET", "/me/sessions")
    (own,) = [one for one in sessions if one["current"]]
    async with live.screen("ann") as other:
        await other.ask("DELETE", f"/me/sessions/{own['id']}")
    assert await live.screens["ann"].closed(within=5) == 4401


@pytest.mark.parametrize("origin", ["https://evil.test", "http://127.0.0.1:1", "null", None])
async def test_a_page_from_elsewhere_does_not_get_in_with_a_stolen_ride(live: LiveCompany, origin: str | None) -> None:
    async with knocking(live, origin) as code:
        assert code == 4401


async def test_screens_of_two_processes_tell_each_other(
    sockets_url: str, tmp_path: Path, live: LiveCompany, redis_url: str
) -> None:
    customer = await live.customer()
    async with (
        another_context(sockets_url, tmp_path, redis_url) as one,
        another_context(sockets_url, tmp_path, redis_url) as two,
        serving_on(one, one.settings.port) as here,
        serving_on(two, two.settings.port) as there,
        signed_in(live, here, "ann") as ann,
        signed_in(live, there, "ben") as ben,
    ):
        await look(ann, customer.conversation_id)
        await hears(ben, viewing(customer.conversation_id, live.people["ann"]))
        await type_in(ben, customer.conversation_id)
        await until(lambda: bool(told(ann, "writing")))
        await ben.ask("PATCH", f"{customer.path}/tags", {"add": ["urgent"], "remove": []})
        await until(lambda: "tags_changed" in happened(ann))


async def test_a_revoked_session_is_closed_within_five_seconds_even_without_a_signal() -> None:
    assert session_watch.CHECK_EVERY <= 5
