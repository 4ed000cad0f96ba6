"""Pure: an outbound message as the bytes of a mail, the same bytes at every attempt."""

import hashlib
import html
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from hub.channels.contract import OutboundFile, OutboundMessage, Point
from hub.channels.email.account import Account
from hub.channels.email.envelope import (
    address,
    clean,
    domain_of,
    mailbox,
    mailboxes,
    message_ids,
    subaddress,
    unstructured,
)

_MEDIA_TYPE = re.compile(r"(?!message/|multipart/)[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,120}", re.IGNORECASE)
MAX_FILENAME = 150
MOSTLY_FOREIGN = 1.3  # bytes a sign, above which base64 is the shorter
_LINE_ENDS = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")


def compose(message: OutboundMessage, account: Account) -> bytes:
    """Write the whole mail with CRLF line ends; `Rejected` when an address is none."""
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(message, account))
    return head.encode("ascii") + _body(message).as_bytes()


def message_id(message: OutboundMessage, account: Account) -> str:
    """The Message-ID, the same at every attempt."""
    return f"<{re.sub(r'[^A-Za-z0-9._-]', '', message.id)[:120]}@{domain_of(account.address)}>"


def recipients(message: OutboundMessage) -> tuple[str, ...]:
    """Everybody the mail goes to, each once."""
    return tuple(dict.fromkeys(address(point.value) for point in (message.to, *message.cc)))


def _headers(message: OutboundMessage, account: Account) -> Iterator[tuple[str, str]]:
    yield "From", mailbox(account.address, _sender_name(message.author, account.display_name))
    yield "To", mailboxes([message.to])
    if others := _others(message):
        yield "Cc", mailboxes(others)
    if account.subaddressing and message.reply_key:
        yield "Reply-To", mailbox(subaddress(account.address, message.reply_key), account.display_name)
    yield "Subject", unstructured(message.subject or "")
    yield "Date", format_datetime(message.created_at)
    yield "Message-ID", message_id(message, account)
    if answered := message_ids(message.references):
        yield "In-Reply-To", answered[-1]
        yield "References", "\r\n ".join(answered)
    if message.automatic:
        yield "Auto-Submitted", "auto-replied" if message.references else "auto-generated"


def _sender_name(author: str | None, display_name: str) -> str:
    person, house = clean(author or ""), clean(display_name)
    return f"{person} ({house})" if person and house else person or house


def _others(message: OutboundMessage) -> list[Point]:
    """The cc'd, without the recipient, each once."""
    by_address = {address(point.value): point for point in reversed(message.cc)}
    by_address.pop(address(message.to.value), None)
    return list(reversed(by_address.values()))


def _body(message: OutboundMessage) -> EmailMessage:
    body = EmailMessage(policy=SMTP)
    _set_text(body, _plain(message))
    if message.html is not None:
        body.make_alternative()
        marked_up = EmailMessage(policy=SMTP)
        _set_text(marked_up, _marked_up(message), subtype="html")
        del marked_up["MIME-Version"]
        body.attach(marked_up)
    if message.files:
        body.make_mixed()
    for file in message.files:
        body.attach(_attachment(file))
    _name_boundaries(body, message.id)
    return body


def _set_text(part: EmailMessage, text: str, *, subtype: str = "plain") -> None:
    """Always encoded, so that no relay touches it and no boundary can stand in it."""
    written = _LINE_ENDS.sub("\n", text).encode("utf-8", "replace").decode()
    mostly_foreign = len(written.encode()) > MOSTLY_FOREIGN * len(written)
    cte = "base64" if mostly_foreign else "quoted-printable"
    part.set_content(written, subtype=subtype, charset="utf-8", cte=cte)


def _plain(message: OutboundMessage) -> str:
    if not message.quoted:
        return message.text
    quoted = (f"> {line}".rstrip() for line in _LINE_ENDS.sub("\n", message.quoted).strip("\n").split("\n"))
    return message.text.rstrip() + "\n\n" + "\n".join(quoted) + "\n"


def _marked_up(message: OutboundMessage) -> str:
    marked_up = message.html or ""
    if not message.quoted:
        return marked_up
    lines = html.escape(_LINE_ENDS.sub("\n", message.quoted).strip("\n")).replace("\n", "<br>\n")
    return f'{marked_up}\n<blockquote type="cite">{lines}</blockquote>\n'


def _attachment(file: OutboundFile) -> EmailMessage:
    """Base64 always; what may not be base64, a mail or a multipart, goes as unnamed bytes."""
    media_type = file.media_type if _MEDIA_TYPE.fullmatch(file.media_type) else "application/octet-stream"
    maintype, _, subtype = media_type.partition("/")
    part = EmailMessage(policy=SMTP)
    name = clean(file.filename)[:MAX_FILENAME] or "file"
    part.set_content(file.content, maintype=maintype, subtype=subtype, disposition="attachment", filename=name)
    del part["MIME-Version"]
    return part


def _name_boundaries(body: EmailMessage, message_id: str) -> None:
    for number, part in enumerate(each for each in body.walk() if each.is_multipart()):
        digest = hashlib.sha256(f"{message_id}:{number}".encode()).hexdigest()[:32]
        part.set_boundary(f"=_{digest}")
