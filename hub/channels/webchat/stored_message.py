"""What a visitor sent, as JSON stored in the raw arrival, and the keys by which visitors and messages are known."""

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from hub.channels.webchat.identity import Verified


class StoredFile(Struct, frozen=True, kw_only=True):
    """An uploaded file, already stored under its digest."""

    digest: str
    filename: str
    media_type: str
    size: int


class VisitorMessage(Struct, frozen=True, kw_only=True, tag="said"):
    """A message from a visitor, with their identity and how far it is proved."""

    id: UUID
    visitor: UUID
    point: str
    at: datetime
    text: str = ""
    files: tuple[StoredFile, ...] = ()
    name: str | None = None  # claimed in the form
    email: str | None = None  # claimed in the form: proves nothing
    verified: Verified | None = None
    locale: str | None = None
    page: str | None = None


class VisitorReceipts(Struct, frozen=True, kw_only=True, tag="seen"):
    """Our messages that reached the visitor's screen, or were read there; each by its id."""

    at: datetime
    delivered: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


VisitorItem = VisitorMessage | VisitorReceipts

_decoder: msgspec.json.Decoder[VisitorItem] = msgspec.json.Decoder(VisitorItem)


def pack(item: VisitorItem) -> bytes:
    """Encode an item as JSON."""
    return msgspec.json.encode(item)


def unpack(raw: bytes) -> VisitorItem:
    """Decode an item; raises `msgspec.DecodeError` or `UnicodeDecodeError` if it is not one of ours."""
    return _decoder.decode(raw)


def message_key(visitor: UUID, message: UUID) -> str:
    """Return the key of a visitor's message within the channel; no visitor can use the id of another's message."""
    return f"{visitor.hex}:{message.hex}"


def visitor_point(visitor: UUID) -> str:
    """Return the contact point of an anonymous visitor."""
    return f"v-{visitor.hex}"


def customer_point(key: str, user_id: str) -> str:
    """Return the contact point of a signed-in customer: the same on all devices, and safe to lower-case."""
    return "u-" + hashlib.sha256(f"{key}\0{user_id}".encode()).hexdigest()[:40]


def client_message_id(external_id: str) -> UUID | None:
    """Return the browser's own id from the key of a message; None if the key is not a visitor's."""
    _, _, message = external_id.partition(":")
    return UUID(message) if message else None
