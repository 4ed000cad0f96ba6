"""A page key can be decoded again, sorts as its item does, and is refused when it is not one of ours."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadInput
from hub.runtime.errors import PageKeyInvalid
from hub.runtime.page_keys import EPOCH, PageKey, page_key, parse_key, parse_row_key

TIMES = st.datetimes(timezones=st.just(UTC))
IDS = st.uuids() | st.integers(0, 2**63 - 1)
SORTED = st.integers(0, 10**17 - 1).map(lambda micros: EPOCH + timedelta(microseconds=micros))
ID = UUID("0197a0b0-0000-7000-8000-000000000001")


@given(TIMES, IDS)
def test_a_key_names_its_place_again(at: datetime, id_: UUID | int) -> None:
    assert parse_key(page_key(at, id_)) == PageKey(at, id_)


@given(TIMES, st.uuids())
def test_a_row_s_key_names_its_row_again(at: datetime, id_: UUID) -> None:
    assert parse_row_key(page_key(at, id_)) == (at, id_)


@given(st.lists(st.tuples(SORTED, IDS), max_size=8))
def test_keys_sort_as_their_items_do(places: list[tuple[datetime, UUID | int]]) -> None:
    def order(place: tuple[datetime, UUID | int]) -> tuple[datetime, bool, int]:
        at, id_ = place
        return (at, isinstance(id_, UUID), int(id_))

    assert sorted(page_key(*place) for place in places) == [page_key(*place) for place in sorted(places, key=order)]


@given(st.text() | st.text("0123456789abcdefme-", max_size=60))
def test_anything_else_is_refused_as_bad_input(written: str) -> None:
    with suppress(BadInput):
        at, id_ = parse_key(written)
        assert page_key(at, id_) == written


@pytest.mark.parametrize(
    "written",
    [
        "",
        "~",
        "m",
        f"2026-01-01T00:00:00~{ID}",
        f"01767225600000000m{ID}",
        "01767225600000000e99999999999999999999",
        "01767225600000000e-0000000000000000001",
        "01767225600000000e0000000000000000000１",
        f"999999999999999999m{ID.hex}",
        f"01767225600000000m{ID.hex}\n",
        f"0_767225600000000m{ID.hex}",
    ],
)
def test_an_invalid_key_is_refused_with_the_name_of_the_field(written: str) -> None:
    with pytest.raises(PageKeyInvalid) as refused:
        parse_key(written, "before")
    assert refused.value.field == "before"


def test_an_event_s_key_is_no_place_in_a_list_of_rows() -> None:
    with pytest.raises(BadInput):
        parse_row_key(page_key(datetime(2026, 1, 1, tzinfo=UTC), 7))
