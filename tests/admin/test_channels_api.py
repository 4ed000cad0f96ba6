from collections.abc import AsyncIterator

import msgspec
import pytest
from litestar import Litestar
from litestar.datastructures import State
from sqlalchemy import select

from hub.access import guard, idempotency
from hub.access.rights import Role
from hub.admin import channels_api
from hub.channels.accounts import open_secrets
from hub.channels.models import Channel
from hub.delivery import api as deliveries
from hub.intake import api as arrivals
from hub.intake.models import Arrival, ArrivalState
from hub.runtime.http import DEPENDENCIES, ERROR_HANDLERS
from hub.timeline import blobs
from hub.timeline.models import Conversation
from tests.fakes.post import PostKnown, PostTokenRefused
from tests.fakes.provider import Provider
from tests.support.outbox import Outbox
from tests.support.staff import Browser, Recorder, Staff


@pytest.fixture
def staff(outbox: Outbox) -> Staff:
    recorder = Recorder()
    app = Litestar(
        route_handlers=[channels_api.router, deliveries.router, arrivals.router],
        dependencies={**DEPENDENCIES, **guard.DEPENDENCIES, **idempotency.DEPENDENCIES},
        exception_handlers=ERROR_HANDLERS,
        state=State({"context": outbox.context, "access_hooks": recorder}),
        openapi_config=None,
    )
    return Staff(context=outbox.context, recorder=recorder, password_hash="", apps=[app])


@pytest.fixture
async def admin(staff: Staff) -> AsyncIterator[Browser]:
    browser = await staff.signed_in(await staff.agent("ada", Role.ADMIN))
    yield browser
    await browser.client.aclose()


@pytest.fixture
async def lead(staff: Staff) -> AsyncIterator[Browser]:
    browser = await staff.signed_in(await staff.agent("lea", Role.SUPERVISOR))
    yield browser
    await browser.client.aclose()


def _new(provider: Provider, **settings: object) -> dict[str, object]:
    return {"kind": "post_ask", "name": "Post", "settings": {"url": provider.url, "token": "s3cret", **settings}}


async def test_kinds_come_with_the_form_to_fill_in(admin: Browser) -> None:
    kinds = {kind["kind"]: kind for kind in (await admin.get("/api/channel-kinds")).json()}
    assert kinds["email"]["schema"]["properties"]["smtp_password"]["format"] == "password"
    assert kinds["post_ask"]["listens"]
    assert kinds["post_ask"]["appearance"]["label"] == {"en": "Post", "es": "Correo postal"}
    assert kinds["post_ask"]["capabilities"]["max_chars"] == 200


async def test_a_channel_is_added_once_and_its_secret_never_comes_out(
    admin: Browser,
    outbox: Outbox,
    provider: Provider,
) -> None:
    first = await admin.post("/api/channels", _new(provider, address="p1"), **{"Idempotency-Key": "k1"})
    again = await admin.post("/api/channels", _new(provider, address="p1"), **{"Idempotency-Key": "k1"})
    listed = await admin.get("/api/channels")
    assert first.status_code == 201
    assert first.json() == again.json()
    assert [one["id"] for one in listed.json()] == [first.json()["id"]]
    assert "s3cret" not in first.text + listed.text
    assert (first.json()["settings"]["token"], first.json()["secrets_set"]) == (None, ["token"])
    assert (first.json()["address"], first.json()["health"]["state"]) == ("p1", "new")
    assert len(await outbox.events("channel_changed")) == 1


async def test_the_same_address_twice_is_a_conflict(admin: Browser, provider: Provider) -> None:
    await admin.post("/api/channels", _new(provider, address="p1"))
    second = await admin.post("/api/channels", _new(provider, address="p1"))
    assert (second.status_code, second.json()["field"]) == (409, "address")


