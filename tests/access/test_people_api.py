"""People, tokens and teams: the rights to change them, and the fields that no request can change."""

import asyncio
from uuid import UUID

import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import inspect, select

from hub.access.credentials import fingerprint
from hub.access.models import AccessToken, Agent, Purpose, StoredResponse
from hub.access.rights import Right, Role
from hub.access.sessions import TOPIC, AccessSignal
from hub.events.definitions import AgentChanged, TeamChanged
from hub.events.log import event_of
from hub.events.models import Entry
from hub.runtime.context import AppContext
from hub.signals import Signal
from hub.storage.database import new_id
from tests.support.staff import PASSWORD, Browser, Staff

NEW = {"name": "Ben", "email": "Ben@Shop.example", "role": "agent"}


async def chief(staff: Staff, role: Role = Role.OWNER) -> Browser:
    return await staff.signed_in(await staff.agent(f"chief-{role}", role))


async def row(context: AppContext, agent_id: UUID) -> Agent:
    async with context.transaction() as session:
        return await session.get_one(Agent, agent_id)


def columns(agent: Agent) -> dict[str, object]:
    return {column.key: getattr(agent, column.key) for column in inspect(Agent).columns}


async def test_an_invited_person_chooses_a_password_and_comes_in(staff: Staff) -> None:
    team = await staff.team("Sales")
    answer = await (await chief(staff)).post("/api/agents", {**NEW, "team_ids": [str(team.id)]})
    assert answer.status_code == 201
    made = answer.json()
    assert made["agent"]["invited"]
    assert made["agent"]["email"] == "ben@shop.example"
    assert [mail.url for mail in staff.recorder.mails] == [made["invitation_url"]]
    token = made["invitation_url"].removeprefix("http://localhost:8000/invitation#token=")
    ben = staff.browser()
    me = (await ben.post("/api/links/use", {"token": token, "password": PASSWORD})).json()
    assert me["teams"] == [{"id": str(team.id), "name": "Sales"}]
    assert (await ben.get("/api/agents")).json()[0]["invited"] is False


@pytest.mark.parametrize(
    "role, body, status",
    [
        (Role.ADMIN, {**NEW, "role": "owner"}, 403),
        (Role.ADMIN, {**NEW, "role": "admin"}, 201),
        (Role.OWNER, {**NEW, "role": "owner"}, 201),
        (Role.SUPERVISOR, NEW, 403),
        (Role.AGENT, NEW, 403),
        (Role.AUDITOR, NEW, 403),
        (Role.OWNER, {**NEW, "role": "bot"}, 422),
        (Role.OWNER, {**NEW, "role": "king"}, 422),
        (Role.OWNER, {**NEW, "email": None}, 422),
        (Role.OWNER, {**NEW, "email": "no address"}, 422),
        (Role.OWNER, {**NEW, "email": "chief-owner@shop.example"}, 409),
        (Role.OWNER, {**NEW, "name": "  "}, 422),
        (Role.OWNER, {**NEW, "name": "a\0b"}, 422),
        (Role.OWNER, {**NEW, "team_ids": [str(new_id())]}, 422),
        (Role.OWNER, {"name": "Robo", "kind": "bot", "role": "bot"}, 201),
    ],
)
async def test_who_may_be_added_and_by_whom(staff: Staff, role: Role, body: dict[str, object], status: int) -> None:
    assert (await (await chief(staff, role)).post("/api/agents", body)).status_code == status


@pytest.mark.parametrize("change", [{"role": "admin"}, {"disabled": True}, {"name": "x"}, {"role": "owner"}])
async def test_an_admin_cannot_touch_an_owner(staff: Staff, context: AppContext, change: dict[str, object]) -> None:
    owner = await staff.agent("owner", Role.OWNER)
    admin = await chief(staff, Role.ADMIN)
    assert (await admin.patch(f"/api/agents/{owner.id}", change)).status_code == 403
    assert (await admin.post(f"/api/agents/{owner.id}/invitation")).status_code == 403
    assert columns(await row(context, owner.id)) == columns(owner)


async def test_nobody_raises_their_own_role_nor_disables_themselves(staff: Staff) -> None:
    admin = await staff.agent("admin", Role.ADMIN)
    browser = await staff.signed_in(admin)
    assert (await browser.patch(f"/api/agents/{admin.id}", {"role": "owner"})).status_code == 403
    assert (await browser.patch(f"/api/agents/{admin.id}", {"disabled": True})).status_code == 403


@pytest.mark.parametrize("change", [{"role": "admin"}, {"disabled": True}])
async def test_the_last_owner_stays(staff: Staff, change: dict[str, object]) -> None:
    owner = await staff.agent("owner", Role.OWNER)
    answer = await (await staff.signed_in(owner)).patch(f"/api/agents/{owner.id}", change)
    assert answer.status_code in {403, 409}


