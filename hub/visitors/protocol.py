"""What a visitor's browser and the hub say to each other: two closed unions of JSON frames.

A socket opens with the subprotocols `hub.chat.v1` and `token.TOKEN`; the token is never part of a URL.
Each frame is one JSON object with a `type`, at most 64 KiB. Errors travel as codes, never as sentences.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from hub.channels.chat_contract import MAX_FILE_BYTES, MAX_TEXT_CHARS

SUBPROTOCOL = "hub.chat.v1"
OFFER = "token."
MAX_FRAME_BYTES = 65_536

Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Short = Annotated[str, Meta(max_length=200)]
Address = Annotated[str, Meta(max_length=2000)]
Locale = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Mark = Annotated[str, Meta(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$")]


class Code(StrEnum):
    """Why something was refused."""

    BAD_FRAME = "bad_frame"  # not a frame of this protocol
    TOO_LARGE = "too_large"
    TOO_FAST = "too_fast"  # say it again after `retry_after` seconds
    EMPTY = "empty"  # neither text nor a file
    UNKNOWN_FILE = "unknown_file"  # not uploaded by this visitor
    TOO_MANY_FILES = "too_many_files"
    UNKNOWN_CHAT = "unknown_chat"  # no such key, or switched off
    NOT_ADMITTED = "not_admitted"  # the token is unknown: ask for a new one
    ORIGIN_REFUSED = "origin_refused"
    BAD_IDENTITY = "bad_identity"  # forged, expired, or for another chat
    VERIFICATION_REQUIRED = "verification_required"  # this chat is for signed-in customers only
    UNAVAILABLE = "unavailable"  # cannot be stored just now; ask again


class Close(IntEnum):
    """Why a socket was closed."""

    BAD_FRAME = 4400
    NOT_ADMITTED = 4401
    ORIGIN_REFUSED = 4403
    UNKNOWN_CHAT = 4404
    TOO_SLOW = 4408
    RESTART = 4409
    TOO_LARGE = 4413
    TOO_MANY = 4429
    UNAVAILABLE = 4503


# --- from the browser -------------------------------------------------------------------------


class Hello(Struct, frozen=True, kw_only=True, tag="hello", forbid_unknown_fields=True):
    """The first frame: where I was, and what I know of myself."""

    cursor: Mark | None = None
    locale: Locale | None = None
    page: Address | None = None


class Introduce(Struct, frozen=True, kw_only=True, tag="introduce", forbid_unknown_fields=True):
    """What the visitor wrote into the form: claims, never proofs."""

    name: Short | None = None
    email: Short | None = None


class Say(Struct, frozen=True, kw_only=True, tag="say", forbid_unknown_fields=True):
    """A message; saying it again with the same id changes nothing."""

    id: UUID
    text: Text = ""
    attachment_ids: tuple[UUID, ...] = ()


class Write(Struct, frozen=True, kw_only=True, tag="typing", forbid_unknown_fields=True):
    """The visitor is writing; at most each 3 s."""


class See(Struct, frozen=True, kw_only=True, tag="seen", forbid_unknown_fields=True):
    """Everything up to this cursor has arrived at the browser and, with `read`, been on the screen."""

    upto: Mark
    read: bool = True


FromVisitor = Hello | Introduce | Say | Write | See


# --- from the hub -----------------------------------------------------------------------------


class Config(Struct, frozen=True, kw_only=True):
    """What the widget shows and asks."""

    name: str
    greeting: str
    prechat: tuple[Literal["name", "email"], ...] = ()
    require_verification: bool = False
    replies_in: int | None = None  # minutes
    max_file_bytes: int = MAX_FILE_BYTES


class FileLine(Struct, frozen=True, kw_only=True):
    """A file of a message, fetched from /api/chat/KEY/files/ID with the visitor's token."""

    id: UUID
    filename: str
    media_type: str
    size: int


class Line(Struct, frozen=True, kw_only=True, tag="message"):
    """One message of the conversation as the visitor sees it; `id` is the browser's own for its messages."""

    id: UUID
    from_: Literal["agent", "me"] = msgspec.field(name="from")
    author: str | None
    text: str
    attachments: tuple[FileLine, ...] = ()
    at: datetime
    cursor: Mark
    read: bool = False  # by us, when it is the visitor's; by them, when it is ours


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """The answer to `hello`: the newest page of history, or what was missed since the cursor."""

    visitor: UUID
    verified: bool
    cursor: Mark
    resumed: bool  # messages follow the cursor; otherwise they replace all
    config: Config
    messages: tuple[Line, ...]
    read_upto: datetime | None = None  # an agent has read the visitor's messages up to then


class Ack(Struct, frozen=True, kw_only=True, tag="ack"):
    """It is stored for good."""

    id: UUID
    at: datetime


class AgentWrites(Struct, frozen=True, kw_only=True, tag="typing"):
    """Somebody answers just now; holds for 6 s."""

    author: str | None = None


class Read(Struct, frozen=True, kw_only=True, tag="read"):
    """An agent has read the visitor's messages up to then."""

    upto: datetime


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """It was not taken, and why; `id` names the message."""

    code: Code
    id: UUID | None = None
    retry_after: float | None = None  # seconds


class Pulse(Struct, frozen=True, kw_only=True, tag="pulse"):
    """The line is alive; each 25 s."""


ToVisitor = Welcome | Ack | Line | AgentWrites | Read | Refused | Pulse


# --- what a browser posts to get its token ------------------------------------------------------


class SignedIdentity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the shop says is signed in: `signature` is hex HMAC-SHA256 over `id|email|exp`; the name is not signed."""

    id: Short
    email: Short = ""
    exp: int  # seconds since 1970
    signature: Short
    name: Short | None = None


class NewVisitor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser without a token asks for one, with the shop's proof of who it is where there is one."""

    locale: Locale | None = None
    page: Address | None = None
    identity: SignedIdentity | None = None
    jwt: Annotated[str, Meta(max_length=4096)] | None = None


class Admitted(Struct, frozen=True, kw_only=True):
    """The visitor's own secret, shown once."""

    token: str
    visitor: UUID
    verified: bool


class Stored(Struct, frozen=True, kw_only=True):
    """An uploaded file, ready to be said."""

    id: UUID


class Bar(Struct, frozen=True, kw_only=True):
    """Why a request was refused."""

    code: Code
    retry_after: float | None = None


_from_visitor: msgspec.json.Decoder[FromVisitor] = msgspec.json.Decoder(FromVisitor)
_encoder = msgspec.json.Encoder()


def read_frame(raw: bytes | str) -> FromVisitor | Refused:
    """Read one frame of a browser; what cannot be read comes back as its refusal."""
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(data) > MAX_FRAME_BYTES:
        return Refused(code=Code.TOO_LARGE)
    try:
        return _from_visitor.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refused(code=Code.BAD_FRAME)


def frame(value: ToVisitor) -> bytes:
    """Write one frame for a browser."""
    return _encoder.encode(value)


def offered_token(subprotocols: list[str]) -> str | None:
    """Find the visitor's token among the subprotocols a browser offers."""
    if SUBPROTOCOL not in subprotocols:
        return None
    tokens = [p.removeprefix(OFFER) for p in subprotocols if p.startswith(OFFER)]
    return tokens[0] if len(tokens) == 1 else None
