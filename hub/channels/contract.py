"""The interface of a channel: the adapter, its capabilities, and the values that pass through it.

An adapter translates between a provider's format and ours; it makes no decisions of its own. `send` raises nothing but
a `SendError`, `parse` nothing but `Forged`, and `check` nothing but a `SendError`.
"""

from abc import ABC, abstractmethod
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal

from msgspec import Struct

from hub.channels.errors import NoCallbacks
from hub.channels.send_errors import Notice
from hub.errors import Reason

LARGE_BODY = 256 * 1024  # bytes; larger bodies are parsed in a thread, so that they do not block the event loop
# Adds `hub KIND VERB` to the command line: the verb, the function that returns its exit status, and a line of help.
AddVerb = Callable[[str, Callable[[Namespace], int], str], ArgumentParser]


class Resend(StrEnum):
    """Whether a message may be sent again when it is unknown whether it was sent."""

    SAFE = "safe"  # the provider recognises the repetition
    LOOK_FIRST = "look_first"  # after `find_sent` has not found it
    ASK = "ask"  # only when an agent decides so


class WorkClass(StrEnum):
    """How soon a conversation needs an answer: a call (rt), a customer who waits (live), or later (async)."""

    RT = "rt"
    LIVE = "live"
    ASYNC = "async"


class Colour(StrEnum):
    """The colours of a kind's icon: names of colour tokens of the web app."""

    ACCENT = "accent"
    BLUE = "blue"
    GREEN = "green"
    ORANGE = "orange"
    PINK = "pink"
    VIOLET = "violet"
    NEUTRAL = "neutral"


class Label(Struct, frozen=True, kw_only=True):
    """The name of a kind on screen, in English and in Spanish."""

    en: str
    es: str


class Appearance(Struct, frozen=True, kw_only=True):
    """The name and the icon of a kind; `icon` is the data of one SVG path, 24 × 24, drawn as a stroke."""

    label: Label
    icon: str
    colour: Colour = Colour.NEUTRAL


class AttachmentRule(Struct, frozen=True, kw_only=True):
    """The files a channel can carry: number, bytes for each and in total, and media types (empty: any)."""

    max_count: int = 0
    max_bytes: int = 0
    max_total_bytes: int = 0
    media_types: tuple[str, ...] = ()


class Capabilities(Struct, frozen=True, kw_only=True):
    """The abilities of a channel, as data; the web app receives them unchanged for the composer."""

    scheme: str  # of the contact points it sends to: "mailto", "webchat"
    max_chars: int | None = None  # None: no limit
    formatting: Literal["none", "markdown", "html"] = "none"
    attachments: AttachmentRule = AttachmentRule()
    subject: bool = False
    threads: bool = False  # a message names the one it replies to; if it names none, it opens a conversation
    receipts: tuple[Literal["delivered", "read"], ...] = ()
    typing: bool = False
    initiates: bool = False  # we may write to a customer who has not written to us
    reply_window: timedelta | None = None
    templates: bool = False
    resend: Resend = Resend.ASK
    live: bool = False  # the customer waits for the answer with the chat open
    pace: float | None = None  # messages per second that the account allows; None: no limit
    lines: int = 1  # messages sent at the same time
    undo: timedelta = timedelta(seconds=3)  # default time during which an agent can undo a send
    work_class: WorkClass = WorkClass.ASYNC


