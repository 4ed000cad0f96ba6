"""The desks: who takes work, who was seen, and how much of each class everybody has in hand."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from hub.events.definitions import AvailabilityChanged, Intent
from hub.events.log import record
from hub.routing.capacity import CAPS, Hand, is_routable, room
from hub.routing.models import Desk, Load
from hub.runtime.context import publish_on_commit
from hub.storage.bulk import insert_many
from hub.storage.database import now

ROUTING = "routing"  # rung after a commit that may let somebody have work


async def seen(session: AsyncSession, agent_ids: Collection[UUID], *, at: datetime | None = None) -> None:
    """Note that these agents have an inbox open just now."""
    rows = [{"agent_id": agent_id, "seen_at": at or now(), **_fresh()} for agent_id in sorted(set(agent_ids))]
    await insert_many(session, Desk, rows, tail="on conflict (agent_id) do update set seen_at = excluded.seen_at")


async def set_intent(session: AsyncSession, agent_id: UUID, intent: Intent) -> None:
    """Make an agent available, away or offline; away and offline keep what is in hand and get nothing new."""
    desk = (await lock_desks(session, [agent_id]))[agent_id]
    desk.seen_at = now()
    if desk.intent != intent:
        desk.intent, desk.intent_at, desk.version = intent, now(), desk.version + 1
        record(session, AvailabilityChanged(agent_id=agent_id, intent=intent), agent_id=agent_id)
    if intent == "available":
        publish_on_commit(session, ROUTING, b"")


async def lock_desks(session: AsyncSession, agent_ids: Iterable[UUID]) -> dict[UUID, Desk]:
    """Lock desks in the order of their ids, made where they are missing; conversations are locked before desks."""
    wanted = sorted(set(agent_ids))
    desks = await _locked(session, wanted)
    if len(desks) < len(wanted):
        rows = [{"agent_id": agent_id, **_fresh()} for agent_id in wanted if agent_id not in desks]
        await session.execute(insert(Desk).values(rows).on_conflict_do_nothing())
        desks = await _locked(session, wanted)
    return desks


async def hands(session: AsyncSession, agent_ids: Collection[UUID]) -> dict[UUID, dict[str, Hand]]:
    """What these agents have in hand, by class."""
    found: dict[UUID, dict[str, Hand]] = {agent_id: {} for agent_id in agent_ids}
    if not found:
        return found
    rows = await session.execute(
        select(Load.agent_id, Load.work_class, Load.used, Load.cap).where(Load.agent_id.in_(found))
    )
    for agent_id, work_class, used, cap in rows:
        found[agent_id][work_class] = Hand(used, cap)
    return found


async def would_take(session: AsyncSession, desk: Desk, work_class: str, units: int, *, overdraft: int) -> bool:
    """Whether the agent of this locked desk is here and has room, counting the overdraft."""
    if not is_routable(desk.intent, desk.seen_at, now()):
        return False
    held = await hands(session, [desk.agent_id])
    return room(work_class, held[desk.agent_id], overdraft=overdraft) >= units


async def take_room(session: AsyncSession, agent_id: UUID, work_class: str, units: int) -> Hand:
    """Count units into a hand whose desk is locked, and tell what it holds then."""
    taking = insert(Load).values(agent_id=agent_id, work_class=work_class, used=units, cap=CAPS[work_class], version=1)
    used, cap = (
        await session.execute(
            taking.on_conflict_do_update(
                index_elements=["agent_id", "work_class"],
                set_={"used": Load.used + units, "version": Load.version + 1},
            ).returning(Load.used, Load.cap)
        )
    ).one()
    return Hand(used, cap)


async def give_room(session: AsyncSession, agent_id: UUID, work_class: str, units: int) -> None:
    """Count units out of a hand whose desk is locked."""
    await session.execute(
        update(Load)
        .where(Load.agent_id == agent_id, Load.work_class == work_class)
        .values(used=Load.used - units, version=Load.version + 1)
        .execution_options(synchronize_session=False)
    )


async def _locked(session: AsyncSession, agent_ids: list[UUID]) -> dict[UUID, Desk]:
    found = await session.execute(
        select(Desk)
        .where(Desk.agent_id.in_(agent_ids))
        .order_by(Desk.agent_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {desk.agent_id: desk for desk in found.scalars()}


def _fresh() -> dict[str, object]:
    return {"intent": "offline", "intent_at": now(), "version": 1}
