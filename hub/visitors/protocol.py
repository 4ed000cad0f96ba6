"""The protocol between a visitor's browser and the hub: two closed unions of JSON frames.

A socket is opened with the subprotocols `hub.chat.v1` and `token.TOKEN`, so that the token is in no URL. Each frame is
a JSON object with a `type`, at most 64 KiB. Errors are codes, which the widget translates.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from hub.channels.chat_contract import MAX_FILE_BYTES, MAX_TEXT_CHARS

SUBPROTOCOL = "hub.chat.v1"
OFFER_PREFIX = "token."
MAX_FRAME_BYTES = 65_536

Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
ShortText = Annotated[str, Meta(max_length=200)]
PageUrl = Annotated[str, Meta(max_length=2000)]
Locale = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
Cursor = Annotated[str, Meta(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$")]


class Code(StrEnum):
    """Why a frame or request was refused."""

    BAD_FRAME = "bad_frame"  # not a frame of this protocol
    TOO_LARGE = "too_large"
    TOO_FAST = "too_fast"  # send it again after `retry_after` seconds
    EMPTY = "empty"  # neither text nor a file
    UNKNOWN_FILE = "unknown_file"  # not uploaded by this visitor
    TOO_MANY_FILES = "too_many_files"
    UNKNOWN_CHAT = "unknown_chat"  # no such key, or the chat is switched off
    NOT_ADMITTED = "not_admitted"  # the token is unknown: request a new one
    ORIGIN_REFUSED = "origin_refused"
    BAD_IDENTITY = "bad_identity"  # forged, expired, or for another chat
    VERIFICATION_REQUIRED = "verification_required"  # this chat is for signed-in customers only
    UNAVAILABLE = "unavailable"  # cannot be stored now; try again


class Close(IntEnum):
    """Why a socket was closed: its close code."""

    BAD_FRAME = 4400
    NOT_ADMITTED = 4401
    ORIGIN_REFUSED = 4403
    UNKNOWN_CHAT = 4404
    TOO_SLOW = 4408
    RESTART = 4409
    TOO_LARGE = 4413
    TOO_MANY = 4429
    UNAVAILABLE = 4503


# Frames from the browser.


class Hello(Struct, frozen=True, kw_only=True, tag="hello", forbid_unknown_fields=True):
    """The first frame: the cursor of the last message the browser has, its language and page."""

    cursor: Cursor | None = None
    locale: Locale | None = None
    page: PageUrl | None = None


class Introduce(Struct, frozen=True, kw_only=True, tag="introduce", forbid_unknown_fields=True):
    """The name and address that the visitor typed into the form: claims, not proved."""

    name: ShortText | None = None
    email: ShortText | None = None


class SendMessage(Struct, frozen=True, kw_only=True, tag="say", forbid_unknown_fields=True):
    """A message; sending the same id again has no effect."""

    id: UUID
    text: Text = ""
    attachment_ids: tuple[UUID, ...] = ()


class VisitorTyping(Struct, frozen=True, kw_only=True, tag="typing", forbid_unknown_fields=True):
    """The visitor is typing; sent at most every 3 s."""


class MarkSeen(Struct, frozen=True, kw_only=True, tag="seen", forbid_unknown_fields=True):
    """All messages up to the cursor have reached the browser and, with `read`, were visible."""

    upto: Cursor
    read: bool = True


FromVisitor = Hello | Introduce | SendMessage | VisitorTyping | MarkSeen


# Frames from the hub.


class Config(Struct, frozen=True, kw_only=True):
    """The settings of the chat that the widget needs."""

    name: str
    greeting: str
    prechat: tuple[Literal["name", "email"], ...] = ()
    require_verification: bool = False
    replies_in: int | None = None  # minutes
    max_file_bytes: int = MAX_FILE_BYTES


class ChatFile(Struct, frozen=True, kw_only=True):
    """A file of a message; the browser fetches it from /api/chat/KEY/files/ID with the visitor's token."""

    id: UUID
    filename: str
    media_type: str
    size: int


