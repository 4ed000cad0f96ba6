"""Parse a raw mail into a `Mail`, whatever the bytes."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hub.channels.email.errors import MailEmpty, MailTooLarge
from hub.channels.email.parse.addresses import addresses, first_address
from hub.channels.email.parse.automatic import is_automatic
from hub.channels.email.parse.bodies import BodyCollector
from hub.channels.email.parse.bounces import read_bounce
from hub.channels.email.parse.forwards import is_forward
from hub.channels.email.parse.header_text import clean, decode_value, to_text
from hub.channels.email.parse.headers import Headers
from hub.channels.email.parse.mail import Mail
from hub.channels.email.parse.mime import Budget, Part, read_tree
from hub.channels.email.parse.quotes import extract_reply

MAX_RAW = 140_000_000  # bytes: 100 MB of files in base64
_MESSAGE_ID = re.compile(r"<[^<>]{1,900}>|[^\s<>,;]{1,900}")
_CHARSET_DEPTH = 4


def read(raw: bytes) -> Mail:
    """Parse a mail; raises `BadInput` only if it is empty or too large."""
    if len(raw) > MAX_RAW:
        raise MailTooLarge
    if not raw.strip():
        raise MailEmpty
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    budget = Budget()
    root = read_tree(raw, budget)
    bodies = BodyCollector(budget)
    bodies.collect(root)
    return _compose(root, bodies)


def _compose(root: Part, bodies: BodyCollector) -> Mail:
    headers, charset = root.headers, _charset(root)
    text, html, html_is_complete = bodies.text_and_html()
    sender = first_address(headers.all("from"), charset)
    subject = decode_value(headers.first("subject"), charset)
    reply_text = extract_reply(text, forwarded=is_forward(subject, text))
    to = addresses(headers.all("to"), charset)
    to_addresses = frozenset(address.address.lower() for address in to)
    bounce = read_bounce(headers, bodies.reports, text, reply_text, sender, to_addresses, subject)
    return Mail(
        message_id=next(iter(_message_ids(headers.first("message-id"))), None),
        in_reply_to=_message_ids(headers.first("in-reply-to")),
        references=_message_ids(b" ".join(headers.all("references"))),
        from_=sender,
        sender=first_address(headers.all("sender"), charset),
        to=to,
        cc=addresses(headers.all("cc"), charset),
        reply_to=addresses(headers.all("reply-to"), charset),
        delivered_to=_delivered_to(headers),
        subject=subject,
        date=read_date(headers.first("date")),
        text=text,
        html=html,
        html_is_whole=html_is_complete,
        reply_text=reply_text if bounce is None else text.strip("\n").rstrip(),
        automatic=bounce is not None or is_automatic(headers, sender, subject),
        bounce=bounce,
        attachments=tuple(bodies.files),
        authentication=tuple(decode_value(value) for value in headers.all("authentication-results")),
        defects=tuple(dict.fromkeys(bodies.budget.defects))[:50],
    )


def _charset(root: Part) -> str | None:
    """Return the charset of the first text, for headers with raw 8-bit bytes."""
    part = root
    for _ in range(_CHARSET_DEPTH):
        if part.charset or not part.children:
            return part.charset
        part = part.children[0]
    return None


def _message_ids(value: bytes) -> tuple[str, ...]:
    text = clean(to_text(value))
    bracketed = [item for item in _MESSAGE_ID.findall(text) if item.startswith("<")]
    return tuple(bracketed) or tuple(item for item in _MESSAGE_ID.findall(text) if "@" in item)


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    recipients = [address.address for name in names for address in addresses(headers.all(name)[:50]) if address.address]
    return tuple(dict.fromkeys(recipients))


def read_date(value: bytes) -> datetime | None:
    """Return a date as an aware time in UTC; None if it is not a date. A date without a time zone counts as UTC."""
    text = clean(to_text(value[:200]))
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
