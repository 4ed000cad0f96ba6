"""Convert a parsed mail to the values of the channel contract: a message, and a receipt if it is a bounce."""

import hashlib
import re
from collections.abc import Iterable

from hub.channels.contract import DeliveryReceipt, File, InboundMessage, Point
from hub.channels.email.parse.html import sanitise
from hub.channels.email.parse.mail import Address, Mail

_SUBADDRESS = re.compile(r"([^@]+)\+([a-z0-9]{26})(@[^@]+)\Z")


def to_inbound(
    mail: Mail, *, own_addresses: frozenset[str], external_id: str
) -> list[InboundMessage | DeliveryReceipt]:
    """Return the message and, if a mail of ours could not be delivered, the receipt.

    `own_addresses` are the addresses of the mailbox, in lower case; they are left out of Cc.
    """
    message = InboundMessage(
        external_id=external_id,
        sender=_sender(mail),
        cc=_points(mail.cc, own_addresses),
        to=_points(mail.to, frozenset()),
        subject=mail.subject or None,
        text=mail.reply_text,
        full_text=mail.text if mail.text != mail.reply_text else None,
        html=sanitise(mail.html) if mail.html and mail.html_is_whole else None,
        files=tuple(_files(mail)),
        sent_at=mail.date,
        message_id=mail.message_id,
        references=tuple(dict.fromkeys([*mail.in_reply_to, *reversed(mail.references)])),
        reply_keys=reply_keys(mail, own_addresses),
        automatic=mail.automatic,
        original=True,
    )
    receipt = _receipt(mail)
    return [message, receipt] if receipt else [message]


def dedupe_key(raw: bytes) -> str:
    """Return the key that identifies a mail within its channel: a digest of its bytes, whatever UID a server gives."""
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"


def reply_keys(mail: Mail, own_addresses: frozenset[str]) -> tuple[str, ...]:
    """Return the keys in recipients such as `help+KEY@example.com`, where `help@example.com` is our own address."""
    recipients = [*(address.address for address in (*mail.to, *mail.cc)), *mail.delivered_to]
    matches = (_SUBADDRESS.match(recipient.lower()) for recipient in recipients)
    return tuple(dict.fromkeys(match[2] for match in matches if match and match[1] + match[3] in own_addresses))


def _sender(mail: Mail) -> Point:
    for address in (mail.from_, mail.sender, *mail.reply_to):
        if address and address.address:
            return _point(address)
    return Point(scheme="mailto", value="unknown@invalid", name=mail.from_.name if mail.from_ else None)


def _point(address: Address) -> Point:
    return Point(scheme="mailto", value=address.address, name=address.name or None)


def _points(addresses: Iterable[Address], excluded: frozenset[str]) -> tuple[Point, ...]:
    return tuple(
        _point(address) for address in addresses if address.address and not _is_own(address.address.lower(), excluded)
    )


def _is_own(address: str, own_addresses: frozenset[str]) -> bool:
    match = _SUBADDRESS.match(address)
    return address in own_addresses or bool(match and match[1] + match[3] in own_addresses)


def _files(mail: Mail) -> Iterable[File]:
    for file in mail.attachments:
        yield File(
            filename=file.filename, media_type=file.media_type, content=file.content, size=file.size,
            digest=file.sha256, content_id=file.content_id, inline=file.inline,
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