async def test_two_owners_who_demote_each_other_at_once_leave_one(staff: Staff, context: AppContext) -> None:
    for number in range(5):
        first, second = [await staff.agent(f"{name}{number}", Role.OWNER) for name in ("a", "b")]
        lines = [await staff.signed_in(agent) for agent in (first, second)]
        await asyncio.gather(
            lines[0].patch(f"/api/agents/{second.id}", {"role": "agent"}),
            lines[1].patch(f"/api/agents/{first.id}", {"role": "agent"}),
        )
        async with context.transaction() as session:
            owners = (await session.scalars(select(Agent).where(Agent.role == Role.OWNER))).all()
            assert owners
            for owner in owners:
                owner.role = Role.AGENT


async def test_a_changed_role_or_a_disabled_person_is_signed_out(staff: Staff, context: AppContext) -> None:
    owner = await chief(staff)
    for change in ({"role": "supervisor"}, {"disabled": True}):
        ana = await staff.agent(f"ana{len(change)}{next(iter(change))}")
        browser, link = await staff.signed_in(ana), await staff.link(ana, Purpose.SIGN_IN)
        heard = await context.signals.subscribe(TOPIC)
        assert (await owner.patch(f"/api/agents/{ana.id}", change)).status_code == 200
        batch = [one for one in await heard.batch() if isinstance(one, Signal)]
        assert [msgspec.json.decode(one.payload, type=AccessSignal) for one in batch] == [AccessSignal(agent_id=ana.id)]
        assert (await browser.get("/api/me")).status_code == 401
        used = await staff.browser().post("/api/session/link", {"token": link})
        assert used.status_code == (404 if "disabled" in change else 200)


async def test_a_change_of_teams_is_told_to_sockets_and_recorded(staff: Staff, context: AppContext) -> None:
    ana, old, new = await staff.agent("ana"), await staff.team("Old"), await staff.team("New")
    owner = await chief(staff)
    await owner.patch(f"/api/agents/{ana.id}", {"team_ids": [str(old.id)]})
    heard = await context.signals.subscribe(TOPIC)
    answer = await owner.patch(f"/api/agents/{ana.id}", {"team_ids": [str(new.id)]})
    assert answer.json()["team_ids"] == [str(new.id)]
    batch = [one for one in await heard.batch() if isinstance(one, Signal)]
    assert [msgspec.json.decode(one.payload, type=AccessSignal).revoked for one in batch] == [False]
    async with context.transaction() as session:
        recorded = [event_of(entry) for entry in await session.scalars(select(Entry).order_by(Entry.position))]
    moved = [TeamChanged(team_id=id_) for id_ in sorted([old.id, new.id])]
    joined = [AgentChanged(agent_id=ana.id), TeamChanged(team_id=old.id)]
    assert recorded == [*joined, AgentChanged(agent_id=ana.id), *moved]


async def test_every_field_that_is_not_offered_is_refused(staff: Staff, context: AppContext) -> None:
    ana, owner = await staff.agent("ana"), await chief(staff)
    mine = await staff.signed_in(ana)
    offered = {
        "/api/me": {"name", "language", "time_zone", "theme", "single_keys", "undo_seconds"},
        f"/api/agents/{ana.id}": {"name", "role", "language", "team_ids", "disabled"},
    }
    before = columns(await row(context, ana.id))
    for path, fields in offered.items():
        browser = mine if path == "/api/me" else owner
        for field in (set(columns(ana)) | {"csrf", "rights", "teams", "scopes", "owner"}) - fields:
            answer = await browser.patch(path, {field: "owner"})
            assert answer.status_code == 422, (path, field)
    for field in set(columns(ana)) - {"name", "email", "kind", "role", "language"}:
        assert (await owner.post("/api/agents", {**NEW, field: None})).status_code == 422, field
    assert columns(await row(context, ana.id)) == before


async def test_everybody_changes_their_own_tastes(staff: Staff) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    change = {"name": "Ana L.", "language": "es", "time_zone": "Europe/Madrid", "theme": "dark", "undo_seconds": 0}
    me = (await browser.patch("/api/me", change)).json()
    assert {key: me[key] for key in change} == change
    for wrong in ({"time_zone": "Mars/Base"}, {"time_zone": "../etc/passwd"}, {"undo_seconds": 31}, {"language": "xx"}):
        answer = await browser.patch("/api/me", wrong)
        assert (answer.status_code, answer.json().get("field")) == (422, next(iter(wrong)))


async def test_me_has_what_the_page_needs(staff: Staff) -> None:
    await staff.agent("demo", demo=True)
    me = (await (await chief(staff, Role.AUDITOR)).get("/api/me")).json()
    assert (me["role"], me["intent"], me["demo"], me["undo_seconds"], me["teams"]) == ("auditor", "away", True, 10, [])
    assert me["rights"] == sorted(me["rights"])
    assert Right.CONVERSATIONS_ALL in me["rights"]


