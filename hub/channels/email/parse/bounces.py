"""Read bounces: reports in the standard formats (RFC 3464, RFC 5965), or in the words of a mail server."""

import re

from hub.channels.email.parse.bounce_phrases import STATUS, find_reason, find_recipient, is_delay, looks_like_bounce
from hub.channels.email.parse.header_text import decode_value, to_text
from hub.channels.email.parse.headers import Headers, read_block
from hub.channels.email.parse.mail import Address, Bounce
from hub.channels.email.parse.mime import Part

MAX_BLOCKS = 100
MAX_REPORT = 100_000  # bytes
RETURNED_MAIL = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
                      "message/global-headers"})  # fmt: skip
_MAILBOX = re.compile(r"[^\s<>/;@][^\s<>;@]{0,200}@[^\s<>;@.]{1,63}(?:\.[^\s<>;@.]{1,63}){1,126}")
_MESSAGE_ID = re.compile(r"^[> \t]{0,20}Message-ID:\s{0,20}(<[^<>\s]{3,300}>)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT_FIELDS = ("final-recipient", "original-recipient", "x-actual-recipient")
_WORST_FIRST = ("failed", "delayed")


def read_bounce(
    headers: Headers,
    reports: list[Part],
    text: str,
    own_text: str,
    sender: Address | None,
    to_addresses: frozenset[str],
    subject: str,
) -> Bounce | None:
    """Return what a bounce reports, or None if the mail is not a bounce.

    `own_text` is `text` without quotes. `to_addresses` are the recipients of the bounce itself, in lower case; none of
    them is the failed address.
    """
    original_id = _returned_message_id(reports)
    for part in reports:
        if part.media_type.endswith("delivery-status"):
            bounce = _delivery_status(part, original_id, headers, text, to_addresses)
            if bounce is not None:
                return bounce
        if part.media_type == "message/feedback-report":
            return _complaint(part, original_id)
    has_returned_mail = any(part.media_type in RETURNED_MAIL for part in reports)
    if not looks_like_bounce(headers, own_text or text, sender, subject, returned=has_returned_mail):
        return None
    status, diagnostic = find_reason(text)
    return Bounce(
        recipient=find_recipient(headers, text, to_addresses | ({sender.address.lower()} if sender else set())),
        action="delayed" if is_delay(text) else "failed", status=status, diagnostic=diagnostic,
        original_message_id=original_id or _message_id_in_text(text),
    )  # fmt: skip


def _delivery_status(
    part: Part, original_id: str | None, headers: Headers, text: str, to_addresses: frozenset[str]
) -> Bounce | None:
    fields = _worst_fields(_blocks(part.content()[:MAX_REPORT]))
    if not any(name in fields for name in (*_RECIPIENT_FIELDS, "action", "status")):
        return None
    diagnostic = " ".join(_strip_type(fields.get("diagnostic-code", "")).split()) or None
    status = STATUS.search(fields.get("status", "")) or STATUS.search(diagnostic or "")
    recipient = _recipient(fields) or find_recipient(headers, text, to_addresses)
    return Bounce(
        recipient=recipient or _strip_type(fields.get(_RECIPIENT_FIELDS[0], "")) or None,
        action=(fields.get("action") or "failed").split()[0].strip(";,()").lower() or "failed",
        status=status[1] if status else None, diagnostic=diagnostic,
        original_message_id=original_id or _message_id_in_text(text),
    )  # fmt: skip


def _blocks(content: bytes) -> list[dict[str, str]]:
    """Return the fields about the whole mail, followed by those about each recipient (RFC 3464 §2.1)."""
    blocks: list[dict[str, str]] = []
    at = 0
    for _ in range(MAX_BLOCKS):
        if at >= len(content):
            break
        block, after = read_block(content, at, len(content), [])
        at = max(after, at + 1)
        if block.fields:
            blocks.append({name: decode_value(block.first(name)) for name in block.fields})
    return blocks


def _worst_fields(blocks: list[dict[str, str]]) -> dict[str, str]:
    """Return the fields of the recipient with the worst result, completed with the fields about the whole mail."""
    by_recipient = [block for block in blocks if "action" in block]
    by_recipient.sort(key=lambda block: [not block["action"].lower().startswith(word) for word in _WORST_FIRST])
    fields: dict[str, str] = {}
    for block in (*by_recipient[:1], *(block for block in blocks if not by_recipient or "action" not in block)):
        for name, value in block.items():
            fields.setdefault(name, value)
    return fields


def _recipient(fields: dict[str, str]) -> str | None:
    candidates = (_strip_type(fields.get(name, "")) for name in _RECIPIENT_FIELDS)
    return next((address for address in candidates if _MAILBOX.fullmatch(address)), None)


def _complaint(part: Part, original_id: str | None) -> Bounce:
    content = part.content()
    block, _ = read_block(content, 0, len(content), [])
    recipient = decode_value(block.first("original-rcpt-to") or block.first("removal-recipient")).strip("<> ")
    kind = decode_value(block.first("feedback-type"))
    return Bounce(
        recipient=recipient or None, action="complained", diagnostic=kind or None, original_message_id=original_id
    )


def _strip_type(value: str) -> str:
    before, semicolon, after = value.partition(";")
    value_part = after if semicolon and ("@" in after or "@" not in before) else before
    return value_part.strip().strip("<>").strip()


def _returned_message_id(reports: list[Part]) -> str | None:
    for part in reports:
        if part.media_type in RETURNED_MAIL:
            content = part.content()
            block, _ = read_block(content, 0, len(content), [], outermost=True)
            message_id = to_text(block.first("message-id")).strip()
            if message_id:
                return message_id
    return None


def _message_id_in_text(text: str) -> str | None:
    match = _MESSAGE_ID.search(text, 0, 60_000)
    return match[1] if match else None
