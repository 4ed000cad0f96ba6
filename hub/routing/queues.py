"""Queues: one for each team and one for all agents, and how many items are queued in each."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Team
from hub.routing.models import Queue
from hub.storage.database import new_id, now

EVERYBODY = UUID(int=0)  # the queue without a team; its id is fixed, so that it cannot be created twice


async def queue_for(session: AsyncSession, team_id: UUID | None) -> UUID:
    """Return the id of a team's queue, created on first use; None: the queue of all agents."""
    return (await queues_for(session, [team_id]))[team_id]


async def queues_for(session: AsyncSession, team_ids: Collection[UUID | None]) -> dict[UUID | None, UUID]:
    """Return the queues of these teams, created where they are missing; a deleted team has the queue of all agents."""
    wanted = set(team_ids)
    found = await _found(session, wanted)
    if missing := wanted - set(found):
        await _create(session, missing | {None})
        found = await _found(session, wanted | {None})
    return {team_id: found.get(team_id) or found[None] for team_id in wanted}


async def update_counters(session: AsyncSession, changes: Mapping[UUID, int]) -> None:
    """Add changes to the counters of queues, ordered by id; always the last locks of a transaction."""
    for queue_id in sorted(queue_id for queue_id, change in changes.items() if change):
        await session.execute(
            update(Queue)
            .where(Queue.id == queue_id)
            .values(waiting=Queue.waiting + changes[queue_id])
            .execution_options(synchronize_session=False)
        )


async def _found(session: AsyncSession, team_ids: set[UUID | None]) -> dict[UUID | None, UUID]:
    teams = [team_id for team_id in team_ids if team_id]
    rows = await session.execute(
        select(Queue.team_id, Queue.id).where(or_(Queue.team_id.in_(teams), Queue.id == EVERYBODY))
    )
    return {team_id: queue_id for team_id, queue_id in rows if team_id in team_ids}


async def _create(session: AsyncSession, team_ids: set[UUID | None]) -> None:
    """Create queues, unless another process has just done so."""
    teams = await session.execute(
        select(Team.id, Team.name).where(Team.id.in_([team_id for team_id in team_ids if team_id]))
    )
    rows = [_row(new_id(), team.name, team.id) for team in teams]
    if None in team_ids:
        rows.append(_row(EVERYBODY, "", None))
    if rows:
        rows.sort(key=lambda row: str(row["team_id"]))
        await session.execute(insert(Queue).values(rows).on_conflict_do_nothing())


def _row(queue_id: UUID, name: str, team_id: UUID | None) -> dict[str, object]:
    common = {"waiting": 0, "automatic": True, "created_at": now()}
    return {"id": queue_id, "name": name, "team_id": team_id, **common}
