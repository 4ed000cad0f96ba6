"""Rows of another team are not found: every route is called with foreign ids in path and body."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, text, update

from hub.access.credentials import SharedPasswordChecker
from hub.access.models import Agent
from hub.access.rights import Role
from hub.entrypoints.app import create_app, described
from hub.events.definitions import Intent
from hub.storage.database import new_id
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.models import Attachment, Conversation
from tests.support.case import Case, open_case
from tests.support.database import make_database
from tests.support.examples import example

BASE = "http://localhost:8000"
PASSWORD = "seven quiet otters 4 tea"
OTHER_DOORS = ("/api/chat/", "/api/callbacks/", "/api/demo/")  # visitors, providers and the demo have no agent's rights
SCHEMAS = described().to_schema()["components"]["schemas"]
UNTOUCHED = ("conversation", "message", "contact", "contact_point", "delivery", "entry", "draft", "attachment", "team")


@dataclass
class Foreign:
    """A signed-in agent, and the ids of another team's rows."""

    case: Case
    browser: httpx.AsyncClient
    ids: dict[str, str]

    async def state(self) -> dict[str, list[str]]:
        async with self.case.company.session() as session:
            return {
                table: list(await session.scalars(text(f"select t::text from {table} t order by 1")))
                for table in UNTOUCHED
            }

    def body(self, name: str) -> dict[str, object]:
        return example(SCHEMAS, name, self.ids | {"into": self.ids["contact_id"], "id": str(new_id())})


@pytest.fixture(scope="session")
def foreign_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "foreign")


@pytest.fixture
async def foreign(foreign_url: str, tmp_path: Path) -> AsyncIterator[Foreign]:
    async with open_case(foreign_url, tmp_path) as case:
        stranger = await case.company.agent(await case.company.team("Other"), role=Role.AGENT, intent=Intent.AWAY)
        message = await case.hear("My parcel Xylophone")
        queued = await case.reply(case.ann)
        kept = await case.company.context.shared(SharedPasswordChecker).hash(PASSWORD)
        async with case.company.session() as session:
            file = Attachment(digest="00", filename="a.txt", media_type="image/png", size=3, message_id=message)
            session.add(file)
            email = await session.scalar(select(Agent.email).where(Agent.id == stranger))
            contact = await session.scalar(select(Conversation.contact_id).where(Conversation.id == case.conversation))
            await session.execute(update(Agent).where(Agent.id == stranger).values(password_hash=kept))
        ids: dict[str, object] = {
            "conversation_id": case.conversation,
            "contact_id": contact,
            "message_id": message,
            "queued": queued,
            "attachment_id": file.id,
            "delivery_id": queued,
            "channel_id": case.channel,
            "point_id": case.point,
            "team_id": case.team,
            "agent_id": case.ann.agent_id,
        }
        ids |= dict.fromkeys(("arrival_id", "sign_in_id", "token_id"), new_id())
        transport = httpx.ASGITransport(app=cast("Any", create_app(case.company.context)))
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Origin": BASE}) as browser:
            me = await browser.post("/api/session", json={"email": email, "password": PASSWORD})
            browser.headers["X-CSRF-Token"] = me.json()["csrf"]
            yield Foreign(case, browser, {name: str(id_) for name, id_ in ids.items()})


def routes() -> Iterator[tuple[str, str, str]]:
    """Return method, path and the name of the body of every route that agents and bots use."""
    document = described().to_schema()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            schema = re.search(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(operation.get("requestBody", {})))
            if not path.startswith(OTHER_DOORS):
                yield method.upper(), path, schema[1] if schema else ""


WITH_IDS = [route for route in routes() if "{" in route[1]]
LISTS = [path for method, path, _ in routes() if method == "GET" and "{" not in path]


async def test_no_route_finds_or_changes_anything_by_a_foreign_id(foreign: Foreign) -> None:
    assert len(WITH_IDS) > 30
    before = await foreign.state()
    found = {}
    for method, path, body in WITH_IDS:
        ids = foreign.ids | ({"message_id": foreign.ids["queued"]} if path.endswith("/queued") else {})
        there = path.format_map(ids)
        answer = await foreign.browser.request(method, there, json=foreign.body(body) if body else None)
        if answer.status_code not in {403, 404}:
            found[f"{method} {path}"] = (answer.status_code, answer.text)
    assert found == {}
    assert await foreign.state() == before


async def test_hidden_rows_are_not_found_rather_than_forbidden(foreign: Foreign) -> None:
    told = {}
    for method, path, body in WITH_IDS:
        if path.startswith(("/api/conversations/", "/api/contacts/", "/api/messages/", "/api/attachments/")):
            there = path.format_map(foreign.ids)
            answer = await foreign.browser.request(method, there, json=foreign.body(body) if body else None)
            told[f"{method} {path}"] = answer.status_code
    assert set(told.values()) == {404}, told


async def test_no_list_search_or_count_tells_of_anything_foreign(foreign: Foreign) -> None:
    hidden = {foreign.ids[name] for name in ("conversation_id", "contact_id", "message_id", "queued", "delivery_id")}
    words = [{"q": word} for word in ("Xylophone", "Parcel", "Cleo", "customer.test")]
    for path in LISTS:
        for asked in words if path == "/api/search" else [{}]:
            answer = await foreign.browser.get(path, params=asked)
            assert not any(id_ in answer.text for id_ in hidden), (path, asked)
            assert "Xylophone" not in answer.text
    counts = (await foreign.browser.get("/api/inbox")).json()["counts"]
    assert (counts["open"], counts["unassigned"], counts["mine"]) == (0, 0, 0)
    for view in ("mine", "unassigned", "open", "snoozed", "mentions"):
        listed = await foreign.browser.get("/api/conversations", params={"view": view})
        assert foreign.ids["conversation_id"] not in listed.text


async def test_a_contact_of_ones_own_cannot_be_merged_with_a_foreign_one(foreign: Foreign) -> None:
    own = await foreign.case.company.conversation()
    async with foreign.case.company.session() as session:
        contact = await session.scalar(select(Conversation.contact_id).where(Conversation.id == own))
    assert isinstance(contact, UUID)
    assert (await foreign.browser.get(f"/api/contacts/{contact}")).status_code == 200
    asked = await foreign.browser.post(f"/api/contacts/{contact}/merge", json={"into": foreign.ids["contact_id"]})
    assert asked.status_code == 404
