"""Recognise bounces by the wording of mail servers, and find the failed recipient and the reason in the text."""

import re

from hub.channels.email.parse.forwards import is_forward
from hub.channels.email.parse.header_text import decode_value
from hub.channels.email.parse.headers import Headers
from hub.channels.email.parse.mail import Address

HEAD_CHARS = 6_000  # of the text, in which phrases are searched
NEAR_CHARS = 1_500  # behind a phrase, in which an address is searched
MIN_SCORE = 3  # of all signs together, for a bounce
CERTAIN = 2  # score of a sender that is surely a mail server
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_FAILURE_STATUS = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE_AND_STATUS = re.compile(
    r"(?<![\w.:])[45]\d\d[ -]#?[45]\.[0-7]\.\d{1,3}(?![\d.])|^[ \t]{0,9}[45]\.[0-7]\.\d{1,3}[ \t]{0,9}$", re.MULTILINE
)
_REPLY_CODE = re.compile(r"(?<![\w.:])([45]\d\d)(?:[ -]|(?=[\].)]))")
_ADDRESS = r"([^\s<>()\[\]:;,\"'\\@]{1,128}@[^\s<>()\[\]:;,\"'\\@/]{2,190})"
_ANY_ADDRESS = re.compile(rf"(?<![^\s<>(\[\"':;,]){_ADDRESS}")
_LABELLED = re.compile(
    rf"(?:^[ \t]{{0,8}}<(?=[^<>]{{3,320}}>:)|rcpt to:\s{{0,4}}<?|\"emailaddress\"\s?:\s?\"|(?:original|recipient|email)"
    rf" address\s{{0,4}}:[\s<-]{{0,8}}|(?:failed|intended|final) recipient\s{{0,4}}:[\s<]{{0,8}}){_ADDRESS}",
    re.IGNORECASE | re.MULTILINE,
)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|deliver[a-z]* (?:\w+ )?(?:fail|status|problem|report|unsuccess|has|delay)"
    r"|delivery notification|return(?:ed|ing) (?:mail|to sender|message)|failure notice|failed mail|failed delivery"
    r"|mail (?:delivery|could not|failed|failure|system error|not delivered)"
    r"|message (?:could )?not (?:be )?deliver|non[- ]?deliver|unable to deliver|rejected"
    r"|message (?:status|delayed|has not yet)|nondeliverable|warning: (?:could not|message)"
    r"|mail status report|bounce|permanent error|error during delivery"
    r"|unzustellbar|nicht zugestellt|zustellung (?:fehlgeschlagen|nicht)|no se (?:ha podido|pudo|puede) entregar"
    r"|non remis|échec|non distribu|impossibile (?:recapitare|consegnare)|mancata consegna"
    r"|não (?:foi )?entregue|falha na entrega|onbestelbaar|niet bezorgd|недоставлен|не доставлен"
    r"|nie (?:można|dostarczono)"
    r"|doručení se nezdařilo|kunde inte levereras|kunne ikke leveres|teslim edilemedi"
    r"|配信|送信できません|エラー|退信|投递失败|无法投递|系统退信|반송|배달 실패",
    re.IGNORECASE,
)
_BOUNCE_PHRASE = re.compile(
    r"this is the (?:qmail-send|mail delivery|mail system|postfix|dragonfly)"
    r"|created automatically by (?:mail delivery|the)|automated message created by|wasn't able to deliver"
    r"|(?:could ?n[o']t|cannot|can't|unable to|not able to|was not|were not|has not|have not|not yet)"
    r" (?:yet )?(?:been |be )?deliver|delivery (?:has |to the )?[a-z ,]{0,60}fail"
    r"|did not reach the following|undelivered mail|permanent fatal errors|address(?:es)? (?:had"
    r"|not found|rejected)|couldn't be delivered|user unknown|unknown user|recipient (?:unknown|rejected)"
    r"|following (?:addresses|recipients?|errors?)|failed (?:recipients?|addresses)|returned to (?:the )?sender"
    r"|has been returned|message (?:you sent|was rejected|from you)|mailbox (?:is full|unavailable)|no such user"
    r"|not (?:been )?deliver(?:ed|able)|undeliverable|invalid user address|no valid recipients|unknown host"
    r"|non-delivery report|standard form of email|n'a pas (?:pu )?[eê]tre (?:d[eé]livr|remis|distribu)"
    r"|konnte nicht zugestellt|nicht zustellbar|no (?:pudo|se pudo|ha podido) (?:ser )?entreg|não pôde ser entregue"
    r"|\"notificationtype\"\s?:\s?\"bounce\""
    r"|宛先|送信でき|届け|无法|不存在|退信",
    re.IGNORECASE,
)
_BOUNCE_SENTENCE = re.compile(
    r"^[ \t*-]{0,6}(?:(?:your|the following|the email below|a|this) (?:mail|message|e-?mail)\b"
    r"|this (?:report|is an automat)"
    r"|could not (?:be )?deliver|unable to deliver|(?:failed|intended) recipient|delivery (?:has failed|to the)"
    r"|votre message|ihre nachricht|su mensaje|\{\"notificationtype\")",
    re.IGNORECASE | re.MULTILINE,
)
_RETURNED_HEADER = re.compile(r"^[> \t]{0,6}(?:received: from|message-id: ?<)", re.IGNORECASE | re.MULTILINE)
_PERSONAL_WORD = re.compile(
    r"(?<![\w'’])(?:i|my|me|hello|hi|dear|thanks|regards|hallo|ich|mein\w*|danke|bonjour|je|mon|merci|hola|mi|gracias"
    r"|ciao|grazie|olá|obrigad[oa])(?![\w'’])",
    re.IGNORECASE,
)
_MAIL_SERVER = re.compile(
    r"mailer-?daemon|mail[-_.]?daemon|post_?master|mail ?delivery|mdaemon|mail-?administrator|mmdf|mail.system"
    r"|system administrator|ndr administrator|smtp.{0,3}gateway|mail.?service|mail.?gateway",
    re.IGNORECASE,
)
_AUTOMATIC_ADDRESS = re.compile(
    r"(?:no-?reply|do-?not-?reply|ndr|bounces?|notification|imss|mail-?scan\w*)[@+-]", re.IGNORECASE
)
_DELAYED = re.compile(
    r"will be retried|will (?:continue|keep) (?:to )?(?:try|attempt|retry)|attempts will (?:be )?continue"
    r"|(?:has|have) not yet been delivered|this is (?:just )?a warning|warning (?:message )?only|still being retried"
    r"|delivery (?:has been |is |was )?(?:delayed|deferred)",
    re.IGNORECASE,
)


