"""A mail as the hub's own values: a message, and the receipt that a bounce amounts to."""

import hashlib
import re
from collections.abc import Iterable

from hub.channels.contract import DeliveryReceipt, File, InboundMessage, Point
from hub.channels.email.parse.html import sanitise
from hub.channels.email.parse.mail import Address, Mail

_KEYED = re.compile(r"([^@]+)\+([a-z0-9]{26})(@[^@]+)\Z")


def to_inbound(
    mail: Mail, *, own_addresses: frozenset[str], external_id: str
) -> list[InboundMessage | DeliveryReceipt]:
    """Give the message and, when a mail of ours failed, the receipt as well; own addresses are lower-case."""
    message = InboundMessage(
        external_id=external_id,
        sender=_sender(mail),
        cc=_points(mail.cc, own_addresses),
        to=_points(mail.to, frozenset()),
        subject=mail.subject or None,
        text=mail.reply_text,
        full_text=mail.text if mail.text != mail.reply_text else None,
        html=sanitise(mail.html) if mail.html and mail.html_is_whole else None,
        files=tuple(_file(mail)),
        sent_at=mail.date,
        message_id=mail.message_id,
        references=tuple(dict.fromkeys([*mail.in_reply_to, *reversed(mail.references)])),
        reply_keys=reply_keys(mail, own_addresses),
        automatic=mail.automatic,
        original=True,
    )
    receipt = _receipt(mail)
    return [message, receipt] if receipt else [message]


def external_id(mail: Mail, raw: bytes) -> str:
    """Give what a mail is known by: its Message-ID, or the digest of its bytes."""
    return mail.message_id or f"sha256:{hashlib.sha256(raw).hexdigest()}"


def reply_keys(mail: Mail, own_addresses: frozenset[str]) -> tuple[str, ...]:
    """Find the keys in recipients such as `help+KEY@example.com`, where `help@example.com` is ours."""
    recipients = [*(address.address for address in (*mail.to, *mail.cc)), *mail.delivered_to]
    found = (_KEYED.match(recipient.lower()) for recipient in recipients)
    return tuple(dict.fromkeys(match[2] for match in found if match and match[1] + match[3] in own_addresses))


def _sender(mail: Mail) -> Point:
    for address in (mail.from_, mail.sender, *mail.reply_to):
        if address and address.address:
            return _point(address)
    return Point(scheme="mailto", value="unknown@invalid", name=mail.from_.name if mail.from_ else None)


def _point(address: Address) -> Point:
    return Point(scheme="mailto", value=address.address, name=address.name or None)


def _points(addresses: Iterable[Address], left_out: frozenset[str]) -> tuple[Point, ...]:
    return tuple(
        _point(address) for address in addresses if address.address and not _is_own(address.address.lower(), left_out)
    )


def _is_own(address: str, own_addresses: frozenset[str]) -> bool:
    keyed = _KEYED.match(address)
    return address in own_addresses or bool(keyed and keyed[1] + keyed[3] in own_addresses)


def _file(mail: Mail) -> Iterable[File]:
    for found in mail.attachments:
        yield File(
            filename=found.filename, media_type=found.media_type, content=found.content, size=found.size,
            digest=found.sha256, content_id=found.content_id, inline=found.inline,
        )  # fmt: skip


def _receipt(mail: Mail) -> DeliveryReceipt | None:
    bounce = mail.bounce
    if bounce is None or not bounce.original_message_id or bounce.action != "failed":
        return None
    detail = " ".join(part for part in (bounce.status, bounce.diagnostic) if part)
    return DeliveryReceipt(
        external_id=bounce.original_message_id,
        status="failed",
        at=mail.date,
        detail=detail[:500] or None,
        recipient=bounce.recipient,
    )
