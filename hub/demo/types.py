"""The demo shop, its agents and contacts, and the batch in which conversations are stored."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct, field

from hub.channels import registry
from hub.channels.contract import WorkClass
from hub.errors import Reason
from hub.intake.plan import IntakeChannel, Plan
from hub.storage.database import Base
from hub.timeline.contacts import PointKey, StoredPoint

DOMAIN = "aurora.example"
ChannelKind = Literal["email", "webchat"]


class Scale(Struct, frozen=True, kw_only=True):
    """How much history the demo shop has."""

    customers: int = 2_200
    conversations: int = 6_600
    days: int = 182


class DemoAgent(Struct, frozen=True, kw_only=True):
    """An agent of the shop."""

    id: UUID
    name: str
    languages: tuple[str, ...]
    teams: frozenset[str]
    owner: bool = False

    @property
    def first(self) -> str:
        """Return the first name."""
        return self.name.split()[0]


class Shop(Struct, frozen=True, kw_only=True):
    """The shop: its channels, teams and agents, and the work they have by now."""

    now: datetime
    mail_id: UUID
    chat_id: UUID
    chat_key: str
    teams: Mapping[str, UUID]
    queues: Mapping[str, UUID]
    agents: Sequence[DemoAgent]
    usage: Counter[tuple[UUID, WorkClass]] = field(default_factory=Counter)
    queued: Counter[str] = field(default_factory=Counter)
    troubles: list[tuple[str, Reason]] = field(default_factory=list)

    def channel(self, kind: ChannelKind, team: str) -> IntakeChannel:
        """Return a channel of the shop; new conversations on it belong to the team."""
        return IntakeChannel(
            id=self.mail_id if kind == "email" else self.chat_id,
            kind=kind,
            team_id=self.teams[team],
            demo=True,
            capabilities=registry.capabilities(kind),
        )


class DemoContact(Struct, frozen=True, kw_only=True):
    """A customer of the shop, with the addresses by which each channel reaches them."""

    id: UUID
    name: str
    language: str
    visitor: UUID
    addresses: Mapping[str, PointKey]  # channel kind -> address
    points: Mapping[PointKey, StoredPoint]


class Batch(Struct, frozen=True, kw_only=True):
    """Conversations that are stored together: the rows planned by intake, and all other objects."""

    planned: Plan = field(default_factory=lambda: Plan(conversations={}))
    objects: list[Base] = field(default_factory=list)
