"""Sessions: fixation, resurrection, time-outs, revocation, and the cookie."""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, update

from hub.access import sessions
from hub.access.cookies import is_own_origin
from hub.access.credentials import fingerprint
from hub.access.models import AccessToken, Agent, SignIn
from hub.access.rights import AgentKind, Role, Viewer
from hub.access.sessions import TOPIC, AccessSignal, resume
from hub.runtime.context import AppContext
from hub.settings import Settings
from hub.signals import Signal, Subscription
from hub.storage.database import now
from tests.support.staff import PASSWORD, Browser, Staff

NAME = "hub_session"


async def count(context: AppContext) -> int:
    async with context.transaction() as session:
        return await session.scalar(select(func.count()).select_from(SignIn)) or 0


async def said(subscription: Subscription) -> list[AccessSignal]:
    batch = await subscription.batch()
    return [msgspec.json.decode(one.payload, type=AccessSignal) for one in batch if isinstance(one, Signal)]


def token(browser: Browser) -> str:
    return browser.client.cookies[NAME]


async def test_a_cookie_planted_before_the_sign_in_is_worthless_after_it(staff: Staff) -> None:
    ana = await staff.agent("ana")
    browser, thief = staff.browser(), staff.browser()
    browser.client.cookies.set(NAME, "planted")
    thief.client.cookies.set(NAME, "planted")
    answer = await browser.try_password("ana@shop.example", PASSWORD)
    assert answer.cookies[NAME] != "planted"
    assert (await thief.get("/api/me")).status_code == 401
    assert ana.email == answer.json()["email"]


async def test_signing_in_again_ends_the_session_the_browser_came_with(staff: Staff) -> None:
    browser = staff.browser()
    await browser.sign_in(await staff.agent("ana"))
    old = token(browser)
    await browser.sign_in(await staff.agent("ben"))
    assert token(browser) != old
    thief = staff.browser()
    thief.client.cookies.set(NAME, old)
    assert (await thief.get("/api/me")).status_code == 401


async def test_a_request_in_flight_does_not_bring_a_session_back(staff: Staff, context: AppContext) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    later = now() + timedelta(minutes=5)
    async with context.sessions() as flying:
        kept = (await flying.scalars(select(SignIn))).one()
        assert (await browser.delete("/api/session")).status_code == 204
        await sessions.mark_seen(flying, kept, later)
        await flying.commit()
    async with context.transaction() as session:
        assert await resume(session, "x", settings=context.settings, now=later) is None
        row = (await session.scalars(select(SignIn))).one()
        assert row.revoked_at is not None
        assert row.last_seen_at < later


async def test_signing_out_takes_the_cookie_and_its_worth(staff: Staff) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    kept = token(browser)
    answer = await browser.delete("/api/session")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    browser.client.cookies.set(NAME, kept)
    assert (await browser.get("/api/me")).status_code == 401


async def test_strangers_leave_no_row(staff: Staff, context: AppContext) -> None:
    stranger = staff.browser()
    for _ in range(20):
        answer = await stranger.get("/api/me")
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    assert await count(context) == 0


async def test_the_database_never_holds_the_cookie_itself(staff: Staff, context: AppContext) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    async with context.transaction() as session:
        row = (await session.scalars(select(SignIn))).one()
    assert row.token_hash == fingerprint(token(browser))


@pytest.mark.parametrize(
    "role, hours, alive",
    [(Role.AGENT, 11, True), (Role.AGENT, 13, False), (Role.ADMIN, 7, True), (Role.OWNER, 9, False)],
)
async def test_a_session_ends_however_busy_it_is(
    staff: Staff, context: AppContext, role: Role, hours: int, *, alive: bool
) -> None:
    browser = await staff.signed_in(await staff.agent("ana", role))
    later = now() + timedelta(hours=hours)
    async with context.transaction() as session:
        await session.execute(update(SignIn).values(last_seen_at=later))
        found = await resume(session, token(browser), settings=context.settings, now=later)
    assert (found is not None) == alive