class ChatMessage(Struct, frozen=True, kw_only=True, tag="message"):
    """A message as the visitor sees it; `id` is the browser's own for messages it sent."""

    id: UUID
    from_: Literal["agent", "me"] = msgspec.field(name="from")
    author: str | None
    text: str
    attachments: tuple[ChatFile, ...] = ()
    at: datetime
    cursor: Cursor
    read: bool = False  # by the other side


class Welcome(Struct, frozen=True, kw_only=True, tag="welcome"):
    """The response to `hello`: the newest page of messages, or those after the cursor."""

    visitor: UUID
    verified: bool
    cursor: Cursor
    resumed: bool  # True: add the messages; False: they replace all others
    config: Config
    messages: tuple[ChatMessage, ...]
    read_upto: datetime | None = None  # time up to which an agent has read the visitor's messages


class Acknowledged(Struct, frozen=True, kw_only=True, tag="ack"):
    """The message is stored."""

    id: UUID
    at: datetime


class AgentTyping(Struct, frozen=True, kw_only=True, tag="typing"):
    """An agent is typing; valid for 6 s."""

    author: str | None = None


class AgentRead(Struct, frozen=True, kw_only=True, tag="read"):
    """An agent has read the visitor's messages up to this time."""

    upto: datetime


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """A frame was refused; `id` names the message, if it was one."""

    code: Code
    id: UUID | None = None
    retry_after: float | None = None  # seconds


class Heartbeat(Struct, frozen=True, kw_only=True, tag="pulse"):
    """Sent every 25 s to keep the connection open."""


ToVisitor = Welcome | Acknowledged | ChatMessage | AgentTyping | AgentRead | Refused | Heartbeat


# The HTTP request by which a browser gets its token.


class SignedIdentity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identity signed by the site: `signature` is hex HMAC-SHA256 over `id|email|exp`; the name is not signed."""

    id: ShortText
    email: ShortText = ""
    exp: int  # Unix time in seconds
    signature: ShortText
    name: ShortText | None = None


class NewVisitor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A browser without a token requests one, with the site's signed identity if the visitor is signed in."""

    locale: Locale | None = None
    page: PageUrl | None = None
    identity: SignedIdentity | None = None
    jwt: Annotated[str, Meta(max_length=4096)] | None = None


class Admitted(Struct, frozen=True, kw_only=True):
    """The visitor's token, which is shown only once."""

    token: str
    visitor: UUID
    verified: bool


class Stored(Struct, frozen=True, kw_only=True):
    """An uploaded file, ready to be attached to a message."""

    id: UUID


class RequestRefused(Struct, frozen=True, kw_only=True):
    """Why a request was refused; `retry_after` in seconds."""

    code: Code
    retry_after: float | None = None


_decoder: msgspec.json.Decoder[FromVisitor] = msgspec.json.Decoder(FromVisitor)
_encoder = msgspec.json.Encoder()


def read_frame(raw: bytes | str) -> FromVisitor | Refused:
    """Decode a frame from a browser; an unreadable one is returned as its refusal."""
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(data) > MAX_FRAME_BYTES:
        return Refused(code=Code.TOO_LARGE)
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Refused(code=Code.BAD_FRAME)


def frame(value: ToVisitor) -> bytes:
    """Encode a frame for a browser."""
    return _encoder.encode(value)


def offered_token(subprotocols: list[str]) -> str | None:
    """Return the visitor's token from the subprotocols a browser offers; None unless there is exactly one."""
    if SUBPROTOCOL not in subprotocols:
        return None
    tokens = [
        subprotocol.removeprefix(OFFER_PREFIX) for subprotocol in subprotocols if subprotocol.startswith(OFFER_PREFIX)
    ]
    return tokens[0] if len(tokens) == 1 else None
