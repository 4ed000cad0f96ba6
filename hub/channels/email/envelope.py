"""Addresses and header values that go out: cleaned, checked, and encoded so that nothing can slip in."""

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
_WORD_BYTES = 42  # of UTF-8 in one encoded word, so that it stays under 75 signs
_LINE = 76
MAX_NAME = 200
MAX_REFERENCES = 20


def clean(text: str) -> str:
    """One line of plain text: no control signs, no line ends of any kind."""
    return _CONTROLS.sub(" ", text).strip()


def address(written: str) -> str:
    """The address as it goes on the wire, its domain in ASCII; `Rejected` when it is none."""
    local, _, domain = written.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise RecipientInvalid(address=clean(written)[:100])
    return f"{local if _DOT_ATOM.fullmatch(local) else _quoted(local)}@{domain}"


def domain_of(written: str) -> str:
    """The domain of an address, in ASCII."""
    return address(written).rpartition("@")[2]


def subaddress(written: str, key: str) -> str:
    """The same mailbox under an address that carries a key."""
    local, _, domain = written.rpartition("@")
    return address(f"{local}+{key}@{domain}")


def mailbox(point_address: str, name: str | None) -> str:
    """An address with its display name, as a header has it."""
    shown = clean(name or "")[:MAX_NAME]
    on_the_wire = address(point_address)
    if not shown:
        return f"<{on_the_wire}>" if on_the_wire.startswith('"') else on_the_wire
    plain = shown.isascii() and "=?" not in shown
    return f"{_quoted(shown) if plain else encoded_words(shown)} <{on_the_wire}>"


def mailboxes(points: Iterable[Point]) -> str:
    """Several, one a line."""
    return ",\r\n ".join(mailbox(point.value, point.name) for point in points)


def unstructured(text: str) -> str:
    """A subject or its like, folded, and encoded where it is not plain ASCII."""
    plain = clean(text)
    words = plain.split(" ")
    if not plain.isascii() or "=?" in plain or any(len(word) >= _LINE - 10 for word in words):
        return encoded_words(plain)
    return "\r\n ".join(_folded(words))


def encoded_words(text: str) -> str:
    """RFC 2047 words in base64; each holds whole characters."""
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in _pieces(text))


def message_ids(ids: Iterable[str]) -> list[str]:
    """Those that are well formed, each once, in order; of a long thread the first and the last ones."""
    known = list(dict.fromkeys(each.strip() for each in ids if _MESSAGE_ID.fullmatch(each.strip())))
    return known if len(known) <= MAX_REFERENCES else [known[0], *known[-MAX_REFERENCES + 1 :]]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _pieces(text: str) -> Iterator[bytes]:
    piece = b""
    for character in text:
        encoded = character.encode()
        if len(piece) + len(encoded) > _WORD_BYTES:
            yield piece
            piece = b""
        piece += encoded
    yield piece


def _folded(words: Iterable[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + len(word) >= _LINE - 10:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line
