"""Values that the web chat's adapter and the room `visitors` share: account, limits, and stored messages.

The visitor's socket packs a `VisitorMessage` into a raw arrival, and the adapter unpacks it. The keys of visitors and
of their messages are defined here too.
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


def _random_key() -> str:
    return secrets.token_hex(12)


class ChatAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of the chat on one web site, as an administrator fills them in."""

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
        """Generate the key and the secret if they were left empty."""
        if not self.key:
            msgspec.structs.force_setattr(self, "key", _random_key())
        if not self.identity_secret:
            msgspec.structs.force_setattr(self, "identity_secret", secrets.token_urlsafe(32))

    def greeting(self, locale: str | None) -> str:
        """Return the greeting in the visitor's language; English for None and for other languages."""
        return self.greeting_es if (locale or "").lower().startswith("es") else self.greeting_en


class Verified(Struct, frozen=True, kw_only=True):
    """The identity that the web site's server has signed."""

    user_id: str
    email: str | None = None
    name: str | None = None


class StoredFile(Struct, frozen=True, kw_only=True):
    """An uploaded file, already stored under its digest."""

    digest: str
    filename: str
    media_type: str
    size: int


class VisitorMessage(Struct, frozen=True, kw_only=True, tag="said"):
    """A message from a visitor, with the claimed and the verified identity."""

    id: UUID
    visitor: UUID
    point: str
    at: datetime
    text: str = ""
    files: tuple[StoredFile, ...] = ()
    name: str | None = None  # claimed in the form
    email: str | None = None  # claimed in the form, not verified
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


def point_display(point: str) -> str:
    """Return the name shown for a visitor who gave none."""
    return f"Visitor {point[-4:]}"


def client_message_id(external_id: str) -> UUID | None:
    """Return the browser's own id from the key of a message; None if the key is not a visitor's."""
    _, _, message = external_id.partition(":")
    return UUID(message) if message else None
