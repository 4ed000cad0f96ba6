"""The header block of a mail or of a part: found, unfolded, and limited before anything is decoded."""

import re
from collections.abc import Iterator

MAX_BYTES = 256 * 1024
MAX_FIELDS = 1000
MAX_STRAYS = 20

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_TELLING = re.compile(
    rb"(?:from|to|cc|subject|date|received|message-id|mime-version|content-(?:type|transfer-encoding|disposition)"
    rb"|return-path|reply-to|delivered-to|x-[!-9;-~]{1,60}|dkim-signature|sender|in-reply-to|references)[ \t]*:",
    re.IGNORECASE,
)


class Headers:
    """Fields by lower-case name, in order, their values raw but in one line."""

    __slots__ = ("fields",)

    def __init__(self) -> None:
        """Begin with none."""
        self.fields: dict[str, list[bytes]] = {}

    def add(self, name: str, value: bytes) -> None:
        """Add one field."""
        self.fields.setdefault(name, []).append(value)

    def first(self, name: str) -> bytes:
        """Give the topmost value, or nothing."""
        found = self.fields.get(name)
        return found[0] if found else b""

    def all(self, name: str) -> list[bytes]:
        """Give every value, topmost first."""
        return self.fields.get(name, [])

    def __contains__(self, name: str) -> bool:
        """Tell whether there is such a field."""
        return name in self.fields


def read_block(raw: bytes, start: int, end: int, defects: list[str], *, top: bool = False) -> tuple[Headers, int]:
    """Read the fields from `start` on; give them and where the body begins."""
    stop, body = _bounds(raw, start, end, defects)
    if top:
        start, stop, body = _skip_garbage(raw, (start, stop, body), end, defects)
    headers = Headers()
    left = _read_lines(raw, start, stop, headers, defects)
    if left is not None:
        defects.append("The headers end without an empty line.")
        return headers, left
    return headers, body


def _bounds(raw: bytes, start: int, end: int, defects: list[str]) -> tuple[int, int]:
    """Find the empty line: where the block stops and where the body begins."""
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
    unix = raw.find(b"\n\n", start, end)
    dos = raw.find(b"\n\r\n", start, unix if unix >= 0 else end)
    if dos >= 0:
        return dos, dos + 3
    return (unix, unix + 2) if unix >= 0 else (-1, -1)


def _skip_garbage(raw: bytes, block: tuple[int, int, int], end: int, defects: list[str]) -> tuple[int, int, int]:
    """Step over up to five paragraphs that stand before the real headers."""
    start, stop, body = block
    here = block
    for _ in range(5):
        if _telling_fields(raw, here[0], here[1]) >= (1 if here == block else 2):
            if here != block:
                defects.append("There is text before the headers.")
            return here
        if here[2] >= end:
            break
        next_stop, next_body = _bounds(raw, here[2], end, [])
        here = (here[2], next_stop, next_body)
    return start, stop, body


def _telling_fields(raw: bytes, start: int, stop: int) -> int:
    return sum(1 for line in raw[start : min(stop, start + 20_000)].split(b"\n") if _TELLING.match(line))


def _read_lines(raw: bytes, start: int, stop: int, headers: Headers, defects: list[str]) -> int | None:
    """Collect the fields; give the place where the body begins when a line cannot be a header."""
    found: list[tuple[str, list[bytes]]] = []
    left = _find_fields(raw, start, stop, found)
    if len(found) > MAX_FIELDS:
        defects.append("There are more than 1,000 headers; the rest of them was left out.")
    for name, value in found[:MAX_FIELDS]:
        headers.add(name, b"".join(value))  # unfolded (RFC 5322, 2.2.3): the blank that follows stays
    return left


def _find_fields(raw: bytes, start: int, stop: int, found: list[tuple[str, list[bytes]]]) -> int | None:
    strays = 0
    for at, line in _lines(raw, start, stop):
        field = _FIELD.match(line)
        if field is not None:
            found.append((field[1].decode("ascii").lower(), [line[field.end() :]]))
            if len(found) > MAX_FIELDS:
                return None
        elif line[:1] in (b" ", b"\t") and found:
            found[-1][1].append(line)
        elif line.strip():
            strays += 1
            if strays > MAX_STRAYS or not _goes_on(raw, at, stop):
                return at
    return None


def _lines(raw: bytes, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    at = start
    if start >= stop:
        return
    for line in raw[start:stop].split(b"\n"):
        yield at, line.rstrip(b"\r")
        at += len(line) + 1


def _goes_on(raw: bytes, at: int, stop: int) -> bool:
    """Tell whether real headers follow soon, so that this line is but a stray."""
    return any(_TELLING.match(line) for line in raw[at : min(stop, at + 2_000)].split(b"\n")[1:])
