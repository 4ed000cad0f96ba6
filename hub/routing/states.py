"""The states of work items and reservations. Pure."""

from enum import StrEnum
from typing import Final


class ItemState(StrEnum):
    """The state of a work item."""

    HELD = "held"
    QUEUED = "queued"
    RESERVED = "reserved"
    ACCEPTED = "accepted"
    PAUSED = "paused"
    WRAP_UP = "wrap_up"
    DONE = "done"
    ABANDONED = "abandoned"
    CANCELLED = "cancelled"
    OVERFLOWED = "overflowed"


class ReservationState(StrEnum):
    """The state of an offer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESCINDED = "rescinded"


LIVE_STATES: Final = (
    ItemState.HELD,
    ItemState.QUEUED,
    ItemState.RESERVED,
    ItemState.ACCEPTED,
    ItemState.PAUSED,
    ItemState.WRAP_UP,
)
USES_CAPACITY: Final = (ItemState.RESERVED, ItemState.ACCEPTED, ItemState.WRAP_UP)
