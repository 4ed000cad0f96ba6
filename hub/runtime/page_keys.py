"""Keys of pages: where the next page of a list begins."""

from datetime import UTC, datetime
from uuid import UUID

from hub.runtime.errors import PageKeyInvalid


def next_key(at: datetime, id_: UUID) -> str:
    """Return the key after which the next page begins: the time and id of the last row of this page."""
    return f"{at.astimezone(UTC).isoformat().removesuffix('+00:00')}Z_{id_}"


def parse_key(after: str) -> tuple[datetime, UUID]:
    """Return the time and id in a key. Raises BadInput when it is not a key of ours."""
    at, _, id_ = after.partition("_")
    try:
        return datetime.fromisoformat(at), UUID(id_)
    except ValueError as error:
        raise PageKeyInvalid().at("after") from error
