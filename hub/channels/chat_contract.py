"""What the web chat's adapter and the visitors' side share: the account, the limits, and what is stored of a visitor.

Visitors' sockets pack a `Said` into the raw arrival, and the adapter unpacks it there.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

MAX_TEXT_CHARS = 10_000
MAX_FILES = 10
MAX_FILE_BYTES = 20_000_000
Secret = Annotated[str, Meta(extra_json_schema={"format": "password"})]
Origin = Annotated[
    str, Meta(pattern=r"^https?://[^/\s]+$", description="Scheme, host and port, for example https://shop.example.")
]


def _new_key() -> str:
    return secrets.token_hex(12)


class ChatAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator fills in for a chat on one web site."""

    site_name: Annotated[
        str, Meta(min_length=1, max_length=80, title="Site name", description="The title of the chat window.")
    ]
    greeting_en: Annotated[str, Meta(max_length=300, title="Greeting (English)")] = "Hi! How can we help?"
    greeting_es: Annotated[str, Meta(max_length=300, title="Greeting (Spanish)")] = "¡Hola! ¿En qué podemos ayudarte?"
    allowed_origins: Annotated[
        tuple[Origin, ...], Meta(title="Allowed sites", description="Exact origins; none: any site.")
    ] = ()
    prechat: Annotated[bool, Meta(title="Ask for name and e-mail first")] = False
    replies_in: Annotated[int, Meta(ge=1, le=1440, title="Usual reply time", description="Minutes.")] | None = None
    require_verification: Annotated[bool, Meta(title="Only for signed-in customers")] = False
    identity_secret: Annotated[
        Secret, Meta(title="Identity secret", description="Your server signs with it who is signed in.")
    ] = ""
    key: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{0,64}$", title="Public key", description="Names this chat in the snippet.")
    ] = ""

    def __post_init__(self) -> None:
        """Make the key and the secret where they were left empty."""
        if not self.key:
            msgspec.structs.force_setattr(self, "key", _new_key())
        if not self.identity_secret:
            msgspec.structs.force_setattr(self, "identity_secret", secrets.token_urlsafe(32))

    def greeting(self, locale: str | None) -> str:
        """Give the greeting in the visitor's language."""
        return self.greeting_es if (locale or "").lower().startswith("es") else self.greeting_en


class Verified(Struct, frozen=True, kw_only=True):
    """What the shop's server vouched for."""

    user_id: str
    email: str | None = None
    name: str | None = None


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
