"""The SQL clause of visibility and its Python twin, both compared with a third, independent implementation."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, Uuid, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from hub.access.rights import Right, Role, Viewer
from hub.access.scope import sees, visible

TEAMS = [UUID(int=number) for number in range(1, 6)]
AGENTS = [UUID(int=number) for number in range(101, 106)]
Row = tuple[UUID | None, UUID | None]
scoped = Table(
    "scoped", MetaData(), Column("id", Uuid, primary_key=True), Column("team_id", Uuid), Column("assignee_id", Uuid)
)
rows = st.lists(st.tuples(st.none() | st.sampled_from(TEAMS), st.none() | st.sampled_from(AGENTS)), max_size=25)
viewers = st.builds(
    Viewer,
    agent_id=st.sampled_from(AGENTS),
    role=st.sampled_from(Role),
    team_ids=st.frozensets(st.sampled_from(TEAMS)),
    scopes=st.none() | st.frozensets(st.sampled_from(Right), max_size=6),
)


def oracle(viewer: Viewer, team: UUID | None, assignee: UUID | None) -> bool:
    """Decide as the policy in the manual does, in plain steps and without the product's tables."""
    if viewer.scopes is not None and "conversations:read" not in {str(scope) for scope in viewer.scopes}:
        return False
    everything = str(viewer.role) in {"owner", "admin", "supervisor", "auditor"}
    narrowed = viewer.scopes is not None and "conversations:all" not in {str(scope) for scope in viewer.scopes}
    if everything and not narrowed:
        return True
    if team is None:
        return True
    if any(team == mine for mine in viewer.team_ids):
        return True
    return assignee is not None and assignee == viewer.agent_id


@pytest.fixture
def line(access_url: str) -> Iterator[tuple[asyncio.Runner, AsyncConnection]]:
    with asyncio.Runner() as runner:
        engine = create_async_engine(access_url)

        async def begin() -> AsyncConnection:
            connection = await engine.connect()
            await connection.run_sync(scoped.metadata.create_all)
            return connection

        connection = runner.run(begin())
        yield runner, connection
        runner.run(connection.close())
        runner.run(engine.dispose())


async def shown(connection: AsyncConnection, staff: list[Row], viewer: Viewer) -> set[int]:
    values = [{"id": UUID(int=n), "team_id": team, "assignee_id": agent} for n, (team, agent) in enumerate(staff)]
    async with connection.begin_nested() as trial:
        if values:
            await connection.execute(insert(scoped), values)
        clause = visible(viewer, scoped.c.team_id, scoped.c.assignee_id)
        found = {id_.int for id_ in await connection.scalars(select(scoped.c.id).where(clause))}
        await trial.rollback()
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, viewers)
def test_the_clause_its_twin_and_the_oracle_agree(
    line: tuple[asyncio.Runner, AsyncConnection], staff: list[Row], viewer: Viewer
) -> None:
    runner, connection = line
    wanted = {number for number, row in enumerate(staff) if oracle(viewer, *row)}
    assert {number for number, row in enumerate(staff) if sees(viewer, *row)} == wanted
    assert runner.run(shown(connection, staff, viewer)) == wanted


def test_the_question_has_one_shape_for_any_number_of_teams() -> None:
    few, many = (Viewer(agent_id=AGENTS[0], role=Role.AGENT, team_ids=frozenset(TEAMS[:n])) for n in (0, 5))
    assert str(visible(few, scoped.c.team_id, scoped.c.assignee_id).compile()) == str(
        visible(many, scoped.c.team_id, scoped.c.assignee_id).compile()
    )
