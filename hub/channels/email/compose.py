"""Compose an outbound message as a mail, byte for byte the same at every attempt. Pure."""

import hashlib
import html
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hub.channels.contract import OutboundFile, OutboundMessage, Point
from hub.channels.email.account import Account
from hub.channels.email.header_values import (
    clean,
    domain_of,
    encode_address,
    format_mailbox,
    format_mailboxes,
    format_unstructured,
    select_message_ids,
    subaddress,
)

_MEDIA_TYPE = re.compile(r"(?!message/|multipart/)[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,120}", re.IGNORECASE)
MAX_FILENAME = 150  # characters
BASE64_RATIO = 1.3  # bytes per character above which base64 is shorter than quoted-printable
_LINE_ENDS = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


def compose(message: OutboundMessage, account: Account) -> bytes:
    """Return the whole mail, with CRLF line ends; raises `Rejected` if an address is invalid."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in _headers(message, account))
    return headers.encode("ascii") + _body(message).as_bytes()


def message_id(message: OutboundMessage, account: Account) -> str:
    """Return the Message-ID of a message, the same at every attempt."""
    return f"<{re.sub(r'[^A-Za-z0-9._-]', '', message.id)[:120]}@{domain_of(account.address)}>"


def recipients(message: OutboundMessage) -> tuple[str, ...]:
    """Return the envelope recipients, without duplicates."""
    return tuple(dict.fromkeys(encode_address(point.value) for point in (message.to, *message.cc)))


def _headers(message: OutboundMessage, account: Account) -> Iterator[tuple[str, str]]:
    yield "From", format_mailbox(account.address, _sender_name(message.author, account.display_name))
    yield "To", format_mailboxes([message.to])
    if cc := _cc_points(message):
        yield "Cc", format_mailboxes(cc)
    if account.subaddressing and message.reply_key:
        yield "Reply-To", format_mailbox(subaddress(account.address, message.reply_key), account.display_name)
    yield "Subject", format_unstructured(message.subject or "")
    yield "Date", format_datetime(message.created_at)
    yield "Message-ID", message_id(message, account)
    if references := select_message_ids(message.references):
        yield "In-Reply-To", references[-1]
        yield "References", "\r\n ".join(references)
    if message.automatic:
        yield "Auto-Submitted", "auto-replied" if message.references else "auto-generated"


def _sender_name(author: str | None, display_name: str) -> str:
    person, company = clean(author or ""), clean(display_name)
    return f"{person} ({company})" if person and company else person or company


def _cc_points(message: OutboundMessage) -> list[Point]:
    """Return the points in Cc without the main recipient and without duplicates."""
    by_address = {encode_address(point.value): point for point in reversed(message.cc)}
    by_address.pop(encode_address(message.to.value), None)
    return list(reversed(by_address.values()))


def _body(message: OutboundMessage) -> EmailMessage:
    body = EmailMessage(policy=SMTP)
    _set_content(body, _plain(message))
    if message.html is not None:
        body.make_alternative()
        html_part = EmailMessage(policy=SMTP)
        _set_content(html_part, _html(message), subtype="html")
        del html_part["MIME-Version"]
        body.attach(html_part)
    if message.files:
        body.make_mixed()
    for file in message.files:
        body.attach(_attachment(file))
    _set_boundaries(body, message.id)
    return body


def _set_content(part: EmailMessage, text: str, *, subtype: str = "plain") -> None:
    """Set the text, always encoded, so that no relay changes it and no boundary can appear in it."""
    normalised = _LINE_ENDS.sub("\n", text).encode("utf-8", "replace").decode()
    prefer_base64 = len(normalised.encode()) > BASE64_RATIO * len(normalised)
    cte = "base64" if prefer_base64 else "quoted-printable"
    part.set_content(normalised, subtype=subtype, charset="utf-8", cte=cte)


def _plain(message: OutboundMessage) -> str:
    if not message.quoted:
        return message.text
    quoted = (f"> {line}".rstrip() for line in _LINE_ENDS.sub("\n", message.quoted).strip("\n").split("\n"))
    return message.text.rstrip() + "\n\n" + "\n".join(quoted) + "\n"


def _html(message: OutboundMessage) -> str:
    body = message.html or ""
    if not message.quoted:
        return body
    lines = html.escape(_LINE_ENDS.sub("\n", message.quoted).strip("\n")).replace("\n", "<br>\n")
    return f'{body}\n<blockquote type="cite">{lines}</blockquote>\n'


def _attachment(file: OutboundFile) -> EmailMessage:
    """Return a file as a base64 part; a mail or multipart, which may not be base64, gets a neutral media type."""
    media_type = file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "application/octet-stream"
    maintype, _, subtype = media_type.partition("/")
    part = EmailMessage(policy=SMTP)
    name = clean(file.filename)[:MAX_FILENAME] or "file"
    part.set_content(file.content, maintype=maintype, subtype=subtype, disposition="attachment", filename=name)
    del part["MIME-Version"]
    return part


def _set_boundaries(body: EmailMessage, message_id: str) -> None:
    for number, part in enumerate(part for part in body.walk() if part.is_multipart()):
        digest = hashlib.sha256(f"{message_id}:{number}".encode()).hexdigest()[:32]
        part.set_boundary(f"=_{digest}")
