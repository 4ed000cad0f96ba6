"""Header values to clean text: encoded words (RFC 2047), parameters (RFC 2231), and no control characters."""

import binascii
import re
from urllib.parse import unquote_to_bytes

from hub.channels.email.parse.charsets import decode

_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?]*+(?:\?(?!=)[^?]{0,200}+){0,3})\?=")
_BETWEEN = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s=]{1,60}\?[bBqQ]\?)")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*"?|[^;]*+)', re.DOTALL)
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MAX_PARAMETERS = 200
MOST_PADDING = 2
MAX_DIGITS = 3


def clean(text: str) -> str:
    """Take out controls, line ends and the like, so that nothing can break out of a header."""
    return _CONTROLS.sub(" ", text).strip() if _CONTROLS.search(text) else text.strip()


def to_text(value: bytes, charset: str | None = None) -> str:
    """Turn raw header bytes into text, encoded words as they are; 8-bit bytes are UTF-8, else as the body."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    if b"\x1b" not in value:
        try:
            return value.decode("utf-8").replace("\x00", "")
        except UnicodeError:
            pass
    return decode(value, charset if charset and charset.lower() not in {"us-ascii", "ascii"} else None)


def unfold(value: bytes, charset: str | None = None) -> str:
    """Give the whole text of a header value, decoded and clean."""
    return clean(decode_words(to_text(value, charset)))


def decode_words(text: str) -> str:
    """Decode every encoded word; what cannot be decoded stays as it is."""
    if "=?" not in text:
        return text
    text = _BETWEEN.sub(r"\1", text)
    out: list[str] = []
    held: list[bytes] = []
    held_charset, at = "", 0
    for found in _WORD.finditer(text):
        charset, data = found[1], _word_bytes(found[2], found[3])
        if held and (found.start() > at or charset.lower() != held_charset):
            out.append(decode(b"".join(held), held_charset))
            held = []
        out.append(text[at : found.start()])
        held.append(data)
        held_charset, at = charset.lower(), found.end()
    if held:
        out.append(decode(b"".join(held), held_charset))
    out.append(text[at:])
    return "".join(out)


def _word_bytes(encoding: str, body: str) -> bytes:
    data = body.encode("utf-8", "replace")
    if encoding in "bB":
        return from_base64(data)
    return binascii.a2b_qp(data.replace(b"\r", b"").replace(b"\n", b""), header=True)


def from_base64(data: bytes) -> bytes:
    """Decode base64 however broken: strangers are skipped, a torn end is cut."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    kept = data.split(b"=", 1)[0] if data.count(b"=") <= MOST_PADDING else data
    kept = kept.translate(None, _NOT_BASE64)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def parameters(value: bytes, charset: str | None = None) -> tuple[str, dict[str, str]]:
    """Split `text/plain; charset=x` into its first token, lower-case, and its parameters."""
    text = to_text(value, charset)
    token = text.split(";", 1)[0].strip().lower()
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(text)):
        if count >= MAX_PARAMETERS:
            break
        name, _, place = found[1].lower().partition("*")
        content = _unquote(found[2].strip())
        if place or found[1].endswith("*"):
            number = place.rstrip("*")
            pieces.setdefault(name, []).append(
                (
                    int(number) if number.isdecimal() and len(number) <= MAX_DIGITS else 0,
                    found[1].endswith("*"),
                    content,
                )
            )
        else:
            plain.setdefault(name, content)
    for name, parts in pieces.items():
        plain[name] = _join(parts)
    return clean(token), {name: clean(decode_words(content)) for name, content in plain.items()}


def _unquote(content: str) -> str:
    if not content.startswith('"'):
        return content
    inner = content[1:-1] if len(content) > 1 and content.endswith('"') else content[1:]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def _join(parts: list[tuple[int, bool, str]]) -> str:
    """Put the pieces of one parameter together (RFC 2231); the first piece names the charset."""
    charset, data, encoded = None, b"", False
    for place, (_, percent, content) in enumerate(sorted(parts, key=lambda part: part[0])):
        rest = content
        if percent and place == 0 and content.count("'") > 1:
            charset, _, rest = content.split("'", 2)
        encoded = encoded or percent
        raw = rest.encode("utf-8", "replace")
        data += unquote_to_bytes(raw) if percent else raw
    return decode(data, charset or None) if encoded else data.decode("utf-8")
