"""A support case to work on, and a bot that works on it over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from hub.access.credentials import fingerprint
from hub.access.models import AccessToken, Agent, TeamMember
from hub.access.rights import RIGHTS, AgentKind, Role
from hub.entrypoints.app import create_app
from hub.storage.database import now
from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.case import Case, open_case
from tests.support.database import make_database

TOKEN = "hub_secret"


@pytest.fixture(scope="session")
def case_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "actions")


@pytest.fixture
async def case(case_url: str, tmp_path: Path) -> AsyncIterator[Case]:
    async with open_case(case_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def bot(case: Case) -> AsyncIterator[httpx.AsyncClient]:
    """Return a bot of the case's team, with every right that bots may have."""
    async with case.company.session() as session:
        agent = Agent(name="Robo", role=Role.BOT, kind=AgentKind.BOT)
        session.add(agent)
        await session.flush()
        session.add(TeamMember(team_id=case.team, agent_id=agent.id))
        session.add(
            AccessToken(
                agent_id=agent.id,
                name="t",
                token_hash=fingerprint(TOKEN),
                prefix="hub",
                scopes=[right.value for right in RIGHTS[Role.BOT]],
                last_used_at=now(),
            )
        )
    transport = httpx.ASGITransport(app=cast("Any", create_app(case.company.context)))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hub.test", headers=headers) as client:
        yield client
