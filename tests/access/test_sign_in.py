"""Signing in: wrong passwords, links, resets, and that a forged header changes nothing."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from hub.access.credentials import fingerprint
from hub.access.models import Agent, Attempt, Link, Purpose, SignIn
from hub.access.rights import Role
from hub.runtime.context import AppContext
from hub.settings import Settings
from hub.storage.database import now
from tests.support.staff import PASSWORD, Staff

NEW = "seven quiet otters 4 tea"


async def test_a_hundred_guesses_at_once_with_forged_addresses_get_five_tries(staff: Staff) -> None:
    await staff.agent("ana")
    guesser = staff.browser(peer="203.0.113.9")

    async def guess(number: int) -> int:
        forged = {
            "X-Forwarded-For": f"198.51.100.{number}",
            "X-Real-IP": f"198.51.100.{number}",
            "Forwarded": "for=1.1.1.1",
        }
        answer = await guesser.try_password("ANA@shop.example ", f"wrong guess {number}", **forged)
        return answer.status_code

    answers = await asyncio.gather(*(guess(number) for number in range(100)))
    assert answers.count(401) == 5
    assert answers.count(429) == 95
    right = await guesser.try_password("ana@shop.example", PASSWORD)
    assert right.status_code == 429
    assert 0 < int(right.headers["Retry-After"]) <= 900


async def test_a_strangers_wrong_guesses_do_not_shut_the_owner_out(staff: Staff) -> None:
    await staff.agent("ana")
    for number in range(7):
        await staff.browser(peer="203.0.113.9").try_password("ana@shop.example", f"wrong guess {number}")
    answer = await staff.browser(peer="203.0.113.10").try_password("ana@shop.example", "wrong guess 8")
    assert answer.status_code == 401, "her own address still has its tries"


async def test_wrong_passwords_before_a_reset_do_not_block_the_new_one(staff: Staff) -> None:
    ana = await staff.agent("ana")
    for number in range(7):
        await staff.browser().try_password("ana@shop.example", f"forgotten {number}")
    token = await staff.link(ana, Purpose.RESET)
    assert (await staff.browser().post("/api/links/use", {"token": token, "password": NEW})).status_code == 200
    assert (await staff.browser().try_password("ana@shop.example", NEW)).status_code == 200


async def test_one_account_gets_fifty_tries_from_wherever_they_come(staff: Staff) -> None:
    await staff.agent("ana")
    told = []
    for number in range(52):
        browser = staff.browser(peer=f"203.0.113.{number}")
        told.append((await browser.try_password("ana@shop.example", f"wrong guess {number}")).status_code)
    assert told == [401] * 50 + [429] * 2


async def test_one_address_gets_twenty_tries_over_all_accounts(staff: Staff) -> None:
    guesser = staff.browser(peer="203.0.113.9")
    answers = [(await guesser.try_password(f"a{n}@shop.example", "x")).status_code for n in range(25)]
    assert answers.count(401) == 20
    elsewhere = staff.browser(peer="203.0.113.10")
    assert (await elsewhere.try_password("b@shop.example", "x")).status_code == 401


async def test_behind_our_own_proxy_each_client_counts_for_itself(staff: Staff, tmp_path: Path) -> None:
    there = staff.under(Settings(data_dir=tmp_path, trusted_proxies=("10.0.0.0/8",)))
    proxy = there.browser(peer="10.0.0.1")
    for number in range(25):
        answer = await proxy.try_password(f"a{number}@shop.example", "x", **{"X-Forwarded-For": f"198.51.100.{number}"})
        assert answer.status_code == 401


async def test_the_right_password_resets_the_count(staff: Staff) -> None:
    ana = await staff.agent("ana")
    browser = staff.browser()
    for _ in range(2):
        for _ in range(4):
            assert (await browser.try_password("ana@shop.example", "x")).status_code == 401
        await browser.sign_in(ana)


async def test_an_unknown_a_disabled_and_a_wrong_sign_in_get_the_same_answer(staff: Staff, context: AppContext) -> None:
    await staff.agent("ana")
    off = await staff.agent("off")
    await staff.agent("new", password=False)
    async with context.transaction() as session:
        await session.execute(update(Agent).where(Agent.id == off.id).values(disabled_at=now()))
    tries = [("nobody", "x" * 20), ("ana", "x" * 20), ("off", PASSWORD), ("new", ""), ("new", PASSWORD)]
    answers = [await staff.browser().try_password(f"{name}@shop.example", word) for name, word in tries]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.RESET])
async def test_a_link_lets_one_of_many_choose_a_password(staff: Staff, purpose: Purpose) -> None:
    ana = await staff.agent("ana", password=purpose is Purpose.RESET)
    body = {"token": await staff.link(ana, purpose), "password": NEW}
    answers = await asyncio.gather(*(staff.browser().post("/api/links/use", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
    assert (await staff.browser().try_password("ana@shop.example", NEW)).status_code == 200


async def test_a_sign_in_link_works_once_and_then_says_so(staff: Staff) -> None:
    token = await staff.link(await staff.agent("ana"), Purpose.SIGN_IN)
    answers = await asyncio.gather(*(staff.browser().post("/api/session/link", {"token": token}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 404} == {"link_used"}


async def test_looking_at_a_link_does_not_use_it(staff: Staff) -> None:
    token = await staff.link(await staff.agent("ana"), Purpose.INVITATION)
    for _ in range(3):
        answer = await staff.browser().post("/api/links/look", {"token": token})
        assert answer.json() == {"purpose": "invitation", "name": "ana", "email": "ana@shop.example"}


@pytest.mark.parametrize(
    "spoil", [str.upper, str.lower, lambda t: t + " ", lambda t: t[:-1], lambda _: "", lambda _: "\0"]
)
async def test_a_changed_link_is_refused(staff: Staff, spoil: Callable[[str], str]) -> None:
    token = await staff.link(await staff.agent("ana"), Purpose.RESET)
    answer = await staff.browser().post("/api/links/use", {"token": spoil(token), "password": NEW})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "purpose, minutes", [(Purpose.RESET, 30), (Purpose.SIGN_IN, 60), (Purpose.INVITATION, 3 * 24 * 60)]
)
async def test_a_link_expires(staff: Staff, context: AppContext, purpose: Purpose, minutes: int) -> None:
    token = await staff.link(await staff.agent("ana"), purpose)
    async with context.transaction() as session:
        link = (await session.scalars(select(Link))).one()
        assert link.token_hash == fingerprint(token)
        assert link.expires_at - link.created_at == timedelta(minutes=minutes)
        link.expires_at = now()
    assert (await staff.browser().post("/api/links/look", {"token": token})).status_code == 404


async def test_a_sign_in_link_sets_no_password(staff: Staff) -> None:
    token = await staff.link(await staff.agent("ana"), Purpose.SIGN_IN)
    assert (await staff.browser().post("/api/links/use", {"token": token, "password": NEW})).status_code == 404
    assert (await staff.browser().post("/api/session/link", {"token": token})).status_code == 200


async def test_a_refused_password_leaves_the_link_good(staff: Staff) -> None:
    token = await staff.link(await staff.agent("ana"), Purpose.RESET)
    poor = await staff.browser().post("/api/links/use", {"token": token, "password": "short"})
    assert poor.status_code == 422
    assert (await staff.browser().post("/api/links/use", {"token": token, "password": NEW})).status_code == 200


async def test_a_new_password_ends_every_session_and_every_other_link(staff: Staff) -> None:
    ana = await staff.agent("ana")
    old = await staff.signed_in(ana)
    other, token = await staff.link(ana, Purpose.SIGN_IN), await staff.link(ana, Purpose.RESET)
    answer = await staff.browser().post("/api/links/use", {"token": token, "password": NEW, "name": "Ana"})
    assert answer.json()["name"] == "Ana"
    assert (await old.get("/api/me")).status_code == 401
    assert (await staff.browser().post("/api/session/link", {"token": other})).status_code == 404


async def test_a_changed_password_signs_out_every_other_browser(staff: Staff) -> None:
    ana = await staff.agent("ana")
    here, there = await staff.signed_in(ana), await staff.signed_in(ana)
    wrong = await here.post("/api/me/password", {"current": "x", "new": NEW})
    assert (wrong.status_code, wrong.json()["field"]) == (409, "current")
    assert (await here.post("/api/me/password", {"current": PASSWORD, "new": NEW})).status_code == 204
    assert [(await browser.get("/api/me")).status_code for browser in (here, there)] == [200, 401]
    assert (await staff.browser().try_password("ana@shop.example", PASSWORD)).status_code == 401


HOSTS = ["evil.example", "localhost:8000.evil.example", "help.shop.example@evil.example", "[::1]", "evil.example:8000"]


@pytest.mark.parametrize("host", HOSTS)
async def test_a_reset_link_starts_with_the_public_url_whatever_the_host_header_says(
    staff: Staff, tmp_path: Path, host: str
) -> None:
    there = staff.under(Settings(data_dir=tmp_path, public_url="https://help.shop.example"))
    await there.agent("ana")
    forged = {"Host": host, "X-Forwarded-Host": host, "Forwarded": f"host={host}", "X-Forwarded-Proto": "http"}
    asked = await there.browser("https://help.shop.example").post(
        "/api/password-resets", {"email": "Ana@Shop.example"}, **forged
    )
    assert asked.status_code == 202
    (mail,) = staff.recorder.mails
    assert mail.url.startswith("https://help.shop.example/reset#token=")


async def test_asking_for_a_reset_says_nothing_about_who_is_known(staff: Staff, context: AppContext) -> None:
    await staff.agent("ana")
    names = ["ana", "nobody"]
    answers = [await staff.browser().post("/api/password-resets", {"email": f"{n}@shop.example"}) for n in names]
    assert [(a.status_code, a.content) for a in answers] == [(202, answers[0].content)] * 2
    assert [mail.email for mail in staff.recorder.mails] == ["ana@shop.example"]


async def test_three_resets_an_hour_are_mailed_and_the_rest_are_not(staff: Staff) -> None:
    await staff.agent("ana")
    for _ in range(6):
        assert (await staff.browser().post("/api/password-resets", {"email": "ana@shop.example"})).status_code == 202
    assert len(staff.recorder.mails) == 3


async def test_a_mail_that_cannot_leave_does_not_show_in_the_answer(staff: Staff) -> None:
    ana = await staff.agent("ana")
    staff.recorder.broken = True
    answer = await staff.browser().post("/api/password-resets", {"email": ana.email})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "ana@shop.example"},
        {"email": ["ana@shop.example"], "password": "x"},
        {"email": {"$ne": ""}, "password": {"$ne": ""}},
        {"email": "ana@shop.example", "password": None},
        {"email": "ana@shop.example", "password": "x", "role": "owner"},
        {"email": "a" * 300, "password": "x"},
        {"email": "ana@shop.example", "password": "x" * 2000},
        [],
        "x",
    ],
)
async def test_a_strange_body_is_refused_in_words(staff: Staff, body: object) -> None:
    answer = await staff.browser().post("/api/session", body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_a_null_byte_in_an_address_is_an_unknown_address(staff: Staff) -> None:
    answer = await staff.browser().try_password("ana\0@shop.example", "x" * 20)
    assert answer.status_code in {401, 422}


async def test_a_failed_sign_in_leaves_no_session(staff: Staff, context: AppContext) -> None:
    await staff.agent("ana", Role.OWNER)
    await staff.browser().try_password("ana@shop.example", "wrong guess 12")
    async with context.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(SignIn)) == 0
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 4
