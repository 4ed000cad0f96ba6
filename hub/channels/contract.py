"""What a channel promises: the adapter, what it can carry, and the values that pass through it.

An adapter translates and never decides. It raises nothing but `SendError` kinds from `send`,
`Forged` from `parse`, and `SendError` from `check`.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Literal, dataclass_transform

from msgspec import Struct

from hub.errors import Coded, Forged, Reason


class Resend(StrEnum):
    """Whether a message whose fate is unknown may be sent again."""

    SAFE = "safe"
    LOOK_FIRST = "look_first"
    ASK = "ask"


class WorkClass(StrEnum):
    """How much of a person a conversation takes: sound, someone waiting, or at leisure."""

    RT = "rt"
    LIVE = "live"
    ASYNC = "async"


class AttachmentRule(Struct, frozen=True, kw_only=True):
    """What files it carries: how many, how many bytes each and together, which kinds (empty: any)."""

    max_count: int = 0
    max_bytes: int = 0
    max_total_bytes: int = 0
    media_types: tuple[str, ...] = ()


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a channel can carry, as data; served to the composer as it is."""

    scheme: str  # of the contact points it reaches: "mailto", "webchat"
    max_chars: int | None = None  # None: no limit
    formatting: Literal["none", "markdown", "html"] = "none"
    attachments: AttachmentRule = AttachmentRule()
    subject: bool = False
    threads: bool = False  # a message names the one it answers; no name, a new conversation
    receipts: tuple[Literal["delivered", "read"], ...] = ()
    typing: bool = False
    initiates: bool = False  # we may write first
    reply_window: timedelta | None = None
    templates: bool = False
    resend: Resend = Resend.ASK
    live: bool = False  # someone is waiting at the other end
    pace: float | None = None  # messages a second the account allows
    lines: int = 1  # so many messages go out at the same time
    undo: timedelta = timedelta(seconds=3)  # default time in which a send can be taken back
    work_class: WorkClass = WorkClass.ASYNC


