"""Page keys, which say where the next page of a list begins. Opaque to clients, except that they sort by time."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from hub.errors import BadInput
from hub.runtime.errors import PageKeyInvalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_BIGINT = 2**63 - 1
KEY_FORMAT = re.compile(r"(?P<micros>[0-9]{17,18}|-[0-9]{16,17})(?:m(?P<id>[0-9a-f]{32})|e(?P<position>[0-9]{20}))")


class PageKey(NamedTuple):
    """The sort key of one item in a list: its time, then the id of its row or its position in the event log."""

    at: datetime
    id: UUID | int


def page_key(at: datetime, id_: UUID | int) -> str:
    """Return the key of an item, by its time and its row's id or its position in the event log.

    From 1970 to 5138 keys have a fixed width, so that they sort as text like the items: by time to the microsecond,
    events (positions) before rows of the same instant.
    """
    micros = (at - EPOCH) // timedelta(microseconds=1)
    return f"{micros:017d}m{id_.hex}" if isinstance(id_, UUID) else f"{micros:017d}e{id_:020d}"


def parse_key(key: str, field: str = "after") -> PageKey:
    """Parse a page key. Raises BadInput with `field` as the field at fault when it is malformed."""
    match = KEY_FORMAT.fullmatch(key)
    if match is None or int(match["position"] or 0) > MAX_BIGINT:
        raise _invalid_key(field)
    try:
        at = EPOCH + timedelta(microseconds=int(match["micros"]))
    except OverflowError as error:
        raise _invalid_key(field) from error
    return PageKey(at, UUID(match["id"]) if match["id"] else int(match["position"]))


def parse_row_key(key: str, field: str = "after") -> tuple[datetime, UUID]:
    """Parse the page key of a row into its time and id. Raises BadInput, also for the key of an event."""
    at, id_ = parse_key(key, field)
    if not isinstance(id_, UUID):
        raise _invalid_key(field)
    return at, id_


def _invalid_key(field: str) -> BadInput:
    return PageKeyInvalid().at(field)
