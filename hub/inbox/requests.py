"""Wire types of requests that change a conversation, with their limits."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.timeline.schemas import AttachmentItem

MAX_TEXT = 100_000  # characters

Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Subject = Annotated[str, Meta(max_length=500)]
Address = Annotated[str, Meta(min_length=3, max_length=254)]
Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0, lt=2**31)]


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reply to the customer; the client chooses `id`, and a repeated id means the same reply.

    `seen` is the row's `inbound_count` on the author's screen, `last_seen_id` the newest message there: if a
    colleague has replied since, the request is refused (409, code "newer_reply") unless `force` is set.
    `undo_seconds` null: the agent's own setting.
    """

    id: UUID
    channel_id: UUID
    point_id: UUID
    text: Text
    subject: Subject | None = None
    cc: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()
    attachment_ids: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    resolve: bool = False
    undo_seconds: Annotated[int, Meta(ge=0, le=30)] | None = None
    seen: Count | None = None
    last_seen_id: UUID | None = None
    force: bool = False


class Note(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note that customers never see; `mentions` are the agents mentioned in it."""

    id: UUID
    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    mentions: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()


class TakenBack(Struct, frozen=True, kw_only=True):
    """The content of a reply that was undone before it was sent, for the composer."""

    text: str
    subject: str | None
    channel_id: UUID | None
    attachments: tuple[AttachmentItem, ...] = ()


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Assigns a conversation to an agent, to a team's queue, or (both null) to the queue without a team.

    With an agent, a `team_id` of null keeps the team; if `team_id` is left out, the team never changes.
    """

    agent_id: UUID | None
    team_id: UUID | UnsetType | None = UNSET


class Resolution(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Resolves a conversation; `wrap_up` says how, in free text."""

    wrap_up: Annotated[str, Meta(max_length=100)] | None = None


class Snooze(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Snoozes a conversation until a time, or until the customer writes."""

    until: Instant


class Tagging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tags to add and to remove."""

    add: Annotated[tuple[str, ...], Meta(max_length=60)] = ()
    remove: Annotated[tuple[str, ...], Meta(max_length=60)] = ()


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many inbound messages are read; with `back` the mark may move backwards ("unread from here")."""

    inbound_read: Count
    back: bool = False


class Drafting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to store (`channel_id` null: of a note); an empty text deletes it."""

    channel_id: UUID | None
    text: Text
    subject: Subject | None = None
