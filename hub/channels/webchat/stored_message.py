"""What the visitors' door keeps, byte for byte, of one thing a visitor did."""

import hashlib
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from hub.channels.webchat.identity import Verified


class KeptFile(Struct, frozen=True, kw_only=True):
    """An uploaded file, stored already under its digest."""

    digest: str
    filename: str
    media_type: str
    size: int


class Said(Struct, frozen=True, kw_only=True, tag="said"):
    """A message of a visitor, with who they are and what of it is proved."""

    id: UUID
    visitor: UUID
    point: str
    at: datetime
    text: str = ""
    files: tuple[KeptFile, ...] = ()
    name: str | None = None  # claimed in the form
    email: str | None = None  # claimed in the form: opens nothing
    verified: Verified | None = None
    locale: str | None = None
    page: str | None = None


class Seen(Struct, frozen=True, kw_only=True, tag="seen"):
    """Messages of ours that came to a visitor's screen, or were read there."""

    at: datetime
    delivered: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


Kept = Said | Seen

_decoder: msgspec.json.Decoder[Kept] = msgspec.json.Decoder(Kept)


def pack(kept: Kept) -> bytes:
    """Write what is kept."""
    return msgspec.json.encode(kept)


def unpack(raw: bytes) -> Kept:
    """Read what was kept; `msgspec.DecodeError` when it is none of ours."""
    return _decoder.decode(raw)


def said_key(visitor: UUID, message: UUID) -> str:
    """Name a visitor's message within the channel, so that no visitor can claim another's id."""
    return f"{visitor.hex}:{message.hex}"


def visitor_point(visitor: UUID) -> str:
    """Name an anonymous visitor among the contact points."""
    return f"v-{visitor.hex}"


def customer_point(key: str, user_id: str) -> str:
    """Name a signed-in customer of one shop: the same on all their devices, and safe to lower-case."""
    return "u-" + hashlib.sha256(f"{key}\0{user_id}".encode()).hexdigest()[:40]


def own_id(external_id: str) -> UUID | None:
    """Give the browser's own id back from a message's key."""
    _, _, message = external_id.partition(":")
    return UUID(message) if message else None
