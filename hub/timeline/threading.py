"""Which conversation a message belongs to: by what it answers, by who writes, never by its subject."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from hub.events.definitions import State

REOPENS_WITHIN = timedelta(hours=72)


class Known(Struct, kw_only=True):
    """A conversation as far as threading needs it."""

    id: UUID
    contact_id: UUID
    state: str
    last_at: datetime
    resolved_at: datetime | None = None


class Said(Struct, frozen=True, kw_only=True):
    """A message as far as threading needs it."""

    contact_id: UUID
    point_id: UUID
    channel_id: UUID
    at: datetime
    threads: bool  # the channel names what a message answers
    email_id: str | None = None  # its own id, under which others may have answered it already
    reply_keys: Sequence[str] = ()
    answers: Sequence[str] = ()  # ids of messages it answers, nearest first


class Surroundings(Struct, kw_only=True):
    """What is known around a batch of messages; grows as the batch is taken in."""

    by_key: dict[str, UUID]  # reply key -> conversation
    by_answer: dict[str, dict[UUID | None, UUID]]  # Message-ID -> channel -> conversation
    awaited: dict[str, dict[UUID | None, UUID]]  # the same, of messages that were answered before they came
    parties: Mapping[UUID, Collection[UUID]]  # conversation -> points that take part besides its contact
    latest: dict[UUID, UUID]  # contact -> their latest conversation
    known: dict[UUID, Known]


def belongs_to(said: Said, around: Surroundings) -> UUID | None:
    """Find the conversation a message belongs to, or None for a new one.

    The reply key is a secret of the conversation, so it is enough by itself. A Message-ID can be known to
    others, so it counts only from the contact or a party. Where a channel names nothing, the contact's
    latest conversation goes on while it is open, or was resolved a short time ago.
    """
    for key in said.reply_keys:
        if key in around.by_key:
            return around.by_key[key]
    for found in _named(said, around):
        if _takes_part(said, around, found):
            return found
    return None if said.threads else _goes_on(said, around)


def _named(said: Said, around: Surroundings) -> Iterable[UUID]:
    """Give the conversations its ids point to: what it answers, then what has answered it already."""
    for answered in said.answers:
        yield from _candidates(said, around.by_answer.get(answered, {}))
    yield from _candidates(said, around.awaited.get(said.email_id or "", {}))


def _candidates(said: Said, found: Mapping[UUID | None, UUID]) -> Iterable[UUID]:
    """Give the conversations that hold a message with this id, that of the same channel first."""
    if said.channel_id in found:
        yield found[said.channel_id]
    yield from (one for channel_id, one in found.items() if channel_id != said.channel_id)


def _takes_part(said: Said, around: Surroundings, conversation_id: UUID) -> bool:
    known = around.known[conversation_id]
    return known.contact_id == said.contact_id or said.point_id in around.parties.get(conversation_id, ())


def _goes_on(said: Said, around: Surroundings) -> UUID | None:
    latest = around.latest.get(said.contact_id)
    if latest is None:
        return None
    known = around.known[latest]
    if known.state != State.RESOLVED:
        return latest
    return latest if said.at - (known.resolved_at or known.last_at) <= REOPENS_WITHIN else None


ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_reply_key() -> str:
    """Make the secret of a conversation that stands in its reply address: 134 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(26))
