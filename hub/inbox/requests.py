"""What agents and bots send to the inbox: every write, with its limits."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.timeline.schemas import AttachmentItem

MAX_TEXT = 100_000

Words = Annotated[str, Meta(max_length=MAX_TEXT)]
Subject = Annotated[str, Meta(max_length=500)]
Address = Annotated[str, Meta(min_length=3, max_length=254)]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, lt=2**31)]


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to the customer; `id` is the client's, and the same id again is the same answer.

    `seen` is the row's `inbound_count` on the writer's screen, `last_seen_id` the newest message there: if a
    colleague has answered since, it is refused (409, code "newer_reply") unless `force` is set.
    """

    id: UUID
    channel_id: UUID
    point_id: UUID
    text: Words
    subject: Subject | None = None
    cc: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()
    attachment_ids: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    resolve: bool = False
    undo_seconds: Annotated[int, Meta(ge=0, le=30)] | None = None
    seen: Count | None = None
    last_seen_id: UUID | None = None
    force: bool = False


class Note(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something only the team sees; `mentions` are the colleagues named in it."""

    id: UUID
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    mentions: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()


class TakenBack(Struct, frozen=True, kw_only=True):
    """What was taken back before it left: back into the composer with it."""

    text: str
    subject: str | None
    channel_id: UUID | None
    attachments: tuple[AttachmentItem, ...] = ()


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who has a conversation: an agent, or a team's queue, or (both null) the queue of everybody.

    With an agent, a `team_id` of null keeps the team; left out, the team stays as it is in any case.
    """

    agent_id: UUID | None
    team_id: UUID | UnsetType | None = UNSET


class Resolution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The matter is settled; `wrap_up` says how."""

    wrap_up: Annotated[str, Meta(max_length=100)] | None = None


class Snooze(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sleep until then, or until the customer writes."""

    until: Instant


class Tagging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags to put on and to take off."""

    add: Annotated[tuple[str, ...], Meta(max_length=60)] = ()
    remove: Annotated[tuple[str, ...], Meta(max_length=60)] = ()


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many of the customer's messages are read; `back` lets the mark go back ("unread from here")."""

    inbound_read: Count
    back: bool = False


class Drafting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agent has begun to write (channel null: a note); an empty text drops it."""

    channel_id: UUID | None
    text: Words
    subject: Subject | None = None
