"""The choice of an agent for a work item."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.channels.contract import WorkClass
from hub.events.definitions import Intent
from hub.routing.capacity import CAPS, Usage, free_units, is_routable
from hub.routing.matching import Candidate, Choice, choose

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ITEM = UUID(int=99)


def candidate(number: int, used: int = 0, cap: int = 8, idle: int = 0, kind: WorkClass = WorkClass.ASYNC) -> Candidate:
    return Candidate(
        agent_id=UUID(int=number), usage={kind: Usage(used, cap)}, idle_since=NOON - timedelta(seconds=idle)
    )


def pick(*candidates: Candidate, work_class: WorkClass = WorkClass.ASYNC, team: str | None = "Sales") -> Choice | None:
    return choose(candidates, item_id=ITEM, work_class=work_class, units=1, team=team, at=NOON)


def test_nobody_gets_it_when_all_are_full() -> None:
    assert pick(candidate(1, used=8), candidate(2, used=9)) is None


def test_the_one_with_room_gets_it_and_the_reasons_say_so() -> None:
    choice = pick(candidate(1, used=8), candidate(2, used=5))
    assert choice == Choice(UUID(int=2), ("member_of:Sales", "room:3/8", "only_one_free"))


def test_the_least_loaded_goes_before_the_longest_idle() -> None:
    choice = pick(candidate(1, used=1, idle=900), candidate(2, used=2, cap=20, idle=5))
    assert choice == Choice(UUID(int=2), ("member_of:Sales", "room:18/20", "least_loaded:2/20"))


def test_of_equals_the_longest_idle_gets_it() -> None:
    choice = pick(candidate(1, idle=10), candidate(2, idle=420), team=None)
    assert choice == Choice(UUID(int=2), ("anyone", "room:8/8", "longest_idle:420s"))


def test_of_complete_equals_one_is_drawn_the_same_each_time() -> None:
    choice = pick(candidate(1), candidate(2), candidate(3))
    assert choice is not None
    assert choice.reasons[-1] == "drawn"
    assert choice == pick(candidate(3), candidate(1), candidate(2))


def test_a_phone_call_refuses_everything_else_and_a_chat_the_phone() -> None:
    assert free_units(WorkClass.ASYNC, {WorkClass.RT: Usage(1, 1)}) == 0
    assert free_units(WorkClass.RT, {WorkClass.LIVE: Usage(1, 3)}) == 0
    assert free_units(WorkClass.LIVE, {WorkClass.ASYNC: Usage(8, 8)}) == 3
    assert free_units(WorkClass.RT, {WorkClass.ASYNC: Usage(8, 8)}) == 1


def test_only_agents_available_and_seen_within_a_minute_get_work() -> None:
    assert is_routable(Intent.AVAILABLE, NOON - timedelta(seconds=60), NOON)
    assert not is_routable(Intent.AVAILABLE, NOON - timedelta(seconds=61), NOON)
    assert not is_routable(Intent.AVAILABLE, None, NOON)
    assert not is_routable(Intent.AWAY, NOON, NOON)


candidates = st.lists(
    st.builds(
        candidate,
        st.integers(1, 1000),
        used=st.integers(0, 10),
        cap=st.integers(0, 10),
        idle=st.integers(0, 10_000),
        kind=st.sampled_from(sorted(CAPS)),
    ),
    unique_by=lambda one: one.agent_id,
    max_size=12,
)


@given(candidates, st.sampled_from(sorted(CAPS)))
def test_the_choice_has_room_and_does_not_depend_on_the_order(some: list[Candidate], work_class: WorkClass) -> None:
    choice = pick(*some, work_class=work_class)
    able = [one for one in some if free_units(work_class, one.usage) >= 1]
    assert (choice is None) == (not able)
    assert pick(*reversed(some), work_class=work_class) == choice
    assert choice is None or choice.agent_id in {one.agent_id for one in able}