@pytest.mark.parametrize("minutes, alive", [(59, True), (61, False)])
async def test_an_idle_session_ends(staff: Staff, context: AppContext, minutes: int, *, alive: bool) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    later = now() + timedelta(minutes=minutes)
    async with context.transaction() as session:
        found = await resume(session, token(browser), settings=context.settings, now=later)
        opened = [
            sessions.SignedIn(viewer=Viewer(agent_id=row.agent_id, role=Role.AGENT), sign_in_id=row.id)
            for row in await session.scalars(select(SignIn))
        ]
        assert bool(await sessions.still_valid(session, opened, settings=context.settings, now=later)) == alive
    assert (found is not None) == alive


@pytest.mark.parametrize(
    "ended, alive",
    [({}, True), ({"revoked_at": timedelta()}, False), ({"expires_at": timedelta()}, False)],
    ids=["valid", "revoked", "expired"],
)
async def test_a_bots_token_that_has_ended_is_found_without_being_told(
    context: AppContext, ended: dict[str, timedelta], *, alive: bool
) -> None:
    robo = Agent(name="Robo", role=Role.BOT, kind=AgentKind.BOT)
    async with context.transaction() as session:
        session.add(robo)
        await session.flush()
        token_ = AccessToken(agent_id=robo.id, name="t", token_hash=b"t", prefix="hub", scopes=[])
        for name, after in ended.items():
            setattr(token_, name, now() + after)
        session.add(token_)
    async with context.transaction() as session:
        held = (await session.scalars(select(AccessToken))).one()
        who = sessions.SignedIn(viewer=Viewer(agent_id=robo.id, role=Role.BOT, kind=AgentKind.BOT), token_id=held.id)
        assert bool(await sessions.still_valid(session, [who], settings=context.settings, now=now())) == alive


async def test_being_seen_is_written_at_most_once_a_minute(staff: Staff, context: AppContext) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    written = set()
    for seconds in (10, 50, 70, 100, 125, 140):
        async with context.transaction() as session:
            at = now() + timedelta(seconds=seconds)
            await resume(session, token(browser), settings=context.settings, now=at)
            written.add(await session.scalar(select(SignIn.last_seen_at)))
    assert len(written) == 3


async def test_sockets_hear_of_a_revoked_session_once_it_is_committed(staff: Staff, context: AppContext) -> None:
    ana = await staff.agent("ana")
    first, second = await staff.signed_in(ana), await staff.signed_in(ana)
    heard = await context.signals.subscribe(TOPIC)
    items = (await first.get("/api/me/sessions")).json()
    other = next(item["id"] for item in items if not item["current"])
    assert (await first.delete(f"/api/me/sessions/{other}")).status_code == 204
    (nudge,) = await said(heard)
    assert nudge.agent_id == ana.id
    assert [str(one) for one in nudge.sign_in_ids or ()] == [other]
    assert (await second.get("/api/me")).status_code == 401
    assert (await first.get("/api/me")).status_code == 200


async def test_a_change_that_fails_is_not_announced(context: AppContext, staff: Staff) -> None:
    ana = await staff.agent("ana")
    heard = await context.signals.subscribe(TOPIC)
    with suppress(RuntimeError):
        async with context.transaction() as session:
            await sessions.revoke_all(session, ana.id, now())
            raise RuntimeError
    await context.signals.publish(TOPIC, b"next")
    assert [one.payload for one in await heard.batch() if isinstance(one, Signal)] == [b"next"]


async def test_nobody_ends_the_session_of_somebody_else(staff: Staff, context: AppContext) -> None:
    ana, ben = await staff.signed_in(await staff.agent("ana")), await staff.signed_in(await staff.agent("ben"))
    (item,) = (await ben.get("/api/me/sessions")).json()
    assert (await ana.delete(f"/api/me/sessions/{item['id']}")).status_code == 404
    assert (await ben.get("/api/me")).status_code == 200


async def test_all_other_browsers_can_be_signed_out(staff: Staff) -> None:
    ana = await staff.agent("ana")
    here, there = await staff.signed_in(ana), await staff.signed_in(ana)
    assert (await here.delete("/api/me/sessions")).status_code == 204
    assert [(await browser.get("/api/me")).status_code for browser in (here, there)] == [200, 401]


async def test_a_disabled_person_is_out_at_once(staff: Staff, context: AppContext) -> None:
    ana = await staff.agent("ana")
    browser = await staff.signed_in(ana)
    async with context.transaction() as session:
        await session.execute(update(Agent).values(disabled_at=now()))
    assert (await browser.get("/api/me")).status_code == 401


