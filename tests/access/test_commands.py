"""The commands that manage people, and the clean-up of access rows."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.access import commands
from hub.access.cleanup import delete_expired
from hub.access.limits import Limit, count_attempt
from hub.access.models import Agent, Attempt, Link, Purpose
from hub.access.rights import Role
from hub.errors import HubError
from hub.runtime.context import AppContext
from hub.storage.database import now
from tests.support.staff import Staff


async def test_the_first_start_makes_an_owner_and_the_next_one_does_not(staff: Staff, context: AppContext) -> None:
    browser = staff.browser()
    for _ in range(2):
        async with context.transaction() as session:
            owner, url = await commands.owner_link(session, context.settings)
        answer = await browser.post("/api/session/link", {"token": url.partition("#token=")[2]})
        assert (answer.status_code, answer.json()["role"]) == (200, "owner")
        assert url.startswith("http://localhost:8000/sign-in/link#token=")
        browser.carry(answer)
        assert owner.email == "owner@localhost"
    new = {"current": "", "new": "seven quiet otters 4 tea"}
    assert (await browser.post("/api/me/password", new)).status_code == 204
    async with context.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Agent)) == 1


async def test_a_person_is_added_to_a_team_by_name(staff: Staff, context: AppContext) -> None:
    await staff.team("Sales")
    async with context.transaction() as session:
        agent, url = await commands.add_agent(
            session, context.settings, name="Ana", email="ana@shop.example", role="admin", teams=["Sales"]
        )
    assert agent.role is Role.ADMIN
    assert url is not None
    assert "/invitation#token=" in url


@pytest.mark.parametrize(
    "given",
    [
        {"role": "king"},
        {"email": "nonsense"},
        {"email": None},
        {"name": ""},
        {"name": "a\nb"},
        {"teams": ["Nowhere"]},
        {"email": "taken@shop.example"},
    ],
)
async def test_wrong_input_is_reported_in_one_line(staff: Staff, context: AppContext, given: dict[str, Any]) -> None:
    await staff.agent("taken")
    words: dict[str, Any] = {"name": "Ana", "email": "ana@shop.example", "role": "agent", **given}
    with pytest.raises(HubError) as told:
        await _add(context, words)
    assert "\n" not in told.value.detail


async def _add(context: AppContext, words: dict[str, Any]) -> None:
    async with context.transaction() as session:
        await commands.add_agent(session, context.settings, **words)


async def test_the_cleanup_keeps_rows_in_use(staff: Staff, context: AppContext) -> None:
    browser = await staff.signed_in(await staff.agent("ana"))
    await staff.link(await staff.agent("ben"), Purpose.INVITATION)
    async with context.transaction() as session:
        await count_attempt(session, [Limit(subject="x", max_attempts=1)], now())
        await delete_expired(session, now())
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 1
    assert (await browser.get("/api/me")).status_code == 200
    async with context.transaction() as session:
        await delete_expired(session, now() + timedelta(days=30))
        assert await session.scalar(select(func.count()).select_from(Attempt)) == 0
        assert await session.scalar(select(func.count()).select_from(Link)) == 0
