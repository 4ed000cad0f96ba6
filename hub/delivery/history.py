"""A delivery's history: one line for each thing that happened to it, and what the lines tell."""

from datetime import datetime

from sqlalchemy import ColumnElement, Text, case, cast, func, literal
from sqlalchemy.dialects.postgresql import JSONB

from hub.delivery.models import Delivery
from hub.errors import Reason, packed

REMEMBERED = 40
OLDEST = 10  # so many lines stay at the head of a long history


def line_of(what: str, told: str | Reason) -> ColumnElement[object]:
    """Append a line to a delivery's history; a long one loses a line in its middle."""
    detail, reason = (told.detail, packed(told)) if isinstance(told, Reason) else (told, None)
    line = func.jsonb_build_object(
        "at", func.now(), "what", cast(what, Text), "detail", cast(detail, Text), "reason", cast(reason, JSONB)
    )
    kept = cast(Delivery.history, JSONB)
    shortened = kept.op("-")(literal(OLDEST))
    return case((func.jsonb_array_length(kept) < REMEMBERED, kept), else_=shortened).op("||")(line)


def parts_gone(delivery: Delivery) -> list[str]:
    """Give the provider's ids of the parts that have gone already."""
    return [line["detail"] for line in delivery.history if line["what"] == "part"]


def looks(delivery: Delivery) -> int:
    """Count how often it was looked for since it became doubtful."""
    told = [line["what"] for line in delivery.history]
    last = len(told) - 1 - told[::-1].index("doubtful") if "doubtful" in told else 0
    return told[last:].count("looked")


def trying_since(delivery: Delivery, send_at: datetime | None) -> datetime:
    """Tell since when it is tried: since it was due first, or since a person asked for it anew."""
    asked = [line["at"] for line in delivery.history if line["what"] == "retried"]
    return datetime.fromisoformat(asked[-1]) if asked else (send_at or delivery.created_at)
