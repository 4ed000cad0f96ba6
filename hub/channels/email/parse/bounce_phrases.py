"""What mail servers say in their own words about a mail that did not arrive."""

import re

from hub.channels.email.parse.forwards import says_forward
from hub.channels.email.parse.header_text import unfold
from hub.channels.email.parse.headers import Headers
from hub.channels.email.parse.mail import Address

HEAD = 6_000
NEAR = 1_500
ENOUGH = 3
SURELY = 2
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_FAILED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_PLAINLY = re.compile(
    r"(?<![\w.:])[45]\d\d[ -]#?[45]\.[0-7]\.\d{1,3}(?![\d.])|^[ \t]{0,9}[45]\.[0-7]\.\d{1,3}[ \t]{0,9}$", re.MULTILINE
)
_CODE = re.compile(r"(?<![\w.:])([45]\d\d)(?:[ -]|(?=[\].)]))")
_ADDRESS = r"([^\s<>()\[\]:;,\"'\\@]{1,128}@[^\s<>()\[\]:;,\"'\\@/]{2,190})"
_ANY_ADDRESS = re.compile(rf"(?<![^\s<>(\[\"':;,]){_ADDRESS}")
_LABELLED = re.compile(
    rf"(?:^[ \t]{{0,8}}<(?=[^<>]{{3,320}}>:)|rcpt to:\s{{0,4}}<?|\"emailaddress\"\s?:\s?\"|(?:original|recipient|email)"
    rf" address\s{{0,4}}:[\s<-]{{0,8}}|(?:failed|intended|final) recipient\s{{0,4}}:[\s<]{{0,8}}){_ADDRESS}",
    re.IGNORECASE | re.MULTILINE,
)
_SUBJECTS = re.compile(
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
_PHRASES = re.compile(
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
_SENTENCE = re.compile(
    r"^[ \t*-]{0,6}(?:(?:your|the following|the email below|a|this) (?:mail|message|e-?mail)\b"
    r"|this (?:report|is an automat)"
    r"|could not (?:be )?deliver|unable to deliver|(?:failed|intended) recipient|delivery (?:has failed|to the)"
    r"|votre message|ihre nachricht|su mensaje|\{\"notificationtype\")",
    re.IGNORECASE | re.MULTILINE,
)
_ORIGINAL = re.compile(r"^[> \t]{0,6}(?:received: from|message-id: ?<)", re.IGNORECASE | re.MULTILINE)
_PERSON = re.compile(
    r"(?<![\w'’])(?:i|my|me|hello|hi|dear|thanks|regards|hallo|ich|mein\w*|danke|bonjour|je|mon|merci|hola|mi|gracias"
    r"|ciao|grazie|olá|obrigad[oa])(?![\w'’])",
    re.IGNORECASE,
)
_DAEMON = re.compile(
    r"mailer-?daemon|mail[-_.]?daemon|post_?master|mail ?delivery|mdaemon|mail-?administrator|mmdf|mail.system"
    r"|system administrator|ndr administrator|smtp.{0,3}gateway|mail.?service|mail.?gateway",
    re.IGNORECASE,
)
_ROBOT = re.compile(r"(?:no-?reply|do-?not-?reply|ndr|bounces?|notification|imss|mail-?scan\w*)[@+-]", re.IGNORECASE)
_DELAY = re.compile(
    r"will be retried|will (?:continue|keep) (?:to )?(?:try|attempt|retry)|attempts will (?:be )?continue"
    r"|(?:has|have) not yet been delivered|this is (?:just )?a warning|warning (?:message )?only|still being retried"
    r"|delivery (?:has been |is |was )?(?:delayed|deferred)",
    re.IGNORECASE,
)


def is_daemon(text: str) -> bool:
    """Tell whether a name or an address is that of a mail server."""
    return bool(_DAEMON.search(text))


def looks_like_one(headers: Headers, own: str, sender: Address | None, subject: str, *, returned: bool) -> bool:
    """Weigh what speaks for a server; `own` are the mail's own words, `returned` if it brings a mail back."""
    if "x-failed-recipients" in headers:
        return True
    machine, subject_tells = _machine(headers, sender), _SUBJECTS.search(subject) is not None
    if not machine and not subject_tells:
        return False  # a person's mail about something else, as nearly all are: its words need no weighing
    telling = int(subject_tells), int(_PHRASES.search(own, 0, HEAD) is not None)
    if not any(telling) or (not machine and _seems_personal(own, subject, telling)):
        return False
    if machine < SURELY and not returned and not _ANY_ADDRESS.search(own, 0, HEAD):
        return False
    if not machine and not returned and not _PLAINLY.search(own, 0, HEAD):
        return False  # parcels are returned to their senders too, and orders have numbers and dates
    return (returned and machine > 0 and telling[1] > 0) or (
        sum(telling) + machine + _evidence(own, returned=returned) >= ENOUGH
    )


def _seems_personal(own: str, subject: str, telling: tuple[int, int]) -> bool:
    return not all(telling) or says_forward(subject, own) or bool(_PERSON.search(own, 0, NEAR))


def _machine(headers: Headers, sender: Address | None) -> int:
    """Give how much the sender looks like a server: 0 not at all, 2 very much."""
    if sender is None or is_daemon(f"{sender.name} {sender.address}"):
        return SURELY
    report = b"delivery-status" in headers.first("content-type").lower()
    return min(SURELY, SURELY * report + has_no_way_back(headers) + bool(_ROBOT.match(sender.address)))


def has_no_way_back(headers: Headers) -> bool:
    """Tell whether the envelope names nobody who could be answered."""
    return any(value.strip().upper().startswith((b"<>", b"<MAILER-DAEMON")) for value in headers.all("return-path"))


def _evidence(own: str, *, returned: bool) -> int:
    head = own[:HEAD]
    code = _FAILED.search(head) or _CODE.search(head)
    brought = returned or _ORIGINAL.search(head)
    return bool(code) + bool(brought) + bool(_SENTENCE.search(head))


def find_recipient(headers: Headers, text: str, ours: frozenset[str]) -> str | None:
    """Find whom the mail did not reach; `ours` are addresses, lower-case, that it cannot be."""
    named = unfold(headers.first("x-failed-recipients")).partition(",")[0].strip()
    if named:
        return named
    phrase = _PHRASES.search(text, 0, HEAD)
    start = phrase.end() if phrase else 0
    for found in (
        *_LABELLED.finditer(text, 0, HEAD),
        *_ANY_ADDRESS.finditer(text, start, start + NEAR),
        *_ANY_ADDRESS.finditer(text, 0, HEAD),
    ):
        address = _tidy(found[1])
        if "." in address.rpartition("@")[2] and address.lower() not in ours and not is_daemon(address):
            return address
    return None


def _tidy(address: str) -> str:
    address = address.rstrip(".")
    return address[5:] if address.lower().startswith("smtp=") else address


def find_reason(text: str) -> tuple[str | None, str | None]:
    """Find the status and the line that tells the reason."""
    brought = _ORIGINAL.search(text, 0, HEAD)
    head = text[: brought.start() if brought else HEAD]
    status, code = _FAILED.search(head), _CODE.search(head)
    for line in head.splitlines():
        if (status and status[1] in line) or (code and code[0] in line):
            return status[1] if status else None, line.strip()[:500]
    return None, None


def is_delay(text: str) -> bool:
    """Tell whether the server still tries."""
    return bool(_DELAY.search(text, 0, HEAD))
