"""Writes and reads a delivery's history: one entry per attempt, part, lookup or decision."""

from datetime import datetime

from sqlalchemy import ColumnElement, Text, case, cast, func, literal
from sqlalchemy.dialects.postgresql import JSONB

from hub.delivery.models import Delivery
from hub.errors import Reason, reason_to_json

MAX_ENTRIES = 40
KEPT_AT_START = 10  # entries at the beginning that a long history keeps


def with_entry(step: str, outcome: str | Reason) -> ColumnElement[object]:
    """Return the SQL expression of the history with an entry appended; a long history loses one from its middle."""
    detail, reason = (outcome.detail, reason_to_json(outcome)) if isinstance(outcome, Reason) else (outcome, None)
    entry = func.jsonb_build_object(
        "at", func.now(), "what", cast(step, Text), "detail", cast(detail, Text), "reason", cast(reason, JSONB)
    )
    history = cast(Delivery.history, JSONB)
    shortened = history.op("-")(literal(KEPT_AT_START))
    return case((func.jsonb_array_length(history) < MAX_ENTRIES, history), else_=shortened).op("||")(entry)


def sent_parts(delivery: Delivery) -> list[str]:
    """Return the provider's ids of the parts that were sent already, in order."""
    return [entry["detail"] for entry in delivery.history if entry["what"] == "part"]


def count_lookups(delivery: Delivery) -> int:
    """Return how often the message was looked up since it became doubtful."""
    steps = [entry["what"] for entry in delivery.history]
    last = len(steps) - 1 - steps[::-1].index("doubtful") if "doubtful" in steps else 0
    return steps[last:].count("looked")


def first_tried_at(delivery: Delivery, send_at: datetime | None) -> datetime:
    """Return when a delivery was first tried: when it was first due, or when an agent last retried it."""
    retries = [entry["at"] for entry in delivery.history if entry["what"] == "retried"]
    return datetime.fromisoformat(retries[-1]) if retries else (send_at or delivery.created_at)
