"""Addresses and header values of outgoing mail: cleaned, checked, and encoded so that nothing can inject a header."""

import base64
import re
from collections.abc import Iterable, Iterator

from hub.channels.contract import Point
from hub.channels.email.errors import RecipientInvalid

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOCAL = re.compile(r"[\x21\x23-\x3f\x41-\x5b\x5d-\x7e]{1,64}")  # printable, without quotes, @ and backslash
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
MAX_CHUNK = 42  # bytes of UTF-8 in one encoded word, which may have 75 characters (RFC 2047 §2)
MAX_LINE = 76  # characters in a header line
MAX_NAME = 200  # characters of a display name
MAX_REFERENCES = 20


def clean(text: str) -> str:
    """Return a text as one line: control characters and line ends become spaces."""
    return _CONTROLS.sub(" ", text).strip()


def encode_address(addr_spec: str) -> str:
    """Return an address as SMTP needs it, with the domain in ASCII (IDNA); raises `Rejected` if it is invalid."""
    local, _, domain = addr_spec.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise RecipientInvalid(address=clean(addr_spec)[:100])
    return f"{local if _DOT_ATOM.fullmatch(local) else _quoted(local)}@{domain}"


def domain_of(addr_spec: str) -> str:
    """Return the domain of an address, in ASCII; raises `Rejected` if the address is invalid."""
    return encode_address(addr_spec).rpartition("@")[2]


def subaddress(addr_spec: str, key: str) -> str:
    """Return a mailbox address that carries a key: name+key@domain (RFC 5233)."""
    local, _, domain = addr_spec.rpartition("@")
    return encode_address(f"{local}+{key}@{domain}")


def format_mailbox(addr_spec: str, name: str | None) -> str:
    """Return an address with its display name, as in a header (RFC 5322 §3.4)."""
    display_name = clean(name or "")[:MAX_NAME]
    encoded = encode_address(addr_spec)
    if not display_name:
        return f"<{encoded}>" if encoded.startswith('"') else encoded
    is_plain = display_name.isascii() and "=?" not in display_name
    return f"{_quoted(display_name) if is_plain else encode_words(display_name)} <{encoded}>"


def format_mailboxes(points: Iterable[Point]) -> str:
    """Return a list of mailboxes for a header, one on each line."""
    return ",\r\n ".join(format_mailbox(point.value, point.name) for point in points)


def format_unstructured(text: str) -> str:
    """Return a text such as a subject, folded, and encoded where it is not plain ASCII."""
    line = clean(text)
    words = line.split(" ")
    if not line.isascii() or "=?" in line or any(len(word) >= MAX_LINE - 10 for word in words):
        return encode_words(line)
    return "\r\n ".join(_folded(words))


def encode_words(text: str) -> str:
    """Encode a text as RFC 2047 words in base64; each word holds whole characters."""
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(chunk).decode()}?=" for chunk in _chunks(text))


def select_message_ids(ids: Iterable[str]) -> list[str]:
    """Return the valid ids without duplicates, in order; of a long thread the first one and the last ones."""
    valid = list(dict.fromkeys(message_id.strip() for message_id in ids if _MESSAGE_ID.fullmatch(message_id.strip())))
    return valid if len(valid) <= MAX_REFERENCES else [valid[0], *valid[-MAX_REFERENCES + 1 :]]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _chunks(text: str) -> Iterator[bytes]:
    chunk = b""
    for character in text:
        encoded = character.encode()
        if len(chunk) + len(encoded) > MAX_CHUNK:
            yield chunk
            chunk = b""
        chunk += encoded
    yield chunk


def _folded(words: Iterable[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + len(word) >= MAX_LINE - 10:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