class Callback(Struct, frozen=True, kw_only=True):
    """An HTTP request from a provider, or raw bytes in its place: header names in lower case, the unparsed body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Point(Struct, frozen=True, kw_only=True):
    """A contact point: scheme and value as the provider wrote them, and the name of its owner, if known."""

    scheme: str
    value: str
    display: str | None = None  # shown to people instead of a technical value; None: the value
    name: str | None = None
    verified: bool = False  # proved by the channel itself (a signed identity)


class File(Struct, frozen=True, kw_only=True):
    """A file that came with a message: its bytes, or the digest under which it is already stored."""

    filename: str | None
    media_type: str
    content: bytes | None = None
    digest: str | None = None
    size: int = 0
    content_id: str | None = None  # Content-ID of an inline image, without angle brackets
    inline: bool = False


class InboundMessage(Struct, frozen=True, kw_only=True, tag="message"):
    """One message from a customer."""

    external_id: str  # unique within the channel
    sender: Point
    verified_points: tuple[Point, ...] = ()  # the sender's other contact points that are proved
    cc: tuple[Point, ...] = ()
    to: tuple[Point, ...] = ()
    subject: str | None = None
    text: str = ""  # the new text, without quoted history
    full_text: str | None = None  # with quoted history; None: same as `text`
    html: str | None = None  # already sanitised
    files: tuple[File, ...] = ()
    sent_at: datetime | None = None  # by the provider's clock
    message_id: str | None = None  # RFC 5322 Message-ID, with angle brackets
    references: tuple[str, ...] = ()  # In-Reply-To and References, nearest ancestor first
    reply_keys: tuple[str, ...] = ()  # keys of conversations, found in the recipients' addresses
    automatic: bool = False  # out of office, bounce, list: gets no automatic reply
    language: str | None = None
    original: bool = False  # the raw arrival can be offered as the original message


class DeliveryReceipt(Struct, frozen=True, kw_only=True, tag="receipt"):
    """A change in the delivery of a message we sent; a status only moves forward."""

    external_id: str  # the id that `send` returned, or the Message-ID
    status: Literal["sent", "delivered", "read", "failed"]
    at: datetime | None = None
    detail: str | None = None
    recipient: str | None = None


class Typing(Struct, frozen=True, kw_only=True, tag="typing"):
    """The customer is typing."""

    sender: Point


class Unreadable(Struct, frozen=True, kw_only=True, tag="unreadable"):
    """A part of an arrival that cannot be parsed; the other parts are kept."""

    external_id: str
    reason: Reason
    sender: Point | None = None


Inbound = InboundMessage | DeliveryReceipt | Typing | Unreadable


class FetchedBatch(Struct, frozen=True, kw_only=True):
    """Raw items that `listen` fetched, and the bookmark to store with them."""

    items: tuple["RawItem", ...]
    bookmark: str


class RawItem(Struct, frozen=True, kw_only=True):
    """One raw arrival: a key that is unique within the channel, for finding duplicates, and its bytes.

    Items with the same `stream` (the chat of one visitor, for example) are processed in arrival order, whatever the
    number of workers; a later item waits up to 5 seconds. Without a stream, the time in the message decides.
    """

    dedupe_key: str
    body: bytes
    stream: str | None = None


class StoredItem(Struct, frozen=True, kw_only=True):
    """The result of storing a raw item; `is_new` is False for a duplicate."""

    dedupe_key: str
    is_new: bool


class CallbackResponse(Struct, frozen=True, kw_only=True):
    """The HTTP response that a provider expects to its callback."""

    status: int = 204
    body: bytes = b""
    media_type: str = "text/plain"


class OutboundFile(Struct, frozen=True, kw_only=True):
    """A file to send."""

    filename: str
    media_type: str
    content: bytes


class OutboundMessage(Struct, frozen=True, kw_only=True):
    """One message to one customer, already rendered to what the channel can carry."""

    id: str  # our id, the same at every attempt: the idempotency key
    to: Point
    cc: tuple[Point, ...] = ()
    subject: str | None = None
    text: str
    html: str | None = None
    files: tuple[OutboundFile, ...] = ()
    reply_key: str | None = None  # unguessable key of this conversation
    references: tuple[str, ...] = ()  # Message-IDs of the thread, oldest first (RFC 5322 §3.6.4)
    author: str | None = None  # the name that the customer sees
    automatic: bool = False  # written by no person: marked so that no autoresponder replies
    quoted: str | None = None  # the customer's last message, to quote below the text
    created_at: datetime


class Adapter(ABC):
    """A channel of one kind, connected with one account."""

    kind: ClassVar[str]
    appearance: ClassVar[Appearance]
    capabilities: ClassVar[Capabilities]
    Account: ClassVar[type[Struct]]  # the settings; its JSON schema is the form that an administrator fills in

    @classmethod
    def address(cls, account: Struct) -> str:
        """Return our own address with this account: the mailbox, the phone number or the public key."""
        return str(getattr(account, "address", "") or getattr(account, "key", ""))

    @classmethod
    def embed(cls, account: Struct, base_url: str) -> dict[str, str] | None:
        """Return what a web site must include, as `key` and `snippet`; None when the kind needs nothing."""
        del account, base_url
        return None

    @abstractmethod
    async def send(self, message: OutboundMessage) -> str:
        """Send a message and return the provider's id for it; raises a `SendError`."""

    def verify(self, callback: Callback) -> None:
        """Check a callback's signature over its raw bytes, before anything is stored; raises `Forged`."""
        del callback
        raise NoCallbacks

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        """Parse a callback or raw item without side effects; raises `Forged` if its signature does not match."""
        raise NotImplementedError(callback.url)

    def listen(self, bookmark: str | None) -> AsyncIterator[FetchedBatch]:
        """Yield new items from the bookmark on, until the iterator is closed; None starts from the beginning."""
        raise NotImplementedError(bookmark)

    async def find_sent(self, message: OutboundMessage) -> str | None:
        """Look for a message after `Doubtful`: return its id if it was sent, None if that is not known."""
        del message
        return None

    def acknowledge(self, stored: Sequence[StoredItem]) -> CallbackResponse:
        """Return the response for a callback whose items are stored."""
        del stored
        return CallbackResponse()

    async def check(self) -> Sequence[Notice]:
        """Test the account; return a notice for each success. Raises the `SendError` that says what to correct."""
        return ()

    async def close(self) -> None:
        """Close all connections."""
