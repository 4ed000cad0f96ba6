"""The result of parsing a raw mail."""

from datetime import datetime

from msgspec import Struct


class Address(Struct, frozen=True):
    """A display name and an address (RFC 5322 addr-spec); either may be empty."""

    name: str
    address: str


class Attachment(Struct, frozen=True, kw_only=True):
    """A file of the mail; its name is safe to show and to save."""

    filename: str
    media_type: str
    size: int
    sha256: str
    content: bytes
    content_id: str | None = None  # without angle brackets
    inline: bool = False


class Bounce(Struct, frozen=True, kw_only=True):
    """A mail server's report about a mail of ours; fields are None where it says nothing."""

    recipient: str | None = None
    action: str | None = None  # failed, delayed, delivered, relayed, expanded, complained
    status: str | None = None  # RFC 3463, such as 5.1.1
    diagnostic: str | None = None
    original_message_id: str | None = None


class Mail(Struct, frozen=True, kw_only=True):
    """A mail, as far as it could be parsed."""

    message_id: str | None = None  # as written, with angle brackets
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # oldest first, as written
    from_: Address | None = None
    sender: Address | None = None
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None  # aware, UTC
    text: str = ""
    html: str | None = None  # as sent: must be sanitised before it is shown
    html_is_whole: bool = False  # the HTML contains all of the text
    reply_text: str = ""
    automatic: bool = False
    bounce: Bounce | None = None
    attachments: tuple[Attachment, ...] = ()
    authentication: tuple[str, ...] = ()  # Authentication-Results, topmost first
    defects: tuple[str, ...] = ()
