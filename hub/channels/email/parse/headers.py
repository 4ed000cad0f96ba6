"""Read the header block of a mail or a part into raw fields, within limits and before anything is decoded."""

import re
from collections.abc import Iterator

MAX_BYTES = 256 * 1024
MAX_FIELDS = 1000
MAX_INVALID_LINES = 20

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_COMMON_FIELD = re.compile(
    rb"(?:from|to|cc|subject|date|received|message-id|mime-version|content-(?:type|transfer-encoding|disposition)"
    rb"|return-path|reply-to|delivered-to|x-[!-9;-~]{1,60}|dkim-signature|sender|in-reply-to|references)[ \t]*:",
    re.IGNORECASE,
)


class Headers:
    """Fields by name in lower case; values are raw, in order, and unfolded to one line."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        """Start without fields."""
        self.fields: dict[str, list[bytes]] = {}

    def add(self, name: str, value: bytes) -> None:
        """Add a field."""
        self.fields.setdefault(name, []).append(value)

    def first(self, name: str) -> bytes:
        """Return the topmost value of a field; empty if there is none."""
        found = self.fields.get(name)
        return found[0] if found else b""

    def all(self, name: str) -> list[bytes]:
        """Return all values of a field, topmost first."""
        return self.fields.get(name, [])

    def __contains__(self, name: str) -> bool:
        """Return whether the field exists."""
        return name in self.fields


def read_block(raw: bytes, start: int, end: int, defects: list[str], *, outermost: bool = False) -> tuple[Headers, int]:
    """Return the fields from index `start` on, and the index at which the body starts.

    `outermost` is True for the mail itself, before whose headers other text may stand. Problems are added to `defects`.
    """
    stop, body = _bounds(raw, start, end, defects)
    if outermost:
        start, stop, body = _skip_leading_text(raw, (start, stop, body), end, defects)
    headers = Headers()
    body_start = _read_lines(raw, start, stop, headers, defects)
    if body_start is not None:
        defects.append("The headers end without an empty line.")
        return headers, body_start
    return headers, body


def _bounds(raw: bytes, start: int, end: int, defects: list[str]) -> tuple[int, int]:
    """Return where the header block ends, and where the body starts behind the empty line."""
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return start, raw.index(b"\n", start) + 1
    limit = min(end, start + MAX_BYTES)
    stop, body = _empty_line(raw, start, limit)
    if stop >= 0:
        return stop, body
    if limit == end:
        return end, end
    defects.append("The headers are longer than 256 KiB; the rest of them was left out.")
    cut = max(raw.rfind(b"\n", start, limit), start)
    _, body = _empty_line(raw, limit, end)
    return cut, body if body >= 0 else end


def _empty_line(raw: bytes, start: int, end: int) -> tuple[int, int]:
    lf = raw.find(b"\n\n", start, end)
    crlf = raw.find(b"\n\r\n", start, lf if lf >= 0 else end)
    if crlf >= 0:
        return crlf, crlf + 3
    return (lf, lf + 2) if lf >= 0 else (-1, -1)


def _skip_leading_text(raw: bytes, block: tuple[int, int, int], end: int, defects: list[str]) -> tuple[int, int, int]:
    """Skip up to five paragraphs of text before the real headers."""
    start, stop, body = block
    paragraph = block
    for _ in range(5):
        if _count_common_fields(raw, paragraph[0], paragraph[1]) >= (1 if paragraph == block else 2):
            if paragraph != block:
                defects.append("There is text before the headers.")
            return paragraph
        if paragraph[2] >= end:
            break
        next_stop, next_body = _bounds(raw, paragraph[2], end, [])
        paragraph = (paragraph[2], next_stop, next_body)
    return start, stop, body


def _count_common_fields(raw: bytes, start: int, stop: int) -> int:
    return sum(1 for line in raw[start : min(stop, start + 20_000)].split(b"\n") if _COMMON_FIELD.match(line))


def _read_lines(raw: bytes, start: int, stop: int, headers: Headers, defects: list[str]) -> int | None:
    """Read the fields; return where the body starts if a line cannot be a header, else None."""
    found: list[tuple[str, list[bytes]]] = []
    body_start = _find_fields(raw, start, stop, found)
    if len(found) > MAX_FIELDS:
        defects.append("There are more than 1,000 headers; the rest of them was left out.")
    for name, value in found[:MAX_FIELDS]:
        headers.add(name, b"".join(value))  # unfolded (RFC 5322 §2.2.3): the white space stays
    return body_start


def _find_fields(raw: bytes, start: int, stop: int, found: list[tuple[str, list[bytes]]]) -> int | None:
    invalid_lines = 0
    for at, line in _lines(raw, start, stop):
        field = _FIELD.match(line)
        if field is not None:
            found.append((field[1].decode("ascii").lower(), [line[field.end() :]]))
            if len(found) > MAX_FIELDS:
                return None
        elif line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line)
        elif line.strip():
            invalid_lines += 1
            if invalid_lines > MAX_INVALID_LINES or not _common_field_follows(raw, at, stop):
                return at
    return None


def _lines(raw: bytes, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    at = start
    if start >= stop:
        return
    for line in raw[start:stop].split(b"\n"):
        yield at, line.rstrip(b"\r")
        at += len(line) + 1


def _common_field_follows(raw: bytes, at: int, stop: int) -> bool:
    """Return whether a well-known header follows soon, so that an invalid line does not end the block."""
    return any(_COMMON_FIELD.match(line) for line in raw[at : min(stop, at + 2_000)].split(b"\n")[1:])
