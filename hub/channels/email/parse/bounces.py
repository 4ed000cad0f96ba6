"""Mails about a mail that did not arrive: by the standard (RFC 3464, 5965), or in a server's own words."""

import re

from hub.channels.email.parse.bounce_phrases import STATUS, find_reason, find_recipient, is_delay, looks_like_one
from hub.channels.email.parse.header_text import to_text, unfold
from hub.channels.email.parse.headers import Headers, read_block
from hub.channels.email.parse.mail import Address, Bounce
from hub.channels.email.parse.mime import Part

MAX_BLOCKS = 100
MAX_REPORT = 100_000  # bytes
RETURNED = frozenset({"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global",
                      "message/global-headers"})  # fmt: skip
_MAILBOX = re.compile(r"[^\s<>/;@][^\s<>;@]{0,200}@[^\s<>;@.]{1,63}(?:\.[^\s<>;@.]{1,63}){1,126}")
_MESSAGE_ID = re.compile(r"^[> \t]{0,20}Message-ID:\s{0,20}(<[^<>\s]{3,300}>)", re.IGNORECASE | re.MULTILINE)
_RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")
_ORDER = ("failed", "delayed")


def read_bounce(
    headers: Headers,
    reports: list[Part],
    text: str,
    own: str,
    sender: Address | None,
    ours: frozenset[str],
    subject: str,
) -> Bounce | None:
    """Give what a bounce says, or None; `own` is `text` without quotes, `ours` are those whom it was sent to."""
    original = _original_id(reports)
    for part in reports:
        if part.media_type.endswith("delivery-status"):
            found = _delivery_status(part, original, headers, text, ours)
            if found is not None:
                return found
        if part.media_type == "message/feedback-report":
            return _complaint(part, original)
    returned = any(part.media_type in RETURNED for part in reports)
    if not looks_like_one(headers, own or text, sender, subject, returned=returned):
        return None
    status, diagnostic = find_reason(text)
    return Bounce(
        recipient=find_recipient(headers, text, ours | ({sender.address.lower()} if sender else set())),
        action="delayed" if is_delay(text) else "failed", status=status, diagnostic=diagnostic,
        original_message_id=original or _quoted_id(text),
    )  # fmt: skip


def _delivery_status(
    part: Part, original: str | None, headers: Headers, text: str, ours: frozenset[str]
) -> Bounce | None:
    fields = _worst(_blocks(part.content()[:MAX_REPORT]))
    if not any(name in fields for name in (*_RECIPIENTS, "action", "status")):
        return None
    diagnostic = " ".join(_after_type(fields.get("diagnostic-code", "")).split()) or None
    status = STATUS.search(fields.get("status", "")) or STATUS.search(diagnostic or "")
    recipient = _recipient(fields) or find_recipient(headers, text, ours)
    return Bounce(
        recipient=recipient or _after_type(fields.get(_RECIPIENTS[0], "")) or None,
        action=(fields.get("action") or "failed").split()[0].strip(";,()").lower() or "failed",
        status=status[1] if status else None, diagnostic=diagnostic, original_message_id=original or _quoted_id(text),
    )  # fmt: skip


def _blocks(content: bytes) -> list[dict[str, str]]:
    """Read the fields about the mail, then those about each recipient."""
    found: list[dict[str, str]] = []
    at = 0
    for _ in range(MAX_BLOCKS):
        if at >= len(content):
            break
        block, after = read_block(content, at, len(content), [])
        at = max(after, at + 1)
        if block.fields:
            found.append({name: unfold(block.first(name)) for name in block.fields})
    return found


def _worst(blocks: list[dict[str, str]]) -> dict[str, str]:
    """Give the fields of the recipient for whom it went worst, with the others' where it says nothing."""
    told = [block for block in blocks if "action" in block]
    told.sort(key=lambda block: [not block["action"].lower().startswith(word) for word in _ORDER])
    fields: dict[str, str] = {}
    for block in (*told[:1], *(block for block in blocks if not told or "action" not in block)):
        for name, value in block.items():
            fields.setdefault(name, value)
    return fields


def _recipient(fields: dict[str, str]) -> str | None:
    named = (_after_type(fields.get(name, "")) for name in _RECIPIENTS)
    return next((address for address in named if _MAILBOX.fullmatch(address)), None)


def _complaint(part: Part, original: str | None) -> Bounce:
    content = part.content()
    block, _ = read_block(content, 0, len(content), [])
    recipient = unfold(block.first("original-rcpt-to") or block.first("removal-recipient")).strip("<> ")
    kind = unfold(block.first("feedback-type"))
    return Bounce(
        recipient=recipient or None, action="complained", diagnostic=kind or None, original_message_id=original
    )


def _after_type(value: str) -> str:
    before, semicolon, after = value.partition(";")
    bare = after if semicolon and ("@" in after or "@" not in before) else before
    return bare.strip().strip("<>").strip()


def _original_id(reports: list[Part]) -> str | None:
    for part in reports:
        if part.media_type in RETURNED:
            content = part.content()
            block, _ = read_block(content, 0, len(content), [], top=True)
            found = to_text(block.first("message-id")).strip()
            if found:
                return found
    return None


def _quoted_id(text: str) -> str | None:
    found = _MESSAGE_ID.search(text, 0, 60_000)
    return found[1] if found else None
