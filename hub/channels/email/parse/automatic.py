"""Recognise mails written by a program, which must not be answered automatically (RFC 3834)."""

import re

from hub.channels.email.parse.bounce_phrases import has_empty_return_path
from hub.channels.email.parse.headers import Headers
from hub.channels.email.parse.mail import Address

_AUTOMATIC_ADDRESS = re.compile(
    r"(?:mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|mdaemon|(?:do[-_.]?)?not?[-_.]?reply"
    r"|bounces?(?:[-+=].*)?|abuse[-_.]?report"
    r"|double-bounce|listserv|majordomo|auto[-_.]?repl(?:y|ies)|autoresponder|feedbackloop|fbl|owner-.+|.+-request)@",
    re.IGNORECASE,
)
_AUTOMATIC_NAME = re.compile(
    r"mail delivery (?:sub)?system|mailer[- ]daemon|postmaster|mail administrator|mail delivery service", re.IGNORECASE
)
_AUTOMATIC_SUBJECT = re.compile(
    r"(?:(?:re|aw|sv|rif|rv|odp): ?)?\[?(?:out of (?:the )?office(?! (?:suppl|chair|furnit|desk|equip))"
    r"|auto(?:matic|mated)?[- ]?(?:reply|response|antwort)"
    r"|autoreply|auto-?respon[sd]\w*|automatische antwort|abwesenheit"
    r"|réponse automatique|absence du bureau|message d'absence"
    r"|respuesta automática|fuera de (?:la )?oficina"
    r"|risposta automatica|fuori ufficio"
    r"|automatisch antwoord|afwezig|resposta automática"
    r"|autosvar|automatiskt? svar|fraværsmelding|automaattinen vastaus|poissaoloilmoitus"
    r"|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź"
    r"|automatická odpoveď|automatická odpověď|automatikus válasz|răspuns automat"
    r"|αυτόματη απάντηση|автоматична відповідь|תשובה אוטומטית|رد تلقائي|자동 응답|부재중"
    r"|自動返信|自動回覆|自动答复|自动应答|不在通知"
    r"|автоответ|автоматический ответ|otomatik yanıt|自動応答|自动回复|자동 회신|vacation (?:reply|message))",
    re.IGNORECASE,
)
_AWAY_SUBJECT = re.compile(
    r"(?:i am |i'm )?away (?:until|from|till)|abwesend|nicht im büro|absent du bureau|fuori sede|ausência temporária"
    r"|frånvaro|ikke til stede|poza biurem|mimo kancelář|házon kívül|вне офиса|ofis dışında",
    re.IGNORECASE,
)
"""Subjects that people write, too: automatic only in a reply whose subject does not begin with "Re:"."""
_AUTOMATIC_HEADERS = (
    "list-id", "list-unsubscribe", "list-post", "list-help", "feedback-id", "x-autorespond", "x-autoreply",
    "x-autorespond-from", "x-auto-reply-from", "x-mail-autoreply", "x-amazon-auto-reply", "x-loop",
    "x-failed-recipients", "x-feedback-type",
)  # fmt: skip
_BULK_PRECEDENCE = (b"bulk", b"junk", b"list", b"auto_reply", b"auto-reply")


def is_automatic(headers: Headers, sender: Address | None, subject: str) -> bool:
    """Return whether the headers, the sender or the subject show that a program wrote the mail."""
    return (
        _headers_are_automatic(headers)
        or has_empty_return_path(headers)
        or _sender_is_automatic(sender)
        or _subject_is_automatic(headers, subject)
    )


def _subject_is_automatic(headers: Headers, subject: str) -> bool:
    is_reply = "in-reply-to" in headers or "references" in headers
    return bool(_AUTOMATIC_SUBJECT.match(subject) or (is_reply and _AWAY_SUBJECT.match(subject)))


def _headers_are_automatic(headers: Headers) -> bool:
    auto_submitted = headers.first("auto-submitted").strip().lower()
    if auto_submitted and not auto_submitted.startswith(b"no"):
        return True
    if headers.first("precedence").strip().lower().startswith(_BULK_PRECEDENCE):
        return True
    suppress = headers.first("x-auto-response-suppress").strip().lower()
    if suppress and suppress != b"none":
        return True
    if headers.first("content-type").lower().lstrip().startswith(b"multipart/report"):
        return True
    return any(name in headers for name in _AUTOMATIC_HEADERS)


def _sender_is_automatic(sender: Address | None) -> bool:
    if sender is None:
        return False
    if sender.address:
        return bool(_AUTOMATIC_ADDRESS.match(sender.address)) or bool(_AUTOMATIC_NAME.match(sender.name))
    return bool(_AUTOMATIC_NAME.search(sender.name))