async def test_wrong_settings_name_the_field(admin: Browser, provider: Provider) -> None:
    wrong = await admin.post("/api/channels", _new(provider, url="nowhere"))
    missing = await admin.post("/api/channels", {"kind": "webchat", "name": "Chat", "settings": {}})
    unknown = await admin.post("/api/channels", {"kind": "pigeon", "name": "P", "settings": {}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "url")
    assert (missing.status_code, missing.json()["field"]) == (422, "site_name")
    assert unknown.status_code == 404


async def test_a_secret_left_out_stays_and_the_rest_changes(admin: Browser, outbox: Outbox, provider: Provider) -> None:
    made = (await admin.post("/api/channels", _new(provider))).json()
    changed = await admin.patch(
        f"/api/channels/{made['id']}", {"name": "Mail", "settings": {"patience": 2.5, "token": ""}}
    )
    async with outbox.context.transaction() as session:
        channel = (await session.scalars(select(Channel))).one()
    assert changed.status_code == 200, changed.text
    assert (channel.name, channel.settings["patience"], channel.settings["url"]) == ("Mail", 2.5, provider.url)
    assert open_secrets(outbox.context.encryptor, channel) == {"token": "s3cret"}
    assert channel.version == 3


async def test_a_saved_secret_is_sent_to_no_other_server(admin: Browser, provider: Provider) -> None:
    made = (await admin.post("/api/channels", _new(provider))).json()
    elsewhere = {"url": "http://127.0.0.1:9"}
    tried = await admin.post(
        "/api/channels/test", {"channel_id": made["id"], "kind": "post_ask", "settings": elsewhere}
    )
    changed = await admin.patch(f"/api/channels/{made['id']}", {"settings": elsewhere})
    again = await admin.patch(f"/api/channels/{made['id']}", {"settings": {**elsewhere, "token": "s3cret"}})
    assert [(told.status_code, told.json()["field"]) for told in (tried, changed)] == [(422, "token")] * 2
    assert again.status_code == 200


async def test_a_web_chat_keeps_its_key_when_it_is_changed(admin: Browser) -> None:
    made = (
        await admin.post("/api/channels", {"kind": "webchat", "name": "Chat", "settings": {"site_name": "Shop"}})
    ).json()
    changed = (await admin.patch(f"/api/channels/{made['id']}", {"settings": {"site_name": "Shoe shop"}})).json()
    assert made["address"] == changed["address"] == changed["settings"]["key"] != ""
    assert made["secrets_set"] == ["identity_secret"]
    assert changed["embed"]["key"] == made["address"]
    assert made["address"] in changed["embed"]["snippet"]


async def test_settings_are_tried_out_before_they_are_saved(admin: Browser, provider: Provider) -> None:
    good = await admin.post("/api/channels/test", {"kind": "post_ask", "settings": {"url": provider.url, "token": "t"}})
    provider.script.append("401")
    bad = await admin.post("/api/channels/test", {"kind": "post_ask", "settings": {"url": provider.url, "token": "t"}})
    known, refused = PostKnown(), PostTokenRefused(reply=401)
    assert good.json() == {"ok": True, "detail": known.detail, "reasons": [msgspec.to_builtins(known.reason)]}
    assert bad.json() == {"ok": False, "detail": refused.detail, "reasons": [msgspec.to_builtins(refused.reason)]}


async def test_a_saved_channel_is_tried_out_with_its_secret(admin: Browser, outbox: Outbox, provider: Provider) -> None:
    channel = await outbox.channel()
    told = await admin.post(f"/api/channels/{channel.id}/test")
    assert told.json()["ok"]
    assert provider.auth[-1] == "Bearer s3cret-token"


async def test_a_paused_channel_says_so_and_goes_on(admin: Browser, outbox: Outbox) -> None:
    channel = await outbox.channel()
    paused = await admin.client.put(f"/api/channels/{channel.id}/pause")
    resumed = await admin.delete(f"/api/channels/{channel.id}/pause")
    assert (paused.json()["paused"], paused.json()["health"]["state"]) == (True, "paused")
    assert (resumed.json()["paused"], resumed.json()["health"]["state"]) == (False, "new")


async def test_archiving_a_channel_fails_its_due_deliveries(admin: Browser, outbox: Outbox) -> None:
    channel = await outbox.channel()
    one = await outbox.reply(channel)
    gone = await admin.delete(f"/api/channels/{channel.id}")
    assert gone.status_code == 204
    assert (await admin.get("/api/channels")).json() == []
    assert (await outbox.reload(one))[0].state == "failed"


async def test_only_administrators_change_channels(
    staff: Staff, lead: Browser, outbox: Outbox, provider: Provider
) -> None:
    agent = await staff.signed_in(await staff.agent("ann"))
    assert (await lead.get("/api/channels")).status_code == 200
    assert (await lead.post("/api/channels", _new(provider))).status_code == 403
    assert (await agent.get("/api/channels")).status_code == 403
    assert (await agent.get("/api/deliveries")).status_code == 403
    await agent.client.aclose()


# --- deliveries and arrivals ----------------------------------------------------------------------


async def test_doubtful_deliveries_are_listed_and_settled(lead: Browser, outbox: Outbox, provider: Provider) -> None:
    provider.script.extend(["lost", "lost"])
    channel = await outbox.channel()
    first, second = await outbox.reply(channel, "a"), await outbox.reply(channel, "b")
    async with outbox.sending():
        await outbox.wait_for_state(first, "doubtful")
        await outbox.wait_for_state(second, "doubtful")
    page = (await lead.get("/api/deliveries?state=doubtful&limit=1")).json()
    rest = (await lead.get(f"/api/deliveries?state=doubtful&limit=1&after={page['next']}")).json()
    assert [one["id"] for one in (*page["items"], *rest["items"])] == [str(second.message_id), str(first.message_id)]
    assert (page["items"][0]["contact"], page["items"][0]["history"][-1]["what"]) == ("Ann Customer", "doubtful")
    assert rest["next"] is None
    sent = await lead.client.put(f"/api/deliveries/{first.message_id}/settlement", json={"sent": True})
    failed = await lead.client.put(f"/api/deliveries/{second.message_id}/settlement", json={"sent": False})
    late = await lead.client.put(f"/api/deliveries/{first.message_id}/settlement", json={"sent": False})
    assert (sent.json()["state"], failed.json()["state"], late.status_code) == ("sent", "failed", 409)
    assert (await outbox.reload(first))[1].status == "sent"
    assert (await outbox.reload(second))[1].status == "failed"


async def test_a_failed_message_goes_again_when_a_person_says_so(
    lead: Browser,
    outbox: Outbox,
    provider: Provider,
) -> None:
    provider.script.append("400")
    one = await outbox.reply(await outbox.channel())
    async with outbox.sending():
        await outbox.wait_for_state(one, "failed")
        again = await lead.post(f"/api/deliveries/{one.message_id}/retry")
        _, message = await outbox.wait_for_state(one, "sent")
    assert (again.status_code, message.status) == (200, "sent")
    assert (await lead.post(f"/api/deliveries/{one.message_id}/retry")).status_code == 409


async def test_the_console_shows_only_conversations_one_may_see(staff: Staff, outbox: Outbox) -> None:
    team = await staff.team("Other")
    one = await outbox.reply(await outbox.channel())
    async with outbox.context.transaction() as session:
        (await session.get_one(Conversation, one.conversation_id)).team_id = team.id
    auditor = await staff.signed_in(await staff.agent("aud", Role.AUDITOR))
    assert len((await auditor.get("/api/deliveries?state=due")).json()["items"]) == 1
    assert (await auditor.post(f"/api/deliveries/{one.message_id}/retry")).status_code == 403
    await auditor.client.aclose()


async def test_quarantined_arrivals_are_listed_downloaded_and_retried(lead: Browser, outbox: Outbox) -> None:
    channel = await outbox.channel()
    raw = b"\x00 not readable"
    digest = blobs.digest_of(raw)
    stuck = Arrival(
        channel_id=channel.id,
        dedupe_key="x",
        digest=digest,
        size=len(raw),
        state=ArrivalState.QUARANTINED,
        error="no",
        attempts=3,
    )
    async with outbox.context.transaction() as session:
        await blobs.store_small(session, {digest: raw})
        session.add(stuck)
    listed = (await lead.get("/api/arrivals?state=quarantined")).json()
    body = await lead.get(f"/api/arrivals/{stuck.id}/raw")
    again = await lead.post(f"/api/arrivals/{stuck.id}/retry")
    assert [(one["id"], one["error"], one["size"]) for one in listed["items"]] == [(str(stuck.id), "no", len(raw))]
    assert (body.content, body.headers["content-disposition"][:10]) == (raw, "attachment")
    assert again.status_code == 204
    assert (await lead.get("/api/arrivals")).json()["items"] == []