def is_mail_server(text: str) -> bool:
    """Return whether a name or address is that of a mail server."""
    return bool(_MAIL_SERVER.search(text))


def looks_like_bounce(headers: Headers, own_text: str, sender: Address | None, subject: str, *, returned: bool) -> bool:
    """Return whether the signs of a mail server outweigh those of a person.

    `own_text` is the text without quotes; `returned` says whether the mail brings another mail back.
    """
    if "x-failed-recipients" in headers:
        return True
    sender_score, subject_matches = _sender_score(headers, sender), _BOUNCE_SUBJECT.search(subject) is not None
    if not sender_score and not subject_matches:
        return False  # nearly all mails end here, without a search of their text
    matches = int(subject_matches), int(_BOUNCE_PHRASE.search(own_text, 0, HEAD_CHARS) is not None)
    if not any(matches) or (not sender_score and _seems_personal(own_text, subject, matches)):
        return False
    if sender_score < CERTAIN and not returned and not _ANY_ADDRESS.search(own_text, 0, HEAD_CHARS):
        return False
    if not sender_score and not returned and not _CODE_AND_STATUS.search(own_text, 0, HEAD_CHARS):
        return False  # customers also write about returned parcels, with order numbers and dates
    return (returned and sender_score > 0 and matches[1] > 0) or (
        sum(matches) + sender_score + _text_score(own_text, returned=returned) >= MIN_SCORE
    )


def _seems_personal(own_text: str, subject: str, matches: tuple[int, int]) -> bool:
    return not all(matches) or is_forward(subject, own_text) or bool(_PERSONAL_WORD.search(own_text, 0, NEAR_CHARS))


def _sender_score(headers: Headers, sender: Address | None) -> int:
    """Return how surely the sender is a mail server, from 0 to 2."""
    if sender is None or is_mail_server(f"{sender.name} {sender.address}"):
        return CERTAIN
    report = b"delivery-status" in headers.first("content-type").lower()
    return min(
        CERTAIN, CERTAIN * report + has_empty_return_path(headers) + bool(_AUTOMATIC_ADDRESS.match(sender.address))
    )


def has_empty_return_path(headers: Headers) -> bool:
    """Return whether the envelope sender is empty, so that nobody can be answered."""
    return any(value.strip().upper().startswith((b"<>", b"<MAILER-DAEMON")) for value in headers.all("return-path"))


def _text_score(own_text: str, *, returned: bool) -> int:
    head = own_text[:HEAD_CHARS]
    code = _FAILURE_STATUS.search(head) or _REPLY_CODE.search(head)
    returned_mail = returned or _RETURNED_HEADER.search(head)
    return bool(code) + bool(returned_mail) + bool(_BOUNCE_SENTENCE.search(head))


def find_recipient(headers: Headers, text: str, excluded: frozenset[str]) -> str | None:
    """Return the address the mail did not reach, or None; never one of `excluded`, which is in lower case."""
    declared = decode_value(headers.first("x-failed-recipients")).partition(",")[0].strip()
    if declared:
        return declared
    phrase = _BOUNCE_PHRASE.search(text, 0, HEAD_CHARS)
    start = phrase.end() if phrase else 0
    for found in (
        *_LABELLED.finditer(text, 0, HEAD_CHARS),
        *_ANY_ADDRESS.finditer(text, start, start + NEAR_CHARS),
        *_ANY_ADDRESS.finditer(text, 0, HEAD_CHARS),
    ):
        address = _strip_prefix(found[1])
        if "." in address.rpartition("@")[2] and address.lower() not in excluded and not is_mail_server(address):
            return address
    return None


def _strip_prefix(address: str) -> str:
    address = address.rstrip(".")
    return address[5:] if address.lower().startswith("smtp=") else address


def find_reason(text: str) -> tuple[str | None, str | None]:
    """Return the status code and the line with the reason; each None if not found."""
    returned_mail = _RETURNED_HEADER.search(text, 0, HEAD_CHARS)
    head = text[: returned_mail.start() if returned_mail else HEAD_CHARS]
    status, code = _FAILURE_STATUS.search(head), _REPLY_CODE.search(head)
    for line in head.splitlines():
        if (status and status[1] in line) or (code and code[0] in line):
            return status[1] if status else None, line.strip()[:500]
    return None, None


def is_delay(text: str) -> bool:
    """Return whether the mail server is still trying to deliver the mail."""
    return bool(_DELAYED.search(text, 0, HEAD_CHARS))
