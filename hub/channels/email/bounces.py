"""What mail servers say about a mail that did not arrive: by the standard (RFC 3464, 5965), or in their own words."""

import re

from hub.channels.email.headers import Headers, read_block
from hub.channels.email.mail import Address, Bounce
from hub.channels.email.mime import Part
from hub.channels.email.words import to_text, unfold

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_ANY_ADDRESS = re.compile(r"(?<![^\s<>(\[\"':;,])([^\s<>()\[\]:;,\"'\\@]{1,128}@[^\s<>()\[\]:;,\"'\\@/]{2,190})")
_CODE = re.compile(r"(?<!\d)([45]\d\d)[ -]")
_MESSAGE_ID = re.compile(r"^[> \t]*Message-ID:\s{0,20}(<[^<>\s]{3,300}>)", re.IGNORECASE | re.MULTILINE)
_SUBJECTS = re.compile(
    r"undeliver|deliver[a-z]* (?:\w+ )?(?:fail|status|problem|report|unsuccess|has|delay)"
    r"|delivery notification|returned (?:mail|to sender)|failure notice"
    r"|mail (?:delivery|could not|failure|system error|not delivered)"
    r"|message (?:could )?not (?:be )?deliver|non[- ]?deliver|unable to deliver|rejected"
    r"|returning message|message status|nondeliverable|warning: (?:could not|message)"
    r"|mail status report|bounce|permanent error"
    r"|unzustellbar|no se (?:ha podido|puede) entregar|non remis|échec|impossibile (?:recapitare"
    r"|consegnare)|mancata consegna|não (?:foi )?entregue"
    r"|onbestelbaar|недоставлен|nie (?:można|dostarczono)|配信|送信できません|エラー|退信|投递失败|系统退信",
    re.IGNORECASE,
)
_PHRASES = re.compile(
    r"this is the (?:qmail-send|mail delivery|mail system|postfix|dragonfly)"
    r"|created automatically by (?:mail delivery|the)|wasn't able to deliver"
    r"|(?:could ?n[o']t|cannot|can't|unable to|not able to|was not|were not|has not been"
    r"|have not been) (?:be )?deliver|delivery (?:has |to the )?[a-z ,]{0,60}fail"
    r"|did not reach the following|undelivered mail|permanent fatal errors|address(?:es)? (?:had"
    r"|not found|rejected)|couldn't be delivered|user unknown|recipient (?:unknown|rejected)"
    r"|following (?:addresses|recipients?|errors?)|returned to (?:the )?sender|message (?:you sent"
    r"|was rejected)|mailbox (?:is full|unavailable)|no such user|not deliver(?:ed|able)|undeliverable"
    r"|宛先|送信でき|届け|无法|不存在|退信",
    re.IGNORECASE,
)
_DAEMON = re.compile(
    r"mailer-?daemon|postmaster|mail ?delivery|mdaemon|mail-?administrator|mmdf|mail.system", re.IGNORECASE
)


def read_bounce(
    headers: Headers, reports: list[Part], text: str, sender: Address | None, subject: str
) -> Bounce | None:
    """Give what a bounce says, or None for any other mail."""
    original = _original_id(reports)
    for part in reports:
        if part.media_type.endswith("delivery-status"):
            found = _delivery_status(part, original, text)
            if found is not None:
                return found
        if part.media_type == "message/feedback-report":
            return _complaint(part, original)
    if not _looks_like_one(headers, text, sender, subject):
        return None
    return _own_words(headers, text, original, sender)


def _delivery_status(part: Part, original: str | None, text: str) -> Bounce | None:
    content = part.content()
    fields: dict[str, str] = {}
    at = 0
    for _ in range(20):
        if at >= len(content):
            break
        block, after = read_block(content, at, len(content), [])
        at = max(after, at + 1)
        for name in block.fields:
            fields.setdefault(name, unfold(block.first(name)))
    recipient = _after_type(
        fields.get("final-recipient") or fields.get("original-recipient") or fields.get("x-actual-recipient") or ""
    )
    if not recipient and "action" not in fields and "status" not in fields:
        return None
    diagnostic = _after_type(fields.get("diagnostic-code", "")) or None
    status = _STATUS.search(fields.get("status", "")) or _STATUS.search(diagnostic or "")
    return Bounce(
        recipient=recipient or _first_address(text),
        action=(fields.get("action") or "failed").split()[0].strip(";,()").lower() or "failed",
        status=status[1] if status else None, diagnostic=diagnostic, original_message_id=original or _quoted_id(text),
    )  # fmt: skip


def _complaint(part: Part, original: str | None) -> Bounce:
    content = part.content()
    block, _ = read_block(content, 0, len(content), [])
    recipient = unfold(block.first("original-rcpt-to") or block.first("removal-recipient")).strip("<> ")
    kind = unfold(block.first("feedback-type"))
    return Bounce(
        recipient=recipient or None, action="complained", diagnostic=kind or None, original_message_id=original
    )


def _after_type(value: str) -> str:
    return (
        value.rpartition(";")[2].strip().strip("<>")
        if value.count(";") == 1
        else value.partition(";")[2].strip() or value
    )


def _original_id(reports: list[Part]) -> str | None:
    for part in reports:
        if part.media_type in {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}:
            content = part.content()
            block, _ = read_block(content, 0, len(content), [], top=True)
            found = to_text(block.first("message-id")).strip()
            if found:
                return found
    return None


def _looks_like_one(headers: Headers, text: str, sender: Address | None, subject: str) -> bool:
    if "x-failed-recipients" in headers:
        return True
    from_daemon = sender is not None and bool(_DAEMON.search(f"{sender.name} {sender.address}"))
    no_way_back = any(value.strip() in {b"<>", b"<MAILER-DAEMON>"} for value in headers.all("return-path"))
    if not (from_daemon or no_way_back):
        return False
    subject_tells = bool(_SUBJECTS.search(subject))
    if subject_tells and from_daemon:
        return True
    return (subject_tells or from_daemon) and bool(_PHRASES.search(text, 0, 6_000))


def _own_words(headers: Headers, text: str, original: str | None, sender: Address | None) -> Bounce:
    head = text[:6_000]
    recipient = unfold(headers.first("x-failed-recipients")).partition(",")[0].strip() or _first_address(head, sender)
    status = _STATUS.search(head)
    code = _CODE.search(head)
    line = next(
        (line.strip() for line in head.splitlines() if (status and status[1] in line) or (code and code[0] in line)),
        None,
    )
    return Bounce(
        recipient=recipient, action="delayed" if _is_delay(head) else "failed", status=status[1] if status else None,
        diagnostic=line[:500] if line else None, original_message_id=original or _quoted_id(text),
    )  # fmt: skip


def _is_delay(text: str) -> bool:
    lower = text.lower()
    return "will be retried" in lower or "will continue to try" in lower or "this is a warning message only" in lower


def _first_address(text: str, sender: Address | None = None) -> str | None:
    own = sender.address.lower() if sender else ""
    for found in _ANY_ADDRESS.finditer(text, 0, 6_000):
        address = found[1].rstrip(".")
        if address.lower() != own and not _DAEMON.search(address):
            return address
    return None


def _quoted_id(text: str) -> str | None:
    found = _MESSAGE_ID.search(text, 0, 60_000)
    return found[1] if found else None
