"""Which agents take new work, when their inbox was last open, and how much work of each class they have."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.channels.contract import WorkClass
from hub.events.definitions import AvailabilityChanged, Intent
from hub.events.log import record
from hub.routing.capacity import CAPS, Usage, free_units, is_routable
from hub.routing.models import Availability, Load
from hub.runtime.context import publish_on_commit
from hub.storage.bulk import insert_many
from hub.storage.database import now

ROUTING = "routing"  # topic of the signal after a commit that may allow the router to assign work


async def mark_inbox_open(session: AsyncSession, agent_ids: Collection[UUID], *, at: datetime | None = None) -> None:
    """Record that these agents had an inbox open at a time; `at` None: now."""
    rows = [{"agent_id": agent_id, "seen_at": at or now(), **_offline()} for agent_id in sorted(set(agent_ids))]
    tail = "on conflict (agent_id) do update set seen_at = excluded.seen_at"
    await insert_many(session, Availability, rows, tail=tail)


async def set_intent(session: AsyncSession, agent_id: UUID, intent: Intent) -> None:
    """Make an agent available, away or offline; away and offline agents keep their work and get nothing new."""
    availability = (await lock_availability(session, [agent_id]))[agent_id]
    availability.seen_at = now()
    if availability.intent is not intent:
        availability.intent, availability.intent_at = intent, now()
        availability.version += 1
        record(session, AvailabilityChanged(agent_id=agent_id, intent=intent), agent_id=agent_id)
    if intent is Intent.AVAILABLE:
        publish_on_commit(session, ROUTING, b"")


async def lock_availability(session: AsyncSession, agent_ids: Iterable[UUID]) -> dict[UUID, Availability]:
    """Lock the availability rows of agents in the order of their ids, creating missing rows; return them by agent id.

    A caller that also locks conversations locks those first.
    """
    wanted = sorted(set(agent_ids))
    locked = await _locked(session, wanted)
    if len(locked) < len(wanted):
        rows = [{"agent_id": agent_id, **_offline()} for agent_id in wanted if agent_id not in locked]
        await session.execute(insert(Availability).values(rows).on_conflict_do_nothing())
        locked = await _locked(session, wanted)
    return locked


async def usage_by_agent(session: AsyncSession, agent_ids: Collection[UUID]) -> dict[UUID, dict[WorkClass, Usage]]:
    """Return each agent's usage by work class; a class that was never used is missing."""
    found: dict[UUID, dict[WorkClass, Usage]] = {agent_id: {} for agent_id in agent_ids}
    if not found:
        return found
    rows = await session.execute(
        select(Load.agent_id, Load.work_class, Load.used, Load.cap).where(Load.agent_id.in_(found))
    )
    for agent_id, work_class, used, cap in rows:
        found[agent_id][work_class] = Usage(used, cap)
    return found


async def can_take(
    session: AsyncSession, availability: Availability, work_class: WorkClass, units: int, *, overdraft: int
) -> bool:
    """Return whether an agent, whose availability is locked, is available, present and has capacity for the units.

    `overdraft` is by how many units the agent's cap may be exceeded.
    """
    if not is_routable(availability.intent, availability.seen_at, now()):
        return False
    usage = await usage_by_agent(session, [availability.agent_id])
    return free_units(work_class, usage[availability.agent_id], overdraft=overdraft) >= units


async def add_usage(session: AsyncSession, agent_id: UUID, work_class: WorkClass, units: int) -> Usage:
    """Add units to the usage of an agent, whose availability is locked; return the new usage."""
    adding = insert(Load).values(agent_id=agent_id, work_class=work_class, used=units, cap=CAPS[work_class], version=1)
    used, cap = (
        await session.execute(
            adding.on_conflict_do_update(
                index_elements=["agent_id", "work_class"],
                set_={"used": Load.used + units, "version": Load.version + 1},
            ).returning(Load.used, Load.cap)
        )
    ).one()
    return Usage(used, cap)


async def remove_usage(session: AsyncSession, agent_id: UUID, work_class: WorkClass, units: int) -> None:
    """Subtract units from the usage of an agent, whose availability is locked."""
    await session.execute(
        update(Load)
        .where(Load.agent_id == agent_id, Load.work_class == work_class)
        .values(used=Load.used - units, version=Load.version + 1)
        .execution_options(synchronize_session=False)
    )


async def _locked(session: AsyncSession, agent_ids: list[UUID]) -> dict[UUID, Availability]:
    found = await session.execute(
        select(Availability)
        .where(Availability.agent_id.in_(agent_ids))
        .order_by(Availability.agent_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {availability.agent_id: availability for availability in found.scalars()}


def _offline() -> dict[str, object]:
    return {"intent": Intent.OFFLINE, "intent_at": now(), "version": 1}
