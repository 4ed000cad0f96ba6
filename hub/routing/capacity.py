"""Pure: what an agent may hold of each class of work, what blocks what, and who can be given work at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

CAPS: Final[Mapping[str, int]] = {"rt": 1, "live": 3, "async": 8}
# Having the one refuses the other: on the phone nothing else, in a chat no phone, mail never in the way.
BLOCKS: Final[Mapping[str, frozenset[str]]] = {
    "rt": frozenset({"rt", "live", "async"}),
    "live": frozenset({"rt"}),
    "async": frozenset(),
}
OVERDRAFT: Final = 1  # what comes back to its owner may exceed the cap by this
SEEN_WITHIN: Final = timedelta(seconds=60)  # an inbox that gave no sign for longer is closed

LIVE_STATES: Final = ("held", "queued", "reserved", "accepted", "paused", "wrap_up")
IN_HAND: Final = ("reserved", "accepted", "wrap_up")  # these use up room
SYNCHRONOUS: Final = ("rt", "live")  # the customer waits at the other end


class Hand(Struct, frozen=True):
    """How many units of one class an agent has, and may have."""

    used: int
    cap: int


def hand_of(work_class: str, hands: Mapping[str, Hand]) -> Hand:
    """What an agent holds of a class; the default cap where nothing was ever written down."""
    return hands.get(work_class) or Hand(0, CAPS[work_class])


def room(work_class: str, hands: Mapping[str, Hand], *, overdraft: int = 0) -> int:
    """How many more units of this class the agent may get; 0 or less: none."""
    if any(hand.used and work_class in BLOCKS[other] for other, hand in hands.items()):
        return 0
    hand = hand_of(work_class, hands)
    return hand.cap + overdraft - hand.used


def is_present(seen_at: datetime | None, at: datetime) -> bool:
    """Whether the agent's inbox gave a sign of life lately."""
    return seen_at is not None and at - seen_at <= SEEN_WITHIN


def is_routable(intent: str, seen_at: datetime | None, at: datetime) -> bool:
    """Whether the router may give this agent work now."""
    return intent == "available" and is_present(seen_at, at)
