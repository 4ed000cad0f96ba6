"""Decide which conversation a message belongs to, by the messages it answers and by its sender. Pure."""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from hub.events.definitions import State

REOPENS_WITHIN = timedelta(hours=72)


class KnownConversation(Struct, kw_only=True):
    """The fields of a conversation that threading needs."""

    id: UUID
    contact_id: UUID
    state: State
    last_at: datetime
    resolved_at: datetime | None = None


class IncomingMessage(Struct, frozen=True, kw_only=True):
    """The fields of a message that threading needs."""

    contact_id: UUID
    point_id: UUID
    channel_id: UUID
    at: datetime
    threads: bool  # whether the channel says which message another answers
    email_id: str | None = None  # its Message-ID, which messages that arrived earlier may refer to
    reply_keys: Sequence[str] = ()
    answers: Sequence[str] = ()  # Message-IDs of the messages it answers, the direct one first


class KnownThreads(Struct, kw_only=True):
    """The conversations that a batch of messages may belong to; each planned message is added."""

    by_key: dict[str, UUID]  # reply key -> conversation
    by_answer: dict[str, dict[UUID | None, UUID]]  # Message-ID -> channel -> conversation
    pending: dict[str, dict[UUID | None, UUID]]  # the same, for messages whose answers arrived before them
    parties: Mapping[UUID, Collection[UUID]]  # conversation -> contact points that take part in it
    latest: dict[UUID, UUID]  # contact -> their latest conversation
    conversations: dict[UUID, KnownConversation]


def belongs_to(message: IncomingMessage, known: KnownThreads) -> UUID | None:
    """Return the conversation a message belongs to, or None for a new one.

    The reply key is a secret of the conversation, so it is enough by itself. A Message-ID can be known to others, so
    it counts only from the contact or a participant. On a channel without threads, the contact's latest conversation
    continues while it is not resolved, and for 72 hours after.
    """
    for key in message.reply_keys:
        if key in known.by_key:
            return known.by_key[key]
    for conversation_id in _referenced(message, known):
        if _takes_part(message, known, conversation_id):
            return conversation_id
    return None if message.threads else _latest_if_recent(message, known)


def _referenced(message: IncomingMessage, known: KnownThreads) -> Iterable[UUID]:
    """Yield the conversations of the messages it answers, then of the messages that answer it."""
    for message_id in message.answers:
        yield from _candidates(message, known.by_answer.get(message_id, {}))
    yield from _candidates(message, known.pending.get(message.email_id or "", {}))


def _candidates(message: IncomingMessage, by_channel: Mapping[UUID | None, UUID]) -> Iterable[UUID]:
    """Yield the conversations that have a message with one id, the one on the same channel first."""
    if message.channel_id in by_channel:
        yield by_channel[message.channel_id]
    yield from (id_ for channel_id, id_ in by_channel.items() if channel_id != message.channel_id)


def _takes_part(message: IncomingMessage, known: KnownThreads, conversation_id: UUID) -> bool:
    conversation = known.conversations[conversation_id]
    return conversation.contact_id == message.contact_id or message.point_id in known.parties.get(conversation_id, ())


def _latest_if_recent(message: IncomingMessage, known: KnownThreads) -> UUID | None:
    conversation_id = known.latest.get(message.contact_id)
    if conversation_id is None:
        return None
    conversation = known.conversations[conversation_id]
    if conversation.state is not State.RESOLVED:
        return conversation_id
    age = message.at - (conversation.resolved_at or conversation.last_at)
    return conversation_id if age <= REOPENS_WITHIN else None


ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def new_reply_key() -> str:
    """Return a new secret for the reply address of a conversation: 134 bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(26))