async def test_a_bots_token_is_shown_once_and_kept_as_a_fingerprint(staff: Staff, context: AppContext) -> None:
    owner, robo = await chief(staff), await staff.agent("robo", Role.BOT)
    url, key = f"/api/agents/{robo.id}/tokens", str(new_id())
    body = {"name": "main", "scopes": ["tags:write", "contacts:read"]}
    made = (await owner.post(url, body, **{"Idempotency-Key": key})).json()
    again = (await owner.post(url, body, **{"Idempotency-Key": key})).json()
    assert again == {**made, "token": ""}
    assert made["token"].startswith(made["prefix"])
    (listed,) = (await owner.get(url)).json()
    assert "token" not in listed
    async with context.transaction() as session:
        assert (await session.scalars(select(AccessToken.token_hash))).one() == fingerprint(made["token"])
        assert made["token"].encode() not in ((await session.scalars(select(StoredResponse.body))).one() or b"")
    assert (await owner.delete(f"{url}/{made['id']}")).status_code == 204
    assert (await owner.delete(f"{url}/{made['id']}")).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": []},
        {"scopes": ["conversations:all"]},
        {"scopes": ["agents:write"]},
        {"scopes": ["everything"]},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"expires_at": "2999-01-01T00:00:00"},
        {"agent_id": str(new_id())},
    ],
)
async def test_a_token_never_exceeds_a_bot(staff: Staff, change: dict[str, object]) -> None:
    owner, robo = await chief(staff), await staff.agent("robo", Role.BOT)
    body = {"name": "main", "scopes": ["tags:write"], **change}
    assert (await owner.post(f"/api/agents/{robo.id}/tokens", body)).status_code == 422


async def test_tokens_are_for_bots_and_belong_to_one(staff: Staff) -> None:
    owner, ana = await chief(staff), await staff.agent("ana")
    robo, other = await staff.agent("robo", Role.BOT), await staff.agent("other", Role.BOT)
    body = {"name": "main", "scopes": ["tags:write"]}
    assert (await owner.post(f"/api/agents/{ana.id}/tokens", body)).status_code == 409
    made = (await owner.post(f"/api/agents/{robo.id}/tokens", body)).json()
    assert (await owner.delete(f"/api/agents/{other.id}/tokens/{made['id']}")).status_code == 404
    assert (await owner.post(f"/api/agents/{new_id()}/tokens", body)).status_code == 404


async def test_teams_are_made_renamed_and_removed(staff: Staff) -> None:
    owner = await chief(staff)
    team = (await owner.post("/api/teams", {"name": "Sales"})).json()
    ana = await staff.agent("ana", teams=(UUID(team["id"]),))
    assert (await owner.post("/api/teams", {"name": "Sales"})).status_code == 409
    renamed = (await owner.patch(f"/api/teams/{team['id']}", {"name": "Ventas"})).json()
    assert renamed == {"id": team["id"], "name": "Ventas", "member_ids": [str(ana.id)]}
    assert (await owner.delete(f"/api/teams/{team['id']}")).status_code == 204
    assert (await owner.get("/api/teams")).json() == []
    assert (await owner.delete(f"/api/teams/{team['id']}")).status_code == 404


async def test_a_repeated_post_makes_one_team_and_another_body_is_refused(staff: Staff) -> None:
    owner, key = await chief(staff), {"Idempotency-Key": str(new_id())}
    answers = await asyncio.gather(*(owner.post("/api/teams", {"name": "Sales"}, **key) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await owner.post("/api/teams", {"name": "Other"}, **key)).status_code == 422
    assert len((await owner.get("/api/teams")).json()) == 1


async def test_a_post_that_failed_may_be_tried_again_with_its_key(staff: Staff) -> None:
    owner, key = await chief(staff), {"Idempotency-Key": str(new_id())}
    team = await staff.team("Sales")
    assert (await owner.post("/api/teams", {"name": "Sales"}, **key)).status_code == 409
    await owner.delete(f"/api/teams/{team.id}")
    assert (await owner.post("/api/teams", {"name": "Sales"}, **key)).status_code == 201


async def test_two_people_may_use_the_same_key(staff: Staff) -> None:
    key = {"Idempotency-Key": "1"}
    for number, role in enumerate((Role.OWNER, Role.ADMIN)):
        answer = await (await chief(staff, role)).post("/api/teams", {"name": f"Team {number}"}, **key)
        assert answer.status_code == 201


def test_every_route_has_a_guard_and_a_name(staff: Staff) -> None:
    handlers = {
        handler
        for route in staff.app().routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and "OPTIONS" not in handler.http_methods
    }
    assert len(handlers) == 25
    assert all(handler.resolve_guards() for handler in handlers)
