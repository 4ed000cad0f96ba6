"""Pure: which candidate gets an item, and the reasons, in short codes that a screen can translate."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from hashlib import blake2b
from uuid import UUID

from msgspec import Struct

from hub.routing.capacity import Hand, hand_of, room


class Candidate(Struct, frozen=True, kw_only=True):
    """An agent who could take work now."""

    agent_id: UUID
    hands: Mapping[str, Hand]
    idle_since: datetime  # the last assignment, or when they became available


class Choice(Struct, frozen=True):
    """Who gets it, and why."""

    agent_id: UUID
    reasons: tuple[str, ...]


def choose(
    candidates: Iterable[Candidate],
    *,
    item_id: UUID,
    work_class: str,
    units: int,
    team: str | None,
    at: datetime,
) -> Choice | None:
    """The agent with room who is least loaded, then idle for longest, then by a stable draw; or nobody."""
    able = [one for one in candidates if room(work_class, one.hands) >= units]
    if not able:
        return None
    best = min(able, key=lambda one: (_load(one, work_class), one.idle_since, _draw(item_id, one.agent_id)))
    hand = hand_of(work_class, best.hands)
    reasons = (
        f"member_of:{team}" if team else "anyone",
        f"room:{hand.cap - hand.used}/{hand.cap}",
        _decided(best, able, work_class, at),
    )
    return Choice(best.agent_id, reasons)


def _load(one: Candidate, work_class: str) -> Fraction:
    hand = hand_of(work_class, one.hands)
    return Fraction(hand.used, hand.cap)


def _draw(item_id: UUID, agent_id: UUID) -> bytes:
    return blake2b(item_id.bytes + agent_id.bytes, digest_size=8).digest()


def _decided(best: Candidate, able: list[Candidate], work_class: str, at: datetime) -> str:
    """Name the first rule that told the best from all others."""
    others = [one for one in able if one.agent_id != best.agent_id]
    if not others:
        return "only_one_free"
    equals = [one for one in others if _load(one, work_class) == _load(best, work_class)]
    if not equals:
        hand = hand_of(work_class, best.hands)
        return f"least_loaded:{hand.used}/{hand.cap}"
    if all(one.idle_since > best.idle_since for one in equals):
        return f"longest_idle:{max(0, round((at - best.idle_since).total_seconds()))}s"
    return "drawn"