@pytest.mark.parametrize(
    "url, plain",
    [
        (None, True),
        ("http://localhost:9000", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("https://localhost", False),
        ("https://help.shop.example", False),
        ("http://help.shop.example", False),
        ("http://192.168.1.5:8000", False),
        ("http://localhost.shop.example", False),
    ],
)
async def test_the_cookie_is_plain_on_ones_own_machine_and_bound_to_the_host_elsewhere(
    staff: Staff, tmp_path: Path, url: str | None, *, plain: bool
) -> None:
    there = staff.under(Settings(data_dir=tmp_path, public_url=url))
    await there.agent("ana")
    answer = await there.browser(url or "http://localhost:8000").try_password("ana@shop.example", PASSWORD)
    parts = {part.strip().casefold() for part in answer.headers["set-cookie"].split(";")}
    assert answer.headers["set-cookie"].startswith("hub_session=" if plain else "__Host-hub_session=")
    assert {"httponly", "path=/", "samesite=lax"} <= parts
    assert ("secure" in parts) != plain
    assert not any(part.startswith("domain") for part in parts)


PUBLIC = "https://help.shop.example"


@pytest.mark.parametrize(
    "url, origin, host, ours",
    [
        (PUBLIC, PUBLIC, "help.shop.example", True),
        (PUBLIC + ":443", PUBLIC, "help.shop.example", True),
        ("https://HELP.shop.example", PUBLIC, "help.shop.example", True),
        (PUBLIC, PUBLIC, "evil.example", True),
        (PUBLIC, None, "help.shop.example", False),
        (PUBLIC, "", "help.shop.example", False),
        (PUBLIC, "null", "help.shop.example", False),
        (PUBLIC, "http://help.shop.example", "help.shop.example", False),
        (PUBLIC, PUBLIC + ":8443", "help.shop.example", False),
        (PUBLIC, PUBLIC + ".evil.example", "help.shop.example", False),
        (PUBLIC, "https://evilhelp.shop.example", "help.shop.example", False),
        (PUBLIC, "https://shop.example", "help.shop.example", False),
        (PUBLIC, "https://a.help.shop.example", "help.shop.example", False),
        (PUBLIC, PUBLIC + "/", "help.shop.example", False),
        (PUBLIC, PUBLIC + "@evil.example", "help.shop.example", False),
        (PUBLIC, "HTTPS://HELP.SHOP.EXAMPLE", "help.shop.example", False),
        (PUBLIC, "https://help.shop.example.", "help.shop.example", False),
        (PUBLIC, "https://hélp.shop.example", "help.shop.example", False),
        (PUBLIC, "https://evil.example", "evil.example", False),
        (PUBLIC, "http://localhost:8000", "localhost:8000", False),
        (PUBLIC, f"{PUBLIC} {PUBLIC}", "help.shop.example", False),
        (PUBLIC, f"{PUBLIC},https://evil.example", "help.shop.example", False),
        (PUBLIC, "file://", "help.shop.example", False),
        (PUBLIC, "chrome-extension://abcdef", "help.shop.example", False),
        (None, "http://localhost:8000", "localhost:8000", True),
        (None, "http://127.0.0.1:8000", "127.0.0.1:8000", True),
        (None, "http://[::1]:8000", "[::1]:8000", True),
        (None, "http://localhost:9999", "localhost:9999", True),
        (None, "http://localhost:9999", "localhost:8000", False),
        (None, "http://127.0.0.1:8000", "localhost:8000", False),
        (None, "https://localhost:8000", "localhost:8000", False),
        (None, "http://evil.example:8000", "evil.example:8000", False),
        (None, "http://localhost.evil.example", "localhost.evil.example", False),
        (None, "http://192.168.1.5:8000", "192.168.1.5:8000", False),
        (None, "null", "localhost:8000", False),
        (None, None, "localhost:8000", False),
        (None, "http://localhost:8000", None, True),
        (None, "http://evil.example", "localhost:8000", False),
        (None, "http://localhost:8000@evil.example", "localhost:8000", False),
        (None, "http://127.0.0.1.evil.example:8000", "127.0.0.1.evil.example:8000", False),
    ],
)
def test_only_a_page_of_ours_is_ours(
    tmp_path: Path, url: str | None, origin: str | None, host: str | None, *, ours: bool
) -> None:
    assert is_own_origin(origin, host, Settings(data_dir=tmp_path, public_url=url)) == ours
