"""The parts of a mail: where each lies in the raw bytes, and its content, never deeper or more than the limits."""

import binascii
import re

from hub.channels.email.parse.header_text import from_base64, parameters
from hub.channels.email.parse.headers import Headers, read_block
from hub.channels.email.parse.uuencode import from_uuencode

MAX_DEPTH = 32
MAX_PARTS = 500
_TOKEN = re.compile(rb"[\s;(]")
_BOUNDARY_LINE = re.compile(rb"^--([!-~]{1,200})[ \t]*\r?$", re.MULTILINE)


class Part:
    """One part: its headers, its place in the raw bytes, and the parts within."""

    __slots__ = ("children", "disposition", "end", "headers", "media_type", "names", "options", "raw", "start")

    def __init__(self, raw: bytes, headers: Headers, start: int, end: int, default: str) -> None:
        """Read what the part says about itself."""
        self.raw = raw
        self.headers = headers
        self.start = start
        self.end = end
        kind, self.options = parameters(headers.first("content-type"))
        self.disposition, self.names = parameters(headers.first("content-disposition"))
        self.media_type = kind if kind.count("/") == 1 and " " not in kind else default
        self.children: list[Part] = []

    @property
    def filename(self) -> str:
        """The name the sender gave it, raw."""
        return self.names.get("filename") or self.options.get("name") or ""

    @property
    def charset(self) -> str | None:
        """The charset it claims."""
        return self.options.get("charset")

    def content(self) -> bytes:
        """Give its bytes with the transfer encoding undone."""
        data = self.raw[self.start : self.end]
        encoding = self.headers.first("content-transfer-encoding").strip().lower()
        encoding = _TOKEN.split(encoding, maxsplit=1)[0]
        if encoding == b"base64":
            return from_base64(data)
        if encoding == b"quoted-printable":
            return binascii.a2b_qp(data)
        if encoding in {b"x-uuencode", b"uuencode", b"x-uue"}:
            return from_uuencode(data)
        return data


class Budget:
    """How many parts may still be read, and what went wrong so far."""

    __slots__ = ("defects", "parts")

    def __init__(self) -> None:
        """Begin with all of them."""
        self.parts = MAX_PARTS
        self.defects: list[str] = []


def read_tree(raw: bytes, budget: Budget) -> Part:
    """Find all parts of a mail."""
    headers, body = read_block(raw, 0, len(raw), budget.defects, top=True)
    root = Part(raw, headers, body, len(raw), "text/plain")
    _grow(root, 1, budget)
    return root


def _grow(part: Part, depth: int, budget: Budget) -> None:
    if not part.media_type.startswith("multipart/"):
        return
    if depth > MAX_DEPTH:
        budget.defects.append(f"Parts lie more than {MAX_DEPTH} deep; the deeper ones were left packed.")
        part.media_type = "application/octet-stream"
        return
    spans = _cut(part, budget)
    if not spans:
        budget.defects.append("A multipart has no parts.")
        part.media_type = "text/plain"
        return
    default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    for start, end in spans:
        headers, body = read_block(part.raw, start, end, budget.defects)
        child = Part(part.raw, headers, min(body, end), end, default)
        part.children.append(child)
        _grow(child, depth + 1, budget)


def _cut(part: Part, budget: Budget) -> list[tuple[int, int]]:
    """Find where the parts of a multipart begin and end."""
    told = part.options.get("boundary", "").rstrip().encode("utf-8", "replace")[:250]
    spans = _cut_at(part, told, budget) if told else []
    return spans or _cut_at(part, _shown(part), budget)


def _cut_at(part: Part, boundary: bytes, budget: Budget) -> list[tuple[int, int]]:
    """Cut at one boundary; parts that stand below its last line are taken as well."""
    raw, end = part.raw, part.end
    mark = b"\n--" + boundary
    spans: list[tuple[int, int]] = []
    begun = -1
    at = 0 if raw.startswith(mark[1:]) and part.start == 0 else raw.find(mark, max(part.start - 1, 0), end)
    while at >= 0 and mark != b"\n--":
        after = at + len(mark)
        line_end = raw.find(b"\n", after, end)
        line_end = end if line_end < 0 else line_end
        tail = raw[after : min(line_end, after + 80)].strip()
        if tail in {b"", b"--"}:
            if begun >= 0 and not _close(raw, begun, at, spans, budget):
                return spans
            begun = -1 if tail else min(line_end + 1, end)
        at = raw.find(mark, min(after, end), end)
    if begun >= 0:
        _close(raw, begun, end, spans, budget)
    return spans


def _close(raw: bytes, begun: int, at: int, spans: list[tuple[int, int]], budget: Budget) -> bool:
    """Keep one span, while there may be more."""
    if budget.parts <= 0:
        budget.defects.append(f"There are more than {MAX_PARTS} parts; the rest of them was left out.")
        return False
    budget.parts -= 1
    stop = at - 1 if raw[at - 1 : at] == b"\r" else at
    spans.append((begun, max(stop, begun)))
    return True


def _shown(part: Part) -> bytes:
    """Take the boundary that the body shows, where none is told or the told one is nowhere."""
    shown = _BOUNDARY_LINE.search(part.raw, part.start, min(part.end, part.start + 8_000))
    return shown[1] if shown else b""