class Callback(Struct, frozen=True, kw_only=True):
    """An HTTP request of a provider, or its like: lower-case header names, the raw body."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Point(Struct, frozen=True, kw_only=True):
    """An address of a person: scheme and value as the provider wrote it, with the display name if any."""

    scheme: str
    value: str
    name: str | None = None
    verified: bool = False  # the channel itself vouches for it (a signed identity)


class File(Struct, frozen=True, kw_only=True):
    """A file that came with a message: its bytes, or the digest under which they are stored already."""

    filename: str | None
    media_type: str
    content: bytes | None = None
    digest: str | None = None
    size: int = 0
    content_id: str | None = None  # cid of an inline picture, without angle brackets
    inline: bool = False


class InboundMessage(Struct, frozen=True, kw_only=True, tag="message"):
    """One thing a customer said."""

    external_id: str  # unique within the channel
    sender: Point
    also: tuple[Point, ...] = ()  # further points shown to be the same person (verified ones only)
    cc: tuple[Point, ...] = ()
    to: tuple[Point, ...] = ()
    subject: str | None = None
    text: str = ""  # what was newly said, quotes folded away
    full_text: str | None = None  # with quotes, where it differs
    html: str | None = None  # already sanitised
    files: tuple[File, ...] = ()
    sent_at: datetime | None = None  # the provider's clock
    message_id: str | None = None  # e-mail's own, with angle brackets
    answers: tuple[str, ...] = ()  # ids this one answers, nearest first (In-Reply-To, References)
    reply_keys: tuple[str, ...] = ()  # per-conversation keys found in the recipients' addresses
    automatic: bool = False  # out of office, bounce, list: never answered automatically
    language: str | None = None
    original: bool = False  # the raw arrival can be shown as the original


class DeliveryReceipt(Struct, frozen=True, kw_only=True, tag="receipt"):
    """What became of a message of ours; statuses only move forward."""

    external_id: str  # the id `send` gave back, or the message's own Message-ID
    status: Literal["sent", "delivered", "read", "failed"]
    at: datetime | None = None
    detail: str | None = None
    recipient: str | None = None


class Typing(Struct, frozen=True, kw_only=True, tag="typing"):
    """A customer is writing."""

    sender: Point


class Unreadable(Struct, frozen=True, kw_only=True, tag="unreadable"):
    """A part that could not be read; its neighbours are not lost."""

    external_id: str
    reason: Reason
    sender: Point | None = None


Inbound = InboundMessage | DeliveryReceipt | Typing | Unreadable


class Fetched(Struct, frozen=True, kw_only=True):
    """Raw things taken off a held line, with the bookmark that is true once they are stored."""

    items: tuple["RawItem", ...]
    bookmark: str


class RawItem(Struct, frozen=True, kw_only=True):
    """One raw arrival: its key of identity within the channel, and its bytes.

    What comes in one `stream` (a visitor's chat, say) is taken in in the order in which it came, however many
    processes take in: what comes later waits, five seconds at most. Without one the message itself tells its time.
    """

    dedupe_key: str
    body: bytes
    stream: str | None = None


class Taken(Struct, frozen=True, kw_only=True):
    """An arrival that is safely stored."""

    dedupe_key: str
    fresh: bool


class Reply(Struct, frozen=True, kw_only=True):
    """What a provider wants to hear back."""

    status: int = 204
    body: bytes = b""
    media_type: str = "text/plain"


class OutboundFile(Struct, frozen=True, kw_only=True):
    """A file to send."""

    filename: str
    media_type: str
    content: bytes


class OutboundMessage(Struct, frozen=True, kw_only=True):
    """One message to one customer, rendered to what the channel can carry."""

    id: str  # ours, stable over all attempts: the idempotency key
    to: Point
    cc: tuple[Point, ...] = ()
    subject: str | None = None
    text: str
    html: str | None = None
    files: tuple[OutboundFile, ...] = ()
    reply_key: str | None = None  # unguessable, of this conversation
    answers: tuple[str, ...] = ()  # Message-IDs of the thread, oldest first
    author: str | None = None  # the name the customer sees
    automatic: bool = False  # written by no person: marked as such, so that no robot answers it
    quoted: str | None = None  # the customer's last words, to quote below
    created_at: datetime


@dataclass_transform(kw_only_default=True, eq_default=False)
class Notice(Coded, abstract=True):
    """A sentence of good or neutral news, with a code like an error's."""


@dataclass_transform(kw_only_default=True, eq_default=False)
class SendError(Coded, Exception, abstract=True):
    """A message was not sent; the kind says whether to try again.

    SendError
    ├── Throttled(retry_after)   try again then
    ├── Unreachable              try again
    ├── Doubtful                 it may have been sent; never repeated blindly
    ├── Rejected                 do not try again
    ├── OptedOut                 do not try again
    └── Misconfigured            do not try again until an administrator has corrected the channel

    An adapter declares a class below one of these for each error. Its sentence and its parameters carry no secrets;
    a parameter named `reply` is the provider's own code.
    """

    @property
    def provider_code(self) -> str | None:
        """The provider's own code, where there is one."""
        return str(vars(self).get("reply") or "") or None


class Throttled(SendError, abstract=True):
    """Too fast; try again after `retry_after`."""

    retry_after: timedelta


class Unreachable(SendError, abstract=True):
    """Nothing was sent; try again."""


class Doubtful(SendError, abstract=True):
    """It may have been sent; this is unknown."""


class Rejected(SendError, abstract=True):
    """Refused for good."""


class OptedOut(SendError, abstract=True):
    """The customer does not want messages here."""


class Misconfigured(SendError, abstract=True):
    """The settings of the channel are wrong: password, certificate, host."""


class NoCallbacks(Forged):
    """This channel accepts no requests from outside."""


class Adapter(ABC):
    """A channel of one kind, connected with one account."""

    kind: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    Account: ClassVar[type[Struct]]  # what an administrator fills in; also the form's schema

    @classmethod
    def address(cls, account: Struct) -> str:
        """Name our own address with this account: the mailbox, the number, the public key."""
        return str(getattr(account, "address", "") or getattr(account, "key", ""))

    @classmethod
    def embed(cls, account: Struct, base_url: str) -> dict[str, str] | None:
        """Give what a web site has to include: `key` and `snippet`; None for channels that need nothing."""
        del account, base_url
        return None

    @abstractmethod
    async def send(self, message: OutboundMessage) -> str:
        """Send it and give the provider's id back; raise a `SendError` otherwise."""

    def verify(self, callback: Callback) -> None:
        """Check on the raw bytes who calls back, before anything is kept; raises `Forged`."""
        del callback
        raise NoCallbacks

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        """Read what arrived; pure. `Forged` when the signature does not match."""
        raise NotImplementedError(callback.url)

    def listen(self, bookmark: str | None) -> AsyncIterator[Fetched]:
        """Hold a line open from the bookmark on."""
        raise NotImplementedError(bookmark)

    async def find_sent(self, message: OutboundMessage) -> str | None:
        """Tell what became of a doubtful one: its id when it is known to have gone."""
        del message
        return None

    def acknowledge(self, taken: Sequence[Taken]) -> Reply:
        """Say what the provider wants to hear."""
        del taken
        return Reply()

    async def check(self) -> Sequence[Notice]:
        """Try the account out; returns what works, or raises the `SendError` that says what to correct."""
        return ()

    async def close(self) -> None:
        """Let go of connections."""
