"""Actions over HTTP by a bot with a token, and the number of statements of each."""

from datetime import timedelta

import httpx
from sqlalchemy import event, select, update

from hub.access.models import AccessToken
from hub.routing.models import Availability
from hub.storage.database import new_id, now
from hub.timeline.models import Message
from tests.support.case import Case


async def test_every_write_answers_with_the_row_as_it_is_now(case: Case, bot: httpx.AsyncClient) -> None:
    here = f"/api/conversations/{case.conversation}"
    until = (now() + timedelta(hours=1)).isoformat()
    story: list[tuple[str, str, object, dict[str, object]]] = [
        ("POST", "/claim", None, {"state": "open"}),
        ("PUT", "/snooze", {"until": until}, {"state": "snoozed"}),
        ("DELETE", "/snooze", None, {"state": "open", "snoozed_until": None}),
        ("PATCH", "/tags", {"add": ["VIP"]}, {"tags": ["vip"]}),
        ("PUT", "/resolution", {"wrap_up": "sold"}, {"state": "resolved"}),
        ("DELETE", "/resolution", None, {"state": "open"}),
        ("PUT", "/assignment", {"agent_id": str(case.ben.agent_id)}, {"assignee_id": str(case.ben.agent_id)}),
        ("PUT", "/read", {"inbound_read": 1}, {"inbound_count": 1}),
    ]
    for method, path, body, expected in story:
        answer = await bot.request(method, here + path, json=body)
        assert answer.status_code == 200, (path, answer.text)
        row = answer.json()["row"]
        assert {name: row[name] for name in expected} == expected
    draft = await bot.put(f"{here}/draft", json={"channel_id": None, "text": "Hm"})
    assert draft.status_code == 204


async def test_answers_and_notes_come_back_as_timeline_items(case: Case, bot: httpx.AsyncClient) -> None:
    here = f"/api/conversations/{case.conversation}"
    reply = {
        "id": str(new_id()),
        "channel_id": str(case.channel),
        "point_id": str(case.point),
        "text": "Hello",
        "undo_seconds": 20,
        "seen": 1,
    }
    answer = await bot.post(f"{here}/replies", json=reply)
    assert answer.status_code == 201, answer.text
    item = answer.json()
    assert (item["text"], item["status"], item["author"]["name"]) == ("Hello", "queued", "Robo")
    noted = await bot.post(f"{here}/notes", json={"id": str(new_id()), "text": "Hm"})
    assert (noted.status_code, noted.json()["direction"]) == (201, "internal")
    back = await bot.delete(f"/api/messages/{reply['id']}/queued")
    assert back.json() == {"text": "Hello", "subject": "Re: Parcel", "channel_id": str(case.channel), "attachments": []}


async def test_a_collision_carries_its_code(case: Case, bot: httpx.AsyncClient) -> None:
    await case.reply(case.ann)
    reply = {"id": str(new_id()), "channel_id": str(case.channel), "point_id": str(case.point), "text": "x", "seen": 1}
    answer = await bot.post(f"/api/conversations/{case.conversation}/replies", json=reply)
    assert (answer.status_code, answer.json()["code"]) == (409, "newer_reply")


async def test_bad_words_are_refused_with_the_field(case: Case, bot: httpx.AsyncClient) -> None:
    here = f"/api/conversations/{case.conversation}"
    for path, body in (
        ("/snooze", {"until": "2030-01-01T00:00:00"}),
        ("/snooze", {"until": "soon"}),
        ("/read", {"inbound_read": -1}),
        ("/draft", {"channel_id": None, "text": "a", "extra": 1}),
        ("/assignment", {}),
    ):
        answer = await bot.put(here + path, json=body)
        assert answer.status_code == 422, (path, body, answer.text)
    missing = await bot.put(f"/api/conversations/{new_id()}/read", json={"inbound_read": 1})
    assert missing.status_code == 404


async def test_a_bot_says_whether_it_takes_work(case: Case, bot: httpx.AsyncClient) -> None:
    answer = await bot.put("/api/me/availability", json={"intent": "available"})
    assert (answer.status_code, answer.json()) == (200, {"intent": "available"})
    async with case.company.session() as session:
        intents = await session.scalars(select(Availability.intent))
        assert "available" in set(intents)
    assert (await bot.put("/api/me/availability", json={"intent": "asleep"})).status_code == 422


async def test_no_write_takes_many_statements(case: Case, bot: httpx.AsyncClient) -> None:
    counted: list[str] = []
    event.listen(
        case.company.context.engine.sync_engine, "before_cursor_execute", lambda *given: counted.append(given[2])
    )
    here = f"/api/conversations/{case.conversation}"
    reply = {"channel_id": str(case.channel), "point_id": str(case.point), "text": "Hello", "undo_seconds": 20}
    taken: dict[str, int] = {}
    for name, method, path, body in (
        ("reply", "POST", "/replies", {**reply, "id": str(new_id())}),
        ("note", "POST", "/notes", {"id": str(new_id()), "text": "Hm"}),
        ("claim", "POST", "/claim", None),
        ("snooze", "PUT", "/snooze", {"until": (now() + timedelta(hours=1)).isoformat()}),
        ("wake", "DELETE", "/snooze", None),
        ("tag", "PATCH", "/tags", {"add": ["a"]}),
        ("resolve", "PUT", "/resolution", {}),
        ("reopen", "DELETE", "/resolution", None),
        ("read", "PUT", "/read", {"inbound_read": 1}),
        ("draft", "PUT", "/draft", {"channel_id": None, "text": "Hm"}),
    ):
        counted.clear()
        assert (await bot.request(method, here + path, json=body)).is_success
        taken[name] = len(counted)
    assert max(taken.values()) <= 20, taken


async def test_a_bot_that_may_not_change_conversations_resolves_none_by_answering(
    case: Case, bot: httpx.AsyncClient
) -> None:
    async with case.company.session() as session:
        await session.execute(update(AccessToken).values(scopes=["conversations:read", "messages:write"]))
    told = await bot.post(
        f"/api/conversations/{case.conversation}/replies",
        json={
            "id": str(new_id()),
            "channel_id": str(case.channel),
            "point_id": str(case.point),
            "text": "Hello",
            "seen": 1,
            "resolve": True,
        },
    )
    assert (told.status_code, told.json()["params"]) == (403, {"right": "conversations:write"})


async def test_quarantined_arrivals_need_the_right_to_see_deliveries(case: Case, bot: httpx.AsyncClient) -> None:
    async with case.company.session() as session:
        message_id = (await session.scalars(select(Message.id).where(Message.direction == "inbound"))).one()
        await session.execute(update(AccessToken).values(scopes=["conversations:read"]))
    raw = f"/api/messages/{message_id}/raw"
    assert (await bot.get(raw)).status_code == 404, "this one is readable; its bytes are not kept"
    async with case.company.session() as session:
        await session.execute(update(Message).values(unreadable="broken"))
    assert (await bot.get(raw)).status_code == 403
