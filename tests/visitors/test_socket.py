import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hub.events import tail
from hub.live.presence import FRAME_TOPIC
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.visitors.connection import REQUEST_BURST, REQUEST_RATE
from tests.support.company import Company, open_company
from tests.support.database import make_database
from tests.visitors.site import Site, open_site


@pytest.fixture(scope="module")
def visitors_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "visitors")


@pytest.fixture
async def company(visitors_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(visitors_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def site(company: Company) -> AsyncIterator[Site]:
    async with open_site(company) as opened:
        yield opened


async def test_a_message_is_acknowledged_and_processed(site: Site) -> None:
    async with site.browser(await site.token(locale="es")) as tab:
        welcome = await tab.hello()
        assert (welcome["config"]["name"], welcome["messages"], welcome["resumed"]) == ("Aurora", [], False)
        said = await tab.say("Hola")
        line = await tab.hear("message")
        assert (line["id"], line["from"], line["text"]) == (str(said), "me", "Hola")
    assert [m.body for m in await site.messages()] == ["Hola"]


async def test_the_same_message_said_three_times_is_one_message(site: Site) -> None:
    token, id_ = await site.token(), uuid4()
    async with site.browser(token) as tab:
        await tab.hello()
        await tab.say("once", id_)
        await tab.say("once", id_)
    async with site.browser(token) as tab:
        await tab.hello()
        await tab.say("once", id_)
    assert [m.body for m in await site.messages()] == ["once"]


async def test_an_answer_is_seen_once_it_is_sent_and_not_before(site: Site) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        await tab.say("Are you open?")
        await tab.hear("message")
        queued = await site.queue("Yes")
        assert [f for f in await tab.rest(0.5) if f["type"] == "message"] == []
        await site.sent(queued)
        line = await tab.hear("message")
        assert (line["from"], line["text"], line["id"]) == ("agent", "Yes", str(queued))


async def test_an_answer_hidden_by_a_running_transaction_is_seen_when_that_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "POLL_SECONDS", 60.0)
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        await tab.say("Are you open?")
        await tab.hear("message")
        await site.settle()
        async with site.company.context.engine.begin() as running:
            await running.execute(text("select pg_current_xact_id()"))
            answered = await site.answer("Yes")
            assert [f for f in await tab.rest(0.2) if f["type"] == "message"] == []
        assert (await tab.hear("message"))["id"] == str(answered)


async def test_a_failure_to_report_typing_does_not_end_the_updates(site: Site) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        await tab.say("Are you open?")
        await tab.hear("message")
        await site.settle()
        await site.company.context.signals.publish(FRAME_TOPIC, b"what no process of ours says")
        answered = await site.answer("Yes")
        assert (await tab.hear("message"))["id"] == str(answered)


async def test_missed_messages_follow_the_cursor_and_none_twice(site: Site) -> None:
    token = await site.token()
    async with site.browser(token) as tab:
        await tab.hello()
        await tab.say("hello")
        cursor = (await tab.hear("message"))["cursor"]
    ids = [str(await site.answer(f"answer {n}")) for n in range(20)]
    async with site.browser(token) as tab:
        welcome = await tab.hello(cursor)
        assert welcome["resumed"]
        assert [line["id"] for line in welcome["messages"]] == ids
        cursor = welcome["cursor"]
        assert await tab.rest() == []
    async with site.browser(token) as tab:
        assert (await tab.hello(cursor))["messages"] == []


async def test_cuts_at_random_moments_lose_nothing_and_double_nothing(site: Site) -> None:
    token, wanted = await site.token(), 40
    seen: list[str] = []
    async with site.browser(token) as tab:
        await tab.hello()
        await tab.say("hello")
        cursor = (await tab.hear("message"))["cursor"]

    async def answers() -> None:
        for n in range(wanted):
            await site.answer(str(n))

    answering = asyncio.create_task(answers())
    async with asyncio.timeout(60):
        while len(seen) < wanted:
            async with site.browser(token) as tab:
                welcome = await tab.hello(cursor)
                assert welcome["resumed"]
                lines = [*welcome["messages"], *(f for f in await tab.rest(0.1) if f["type"] == "message")]
                seen += [line["text"] for line in lines]
                cursor = lines[-1]["cursor"] if len(lines) > len(welcome["messages"]) else welcome["cursor"]
                tab.line.transport.abort()
    await answering
    assert seen == [str(n) for n in range(wanted)]


@pytest.mark.parametrize("cursor", ["0.0", "999999999999.1", "18446744073709551616.1"])
async def test_a_strange_cursor_gets_a_fresh_page(site: Site, cursor: str) -> None:
    token = await site.token()
    async with site.browser(token) as tab:
        await tab.hello()
        await tab.say("hello")
        await tab.hear("message")
    async with site.browser(token) as tab:
        welcome = await tab.hello(cursor)
        assert [line["text"] for line in welcome["messages"]] == ["hello"]


async def test_two_tabs_show_the_same(site: Site) -> None:
    token = await site.token()
    async with site.browser(token) as one, site.browser(token) as two:
        await one.hello()
        await two.hello()
        said = await one.say("hello")
        assert (await two.hear("message"))["id"] == str(said)


async def test_a_visitor_sees_nothing_of_another(site: Site) -> None:
    async with site.browser(await site.token()) as ana, site.browser(await site.token()) as eve:
        await ana.hello()
        await eve.hello()
        await ana.say("private")
        await ana.hear("message")
        assert await eve.rest() == []
    async with site.browser(await site.token()) as eve:
        assert (await eve.hello())["messages"] == []


async def test_reading_an_answer_moves_it_to_read(site: Site) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        await tab.say("hello")
        await tab.hear("message")
        await site.answer("hi")
        line = await tab.hear("message")
        await tab.send(type="seen", upto=line["cursor"], read=False)
        await _until(site, "delivered")
        await tab.send(type="seen", upto=line["cursor"])
        await _until(site, "read")


async def _until(site: Site, status: str) -> None:
    async with asyncio.timeout(5):
        while (await site.messages())[-1].status != status:
            await asyncio.sleep(0.02)


async def test_bad_frames_are_refused_by_code_and_ten_end_the_socket(site: Site) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        for _ in range(10):
            await tab.line.send("nonsense")
        assert (await tab.hear("refused"))["code"] == "bad_frame"
        async with asyncio.timeout(5):
            await tab.line.wait_closed()
        assert tab.line.close_code == 4400


async def test_a_frame_over_64_kib_ends_only_that_socket(site: Site) -> None:
    token = await site.token()
    async with site.browser(token) as tab, site.browser(token) as other:
        await tab.hello()
        await other.hello()
        await tab.line.send("x" * 70_000)
        async with asyncio.timeout(5):
            await tab.line.wait_closed()
        assert tab.line.close_code == 4413
        await other.say("still here")


@pytest.mark.parametrize("token", ["x" * 43, "", "é", "a" * 5000])
async def test_an_unknown_token_is_told_to_ask_for_a_new_one(site: Site, token: str) -> None:
    url = f"ws://{site.base}/api/chat/{site.key}/socket"
    offer = ["hub.chat.v1", f"token.{token}"] if token.isascii() and token else ["hub.chat.v1"]
    async with connect(url, subprotocols=[Subprotocol(o) for o in offer]) as line, asyncio.timeout(5):
        await line.wait_closed()
        assert line.close_code == 4401


async def test_a_token_of_one_chat_opens_no_other(company: Company) -> None:
    async with open_site(company, site_name="One") as one, open_site(company, site_name="Two") as two:
        async with two.browser(await one.token()) as tab, asyncio.timeout(5):
            await tab.line.wait_closed()
        assert tab.line.close_code == 4401


async def test_twenty_messages_at_once_and_then_slower(site: Site) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        for n in range(25):
            await tab.send(type="say", id=str(uuid4()), text=str(n))
        refused = await tab.hear("refused")
        assert refused["code"] == "too_fast"
        assert refused["retry_after"] > 0
        assert refused["id"]


async def test_a_client_that_keeps_asking_for_missed_messages_has_to_wait(site: Site) -> None:
    async with site.browser(await site.token()) as tab:
        began = asyncio.get_running_loop().time()
        for _ in range(REQUEST_BURST + 4):
            await tab.hello()
        assert asyncio.get_running_loop().time() - began >= 3 / REQUEST_RATE


async def test_ten_tabs_and_no_more(site: Site) -> None:
    token = await site.token()
    async with AsyncExitStack() as stack:
        for _ in range(10):
            tab = await stack.enter_async_context(site.browser(token))
            await tab.hello()
        last = await stack.enter_async_context(site.browser(token))
        async with asyncio.timeout(5):
            await last.line.wait_closed()
        assert last.line.close_code == 4429


@pytest.mark.parametrize("said", [{"text": ""}, {"text": "  \n"}])
async def test_nothing_is_not_a_message(site: Site, said: dict[str, str]) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        await tab.send(type="say", id=str(uuid4()), **said)
        assert (await tab.hear("refused"))["code"] == "empty"


async def test_the_database_away_means_say_it_again(site: Site, company: Company) -> None:
    async with site.browser(await site.token()) as tab:
        await tab.hello()
        await company.context.engine.dispose()
        said = await tab.say("still taken")
    assert str(said)
