"""How much work of each class an agent may have, which classes exclude each other, and who may get work. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from hub.channels.contract import WorkClass
from hub.events.definitions import Intent

CAPS: Final[Mapping[WorkClass, int]] = {WorkClass.RT: 1, WorkClass.LIVE: 3, WorkClass.ASYNC: 8}
# Having work of the first class excludes new work of the second: nothing during a call, no call during a chat.
BLOCKS: Final[Mapping[WorkClass, frozenset[WorkClass]]] = {
    WorkClass.RT: frozenset(WorkClass),
    WorkClass.LIVE: frozenset({WorkClass.RT}),
    WorkClass.ASYNC: frozenset(),
}
OVERDRAFT: Final = 1  # units by which work that returns to its previous owner may exceed the cap
SEEN_WITHIN: Final = timedelta(seconds=60)  # an inbox that has sent nothing for longer counts as closed
SYNCHRONOUS: Final = (WorkClass.RT, WorkClass.LIVE)  # calls and chats: the customer stays connected and waits


class Usage(Struct, frozen=True):
    """How many units of one work class an agent has, and may have."""

    used: int
    cap: int


def usage_of(work_class: WorkClass, usage: Mapping[WorkClass, Usage]) -> Usage:
    """Return an agent's usage of a class; none used, with the default cap, if nothing is stored."""
    return usage.get(work_class) or Usage(0, CAPS[work_class])


def free_units(work_class: WorkClass, usage: Mapping[WorkClass, Usage], *, overdraft: int = 0) -> int:
    """Return how many more units of a class an agent may get; 0 or less: none."""
    if any(usage_of_class.used and work_class in BLOCKS[other] for other, usage_of_class in usage.items()):
        return 0
    usage_of_class = usage_of(work_class, usage)
    return usage_of_class.cap + overdraft - usage_of_class.used


def is_present(seen_at: datetime | None, at: datetime) -> bool:
    """Return whether an agent's inbox was open within `SEEN_WITHIN` before `at`."""
    return seen_at is not None and at - seen_at <= SEEN_WITHIN


def is_routable(intent: Intent, seen_at: datetime | None, at: datetime) -> bool:
    """Return whether the router may assign work to an agent at a time: available and present."""
    return intent is Intent.AVAILABLE and is_present(seen_at, at)
