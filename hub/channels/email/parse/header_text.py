"""Decode header values to text: encoded words (RFC 2047) and parameters (RFC 2231), without control characters."""

import binascii
import re
from urllib.parse import unquote_to_bytes

from hub.channels.email.parse.charsets import decode

_ENCODED_WORD = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?([^?]*+(?:\?(?!=)[^?]{0,200}+){0,3})\?=")
_SPACE_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?[^?\s=]{1,60}\?[bBqQ]\?)")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]|\\.)*"?|[^;]*+)', re.DOTALL)
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MAX_PARAMETERS = 200
MAX_PADDING = 2  # "=" characters at the end of base64
MAX_DIGITS = 3  # in the number of a continuation


def clean(text: str) -> str:
    """Replace control characters and line ends by spaces, so that no value can break out of a header."""
    return _CONTROLS.sub(" ", text).strip() if _CONTROLS.search(text) else text.strip()


def to_text(value: bytes, charset: str | None = None) -> str:
    """Decode raw header bytes, but not their encoded words; 8-bit bytes are UTF-8, else in the body's `charset`."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    if b"\x1b" not in value:
        try:
            return value.decode("utf-8").replace("\x00", "")
        except UnicodeError:
            pass
    return decode(value, charset if charset and charset.lower() not in {"us-ascii", "ascii"} else None)


def decode_value(value: bytes, charset: str | None = None) -> str:
    """Return the text of a header value, decoded and clean."""
    return clean(decode_encoded_words(to_text(value, charset)))


def decode_encoded_words(text: str) -> str:
    """Decode all encoded words; those that cannot be decoded stay as they are."""
    if "=?" not in text:
        return text
    text = _SPACE_BETWEEN_WORDS.sub(r"\1", text)
    parts: list[str] = []
    pending: list[bytes] = []
    pending_charset, end = "", 0
    for match in _ENCODED_WORD.finditer(text):
        charset, data = match[1], _word_bytes(match[2], match[3])
        if pending and (match.start() > end or charset.lower() != pending_charset):
            parts.append(decode(b"".join(pending), pending_charset))
            pending = []
        parts.append(text[end : match.start()])
        pending.append(data)
        pending_charset, end = charset.lower(), match.end()
    if pending:
        parts.append(decode(b"".join(pending), pending_charset))
    parts.append(text[end:])
    return "".join(parts)


def _word_bytes(encoding: str, body: str) -> bytes:
    data = body.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(data)
    return binascii.a2b_qp(data.replace(b"\r", b"").replace(b"\n", b""), header=True)


def decode_base64(data: bytes) -> bytes:
    """Decode base64 even if malformed: invalid characters are skipped, an incomplete end is cut off."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        pass
    cleaned = data.split(b"=", 1)[0] if data.count(b"=") <= MAX_PADDING else data
    cleaned = cleaned.translate(None, _NOT_BASE64)
    if len(cleaned) % 4 == 1:
        cleaned = cleaned[:-1]
    return binascii.a2b_base64(cleaned + b"=" * (-len(cleaned) % 4))


def parse_parameters(value: bytes, charset: str | None = None) -> tuple[str, dict[str, str]]:
    """Split `text/plain; charset=x` into its first token, in lower case, and its parameters."""
    text = to_text(value, charset)
    first_token = text.split(";", 1)[0].strip().lower()
    plain: dict[str, str] = {}
    continuations: dict[str, list[tuple[int, bool, str]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(text)):
        if count >= MAX_PARAMETERS:
            break
        name, _, index = match[1].lower().partition("*")
        content = _unquote(match[2].strip())
        if index or match[1].endswith("*"):
            number = index.rstrip("*")
            continuations.setdefault(name, []).append(
                (
                    int(number) if number.isdecimal() and len(number) <= MAX_DIGITS else 0,
                    match[1].endswith("*"),
                    content,
                )
            )
        else:
            plain.setdefault(name, content)
    for name, parts in continuations.items():
        plain[name] = _join_continuations(parts)
    return clean(first_token), {name: clean(decode_encoded_words(content)) for name, content in plain.items()}


def _unquote(content: str) -> str:
    if not content.startswith('"'):
        return content
    inner = content[1:-1] if len(content) > 1 and content.endswith('"') else content[1:]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def _join_continuations(parts: list[tuple[int, bool, str]]) -> str:
    """Join the parts of a parameter (RFC 2231); the first part names the charset."""
    charset, data, has_charset = None, b"", False
    for index, (_, is_percent_encoded, content) in enumerate(sorted(parts, key=lambda part: part[0])):
        rest = content
        if is_percent_encoded and index == 0 and content.count("'") > 1:
            charset, _, rest = content.split("'", 2)
        has_charset = has_charset or is_percent_encoded
        raw = rest.encode("utf-8", "replace")
        data += unquote_to_bytes(raw) if is_percent_encoded else raw
    return decode(data, charset or None) if has_charset else data.decode("utf-8")
