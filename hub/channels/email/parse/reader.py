"""A raw mail becomes a `Mail`: never a crash, whatever the bytes."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from hub.channels.email.errors import MailEmpty, MailTooLarge
from hub.channels.email.parse.addresses import addresses, first_address
from hub.channels.email.parse.automatic import is_automatic
from hub.channels.email.parse.bodies import Bodies
from hub.channels.email.parse.bounces import read_bounce
from hub.channels.email.parse.forwards import says_forward
from hub.channels.email.parse.header_text import clean, to_text, unfold
from hub.channels.email.parse.headers import Headers
from hub.channels.email.parse.mail import Mail
from hub.channels.email.parse.mime import Budget, Part, read_tree
from hub.channels.email.parse.quotes import fold

MAX_RAW = 140_000_000
_ID = re.compile(r"<[^<>]{1,900}>|[^\s<>,;]{1,900}")
_CHARSET_DEPTH = 4


def read(raw: bytes) -> Mail:
    """Read a mail; raise `BadInput` when nothing of it can be read."""
    if len(raw) > MAX_RAW:
        raise MailTooLarge
    if not raw.strip():
        raise MailEmpty
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    budget = Budget()
    root = read_tree(raw, budget)
    bodies = Bodies(budget)
    bodies.gather(root)
    return _compose(root, bodies)


def _compose(root: Part, bodies: Bodies) -> Mail:
    headers, charset = root.headers, _charset(root)
    text, html, whole = bodies.words()
    sender = first_address(headers.all("from"), charset)
    subject = unfold(headers.first("subject"), charset)
    own = fold(text, forwarded=says_forward(subject, text))
    to = addresses(headers.all("to"), charset)
    ours = frozenset(address.address.lower() for address in to)
    bounce = read_bounce(headers, bodies.reports, text, own, sender, ours, subject)
    return Mail(
        message_id=next(iter(_ids(headers.first("message-id"))), None),
        in_reply_to=_ids(headers.first("in-reply-to")),
        references=_ids(b" ".join(headers.all("references"))),
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
        html_is_whole=whole,
        reply_text=own if bounce is None else text.strip("\n").rstrip(),
        automatic=bounce is not None or is_automatic(headers, sender, subject),
        bounce=bounce,
        attachments=tuple(bodies.files),
        authentication=tuple(unfold(value) for value in headers.all("authentication-results")),
        defects=tuple(dict.fromkeys(bodies.budget.defects))[:50],
    )


def _charset(root: Part) -> str | None:
    """Take the charset of the first text, for headers with raw 8-bit bytes."""
    part = root
    for _ in range(_CHARSET_DEPTH):
        if part.charset or not part.children:
            return part.charset
        part = part.children[0]
    return None


def _ids(value: bytes) -> tuple[str, ...]:
    text = clean(to_text(value))
    found = [item for item in _ID.findall(text) if item.startswith("<")]
    return tuple(found) or tuple(item for item in _ID.findall(text) if "@" in item)


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    names = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
    found = [address.address for name in names for address in addresses(headers.all(name)[:50]) if address.address]
    return tuple(dict.fromkeys(found))


def read_date(value: bytes) -> datetime | None:
    """Read a date as an aware instant in UTC; None when it is none."""
    text = clean(to_text(value[:200]))
    if not text:
        return None
    try:
        found = parsedate_to_datetime(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
