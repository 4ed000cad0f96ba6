"""Who and what the demo's conversations are told with, and the rows they leave."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from msgspec import Struct, field

DOMAIN = "aurora.example"
Row = dict[str, Any]


class Scale(Struct, frozen=True, kw_only=True):
    """How much history the demo shop has."""

    customers: int = 2_200
    conversations: int = 6_600
    days: int = 182


class Worker(Struct, frozen=True, kw_only=True):
    """Somebody who answers."""

    id: UUID
    name: str
    languages: tuple[str, ...]
    teams: frozenset[str]
    owner: bool = False

    @property
    def first(self) -> str:
        """Give the first name."""
        return self.name.split()[0]


class House(Struct, frozen=True, kw_only=True):
    """The shop: its channels, teams and people, and what they have in hand."""

    now: datetime
    mail_id: UUID
    chat_id: UUID
    chat_key: str
    teams: Mapping[str, UUID]
    queues: Mapping[str, UUID]
    staff: Sequence[Worker]
    hands: dict[tuple[UUID, str], int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    troubles: list[tuple[str, str]] = field(default_factory=list)


class Client(Struct, frozen=True, kw_only=True):
    """A customer, and where they can be reached."""

    id: UUID
    name: str
    address: str
    language: str
    mail_point: UUID | None
    chat_point: UUID | None
    visitor: UUID
    user: str  # the shop's own number of a customer who signs in there, or ""


class Rows(Struct, kw_only=True):
    """Rows of many conversations, table by table."""

    conversations: list[Row] = field(default_factory=list)
    tags: list[tuple[UUID, str]] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    attachments: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    mentions: list[Row] = field(default_factory=list)
    marks: list[Row] = field(default_factory=list)
    items: list[Row] = field(default_factory=list)
    reservations: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)


def id_at(chance: Random, at: datetime) -> UUID:
    """Make a UUID of version 7 of that moment (RFC 9562 §5.7)."""
    head = int(at.timestamp() * 1000) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64
    return UUID(int=head | 0b10 << 62 | chance.getrandbits(62))
