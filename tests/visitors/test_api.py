import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.visitors.admission import FILES_FROM_ONE_ADDRESS
from hub.visitors.identity import sign
from tests.support.company import Company, open_company
from tests.support.database import make_database
from tests.visitors.site import Site, open_site

SHOP = "https://shop.example"


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


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def upload(site: Site, token: str, content: bytes = b"a picture", name: str = "box.png") -> httpx.Response:
    return await site.post("files", files={"file": (name, content, "image/png")}, headers=bearer(token))


async def fetch(site: Site, token: str, file_id: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"{site.http}/files/{file_id}", headers=bearer(token))


async def test_each_browser_gets_a_secret_of_its_own(site: Site) -> None:
    one, two = await site.token(), await site.token()
    assert one != two
    assert len(one) == len(two) == 43


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"verified":true}', b'{"locale":"../x"}', b'{"identity":{"id":"7"}}', b"\xff"]
)
async def test_a_request_that_is_not_ours_is_refused_by_code(site: Site, body: bytes) -> None:
    answer = await site.post("visitors", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_frame")


async def test_an_unknown_chat_is_no_chat(site: Site) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"http://{site.base}/api/chat/nothing/visitors", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_chat")


async def test_a_forged_identity_gets_no_token_at_all(site: Site) -> None:
    exp = int(time.time()) + 60
    forged = {"id": "7", "email": "ana@customers.example", "exp": exp, "signature": "0" * 64}
    answer = await site.post("visitors", json={"identity": forged})
    assert (answer.status_code, answer.json()) == (403, {"code": "bad_identity", "retry_after": None})


async def test_a_signed_in_customer_has_one_conversation_over_all_devices(site: Site) -> None:
    exp = int(time.time()) + 60
    proof = {"id": "7", "email": "ana@customers.example", "name": "Ana", "exp": exp}
    proof["signature"] = sign(site.secret, user_id="7", email="ana@customers.example", exp=exp)
    async with site.browser(await site.token(identity=proof)) as phone:
        assert (await phone.hello())["verified"]
        said = await phone.say("from the phone")
        await phone.hear("message")
    async with site.browser(await site.token(identity=proof)) as case:
        assert [line["id"] for line in (await case.hello())["messages"]] == [str(said)]
        await case.say("from the desk")
    assert len(await site.conversations()) == 1


async def test_a_claimed_address_shows_nothing_of_the_one_it_belongs_to(site: Site) -> None:
    exp = int(time.time()) + 60
    proof = {"id": "7", "email": "ana@customers.example", "exp": exp}
    proof["signature"] = sign(site.secret, user_id="7", email="ana@customers.example", exp=exp)
    async with site.browser(await site.token(identity=proof)) as ana:
        await ana.hello()
        await ana.say("my secret")
        await ana.hear("message")
    async with site.browser(await site.token()) as eve:
        await eve.hello()
        await eve.send(type="introduce", name="Ana", email="ana@customers.example")
        await eve.say("it is me, Ana")
        await eve.hear("message", lambda frame: frame["text"] == "it is me, Ana")
        assert [f for f in eve.heard if f.get("text") == "my secret"] == []
    assert len(await site.conversations()) == 2


async def test_where_verification_is_required_nobody_is_anonymous(company: Company) -> None:
    async with open_site(company, require_verification=True) as site:
        answer = await site.post("visitors", json={})
        assert (answer.status_code, answer.json()["code"]) == (403, "verification_required")


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example.evil.test",
        "https://evilshop.example",
        "https://shop.example:444",
        "http://shop.example",
        "https://SHOP.example",
        "https://shop.example/",
        "null",
        "",
        None,
    ],
)
async def test_only_the_named_sites_may_carry_the_chat(company: Company, origin: str | None) -> None:
    async with open_site(company, allowed_origins=[SHOP]) as site:
        headers = {} if origin is None else {"Origin": origin}
        answer = await site.post("visitors", json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
        assert "access-control-allow-origin" not in answer.headers
        token = (await site.post("visitors", json={}, headers={"Origin": SHOP})).json()["token"]
        async with site.browser(token, origin) as tab:
            await tab.line.wait_closed()
            assert tab.line.close_code == 4403


async def test_the_named_site_may_read_the_answers(company: Company) -> None:
    async with open_site(company, allowed_origins=[SHOP]) as site, httpx.AsyncClient() as client:
        asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
        answer = await client.options(f"{site.http}/files", headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers
        admitted = await client.post(f"{site.http}/visitors", json={}, headers={"Origin": SHOP})
        assert admitted.headers["access-control-allow-origin"] == SHOP


async def test_a_file_is_said_and_fetched_again_by_its_owner_only(site: Site) -> None:
    token = await site.token()
    file_id = (await upload(site, token)).json()["id"]
    assert (await fetch(site, token, file_id)).content == b"a picture"
    stranger = await fetch(site, await site.token(), file_id)
    assert (stranger.status_code, stranger.json()["code"]) == (404, "unknown_file")
    async with site.browser(token) as tab:
        await tab.hello()
        await tab.say("", files=(file_id,))
        (file,) = (await tab.hear("message"))["attachments"]
    assert (file["filename"], file["size"]) == ("box.png", 9)
    answer = await fetch(site, token, file["id"])
    assert answer.content == b"a picture"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (await fetch(site, await site.token(), file["id"])).status_code == 404


async def test_a_visitor_cannot_send_anothers_file(site: Site) -> None:
    file_id = (await upload(site, await site.token())).json()["id"]
    async with site.browser(await site.token()) as eve:
        await eve.hello()
        await eve.send(type="say", id="018f2f6e-0000-7000-8000-000000000001", text="", attachment_ids=[file_id])
        assert (await eve.hear("refused"))["code"] == "unknown_file"


async def test_a_file_without_a_token_an_empty_one_and_one_too_many_are_refused(site: Site) -> None:
    assert (await upload(site, "x" * 43)).json()["code"] == "not_admitted"
    token = await site.token()
    assert (await upload(site, token, b"")).json()["code"] == "empty"
    for _ in range(9):
        assert (await upload(site, token)).status_code == 201
    late = await upload(site, token)
    assert (late.status_code, late.json()["code"]) == (429, "too_fast")
    assert int(late.headers["retry-after"]) > 0


async def test_a_file_over_twenty_megabytes_is_too_large(site: Site) -> None:
    answer = await upload(site, await site.token(), b"x" * 20_200_000)
    assert answer.status_code == 413


async def test_one_address_uploads_only_so_much_however_many_visitors_it_makes(site: Site) -> None:
    answers = Counter[int]()
    for _ in range(FILES_FROM_ONE_ADDRESS // 10 + 1):
        token = await site.token()
        for _ in range(10):
            answers[(await upload(site, token)).status_code] += 1
    assert answers == {201: FILES_FROM_ONE_ADDRESS, 429: 10}


async def test_a_folder_in_a_files_name_is_left_away(site: Site) -> None:
    token = await site.token()
    file_id = (await upload(site, token, name="../../etc/pass\nwd")).json()["id"]
    assert "etc%2F" not in (await fetch(site, token, file_id)).headers["content-disposition"]


async def test_the_widget_is_served_to_any_page_and_kept_by_its_tag(site: Site) -> None:
    async with httpx.AsyncClient() as client:
        first = await client.get(f"http://{site.base}/chat.js")
        again = await client.get(f"http://{site.base}/chat.js", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["access-control-allow-origin"] == "*"
    assert "max-age=300" in first.headers["cache-control"]
