"""Keys of pages: where the next page of a list begins. Opaque to clients, except that they sort by time."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hub.errors import BadInput
from hub.runtime.errors import PageKeyInvalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 2**63 - 1  # of a bigint
WRITTEN = re.compile(r"(?P<micros>[0-9]{17,18}|-[0-9]{16,17})(?:m(?P<id>[0-9a-f]{32})|e(?P<position>[0-9]{20}))")


class PageKey(NamedTuple):
    """The place of one item in a list: its time, then the id of its row or its position in the event log."""

    at: datetime
    id: UUID | int


def page_key(at: datetime, id_: UUID | int) -> str:
    """Return the key of an item, by its time and its row's id or its position in the event log.

    Keys are of fixed width from 1970 to 5138, so that their order is that of the items: by time to the microsecond,
    events (positions) before rows of the same instant.
    """
    micros = (at - EPOCH) // timedelta(microseconds=1)
    return f"{micros:017d}m{id_.hex}" if isinstance(id_, UUID) else f"{micros:017d}e{id_:020d}"


def parse_key(written: str, field: str = "after") -> PageKey:
    """Return the place that a key names. Raises BadInput, naming `field`, when it is not a key of ours."""
    found = WRITTEN.fullmatch(written)
    if found is None or int(found["position"] or 0) > LARGEST:
        raise _foreign(field)
    try:
        at = EPOCH + timedelta(microseconds=int(found["micros"]))
    except OverflowError as error:
        raise _foreign(field) from error
    return PageKey(at, UUID(found["id"]) if found["id"] else int(found["position"]))


def parse_row_key(written: str, field: str = "after") -> tuple[datetime, UUID]:
    """Return time and id of the row that a key names. Raises BadInput, for the key of an event as well."""
    at, id_ = parse_key(written, field)
    if not isinstance(id_, UUID):
        raise _foreign(field)
    return at, id_


def _foreign(field: str) -> BadInput:
    return PageKeyInvalid().at(field)
