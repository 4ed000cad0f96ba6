"""Choose which agent gets a work item, with the reasons as short codes that a screen can translate. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from hashlib import blake2b
from uuid import UUID

from msgspec import Struct

from hub.channels.contract import WorkClass
from hub.routing.capacity import Usage, free_units, usage_of


class Candidate(Struct, frozen=True, kw_only=True):
    """An agent who could take work now."""

    agent_id: UUID
    usage: Mapping[WorkClass, Usage]
    idle_since: datetime  # the last assignment, or when they became available


class Choice(Struct, frozen=True):
    """The agent who gets an item, and why."""

    agent_id: UUID
    reasons: tuple[str, ...]


def choose(
    candidates: Iterable[Candidate],
    *,
    item_id: UUID,
    work_class: WorkClass,
    units: int,
    team: str | None,
    at: datetime,
) -> Choice | None:
    """Choose the agent with capacity who is least loaded, then idle for longest, then by a stable draw.

    `team` is the name of the queue's team (None: the queue of all agents). None: no candidate has capacity.
    """
    able = [candidate for candidate in candidates if free_units(work_class, candidate.usage) >= units]
    if not able:
        return None
    best = min(
        able,
        key=lambda candidate: (_load(candidate, work_class), candidate.idle_since, _draw(item_id, candidate.agent_id)),
    )
    usage = usage_of(work_class, best.usage)
    reasons = (
        f"member_of:{team}" if team else "anyone",
        f"room:{usage.cap - usage.used}/{usage.cap}",
        _deciding_reason(best, able, work_class, at),
    )
    return Choice(best.agent_id, reasons)


def _load(candidate: Candidate, work_class: WorkClass) -> Fraction:
    usage = usage_of(work_class, candidate.usage)
    return Fraction(usage.used, usage.cap)


def _draw(item_id: UUID, agent_id: UUID) -> bytes:
    return blake2b(item_id.bytes + agent_id.bytes, digest_size=8).digest()


def _deciding_reason(best: Candidate, able: list[Candidate], work_class: WorkClass, at: datetime) -> str:
    """Name the first rule by which the best candidate differs from all others."""
    others = [candidate for candidate in able if candidate.agent_id != best.agent_id]
    if not others:
        return "only_one_free"
    equals = [candidate for candidate in others if _load(candidate, work_class) == _load(best, work_class)]
    if not equals:
        usage = usage_of(work_class, best.usage)
        return f"least_loaded:{usage.used}/{usage.cap}"
    if all(candidate.idle_since > best.idle_since for candidate in equals):
        return f"longest_idle:{max(0, round((at - best.idle_since).total_seconds()))}s"
    return "drawn"
