"""Read the tree of MIME parts (RFC 2046) within limits: where each part lies in the raw bytes, and its content."""

import binascii
import re

from hub.channels.email.parse.header_text import decode_base64, parse_parameters
from hub.channels.email.parse.headers import Headers, read_block
from hub.channels.email.parse.uuencode import decode_uuencode

MAX_DEPTH = 32
MAX_PARTS = 500
_TOKEN = re.compile(rb"[\s;(]")
_BOUNDARY_LINE = re.compile(rb"^--([!-~]{1,200})[ \t]*\r?$", re.MULTILINE)


class Part:
    """A part: its headers, its position in the raw bytes, and its child parts."""

    __slots__ = (
        "children",
        "disposition",
        "disposition_parameters",
        "end",
        "headers",
        "media_type",
        "raw",
        "start",
        "type_parameters",
    )

    def __init__(self, raw: bytes, headers: Headers, start: int, end: int, default_type: str) -> None:
        """Read the headers; `default_type` is the media type if they declare none."""
        self.raw = raw
        self.headers = headers
        self.start = start
        self.end = end
        declared_type, self.type_parameters = parse_parameters(headers.first("content-type"))
        self.disposition, self.disposition_parameters = parse_parameters(headers.first("content-disposition"))
        self.media_type = declared_type if declared_type.count("/") == 1 and " " not in declared_type else default_type
        self.children: list[Part] = []

    @property
    def filename(self) -> str:
        """The file name as the sender wrote it; empty if there is none."""
        return self.disposition_parameters.get("filename") or self.type_parameters.get("name") or ""

    @property
    def charset(self) -> str | None:
        """The declared charset; None if there is none."""
        return self.type_parameters.get("charset")

    def content(self) -> bytes:
        """Return the bytes with the transfer encoding decoded."""
        data = self.raw[self.start : self.end]
        encoding = self.headers.first("content-transfer-encoding").strip().lower()
        encoding = _TOKEN.split(encoding, maxsplit=1)[0]
        if encoding == b"base64":
            return decode_base64(data)
        if encoding == b"quoted-printable":
            return binascii.a2b_qp(data)
        if encoding in {b"x-uuencode", b"uuencode", b"x-uue"}:
            return decode_uuencode(data)
        return data


class Budget:
    """The number of parts that may still be read, and the defects found so far."""

    __slots__ = ("defects", "parts")

    def __init__(self) -> None:
        """Start with the full budget."""
        self.parts = MAX_PARTS
        self.defects: list[str] = []


def read_tree(raw: bytes, budget: Budget) -> Part:
    """Read all parts of a mail; returns the root."""
    headers, body = read_block(raw, 0, len(raw), budget.defects, outermost=True)
    root = Part(raw, headers, body, len(raw), "text/plain")
    _read_children(root, 1, budget)
    return root


def _read_children(part: Part, depth: int, budget: Budget) -> None:
    if not part.media_type.startswith("multipart/"):
        return
    if depth > MAX_DEPTH:
        budget.defects.append(f"Parts lie more than {MAX_DEPTH} deep; the deeper ones were left reason_to_json.")
        part.media_type = "application/octet-stream"
        return
    spans = _find_spans(part, budget)
    if not spans:
        budget.defects.append("A multipart has no parts.")
        part.media_type = "text/plain"
        return
    default_type = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
    for start, end in spans:
        headers, body = read_block(part.raw, start, end, budget.defects)
        child = Part(part.raw, headers, min(body, end), end, default_type)
        part.children.append(child)
        _read_children(child, depth + 1, budget)


def _find_spans(part: Part, budget: Budget) -> list[tuple[int, int]]:
    """Return where the parts of a multipart begin and end."""
    declared = part.type_parameters.get("boundary", "").rstrip().encode("utf-8", "replace")[:250]
    spans = _split_at(part, declared, budget) if declared else []
    return spans or _split_at(part, _boundary_in_body(part), budget)


def _split_at(part: Part, boundary: bytes, budget: Budget) -> list[tuple[int, int]]:
    """Split at a boundary; parts below the closing boundary are kept too."""
    raw, end = part.raw, part.end
    delimiter = b"\n--" + boundary
    spans: list[tuple[int, int]] = []
    span_start = -1
    at = 0 if raw.startswith(delimiter[1:]) and part.start == 0 else raw.find(delimiter, max(part.start - 1, 0), end)
    while at >= 0 and delimiter != b"\n--":
        after = at + len(delimiter)
        line_end = raw.find(b"\n", after, end)
        line_end = end if line_end < 0 else line_end
        tail = raw[after : min(line_end, after + 80)].strip()
        if tail in {b"", b"--"}:
            if span_start >= 0 and not _add_span(raw, span_start, at, spans, budget):
                return spans
            span_start = -1 if tail else min(line_end + 1, end)
        at = raw.find(delimiter, min(after, end), end)
    if span_start >= 0:
        _add_span(raw, span_start, end, spans, budget)
    return spans


def _add_span(raw: bytes, span_start: int, at: int, spans: list[tuple[int, int]], budget: Budget) -> bool:
    """Add a span; return False if the budget is used up."""
    if budget.parts <= 0:
        budget.defects.append(f"There are more than {MAX_PARTS} parts; the rest of them was left out.")
        return False
    budget.parts -= 1
    span_end = at - 1 if raw[at - 1 : at] == b"\r" else at
    spans.append((span_start, max(span_end, span_start)))
    return True


def _boundary_in_body(part: Part) -> bytes:
    """Return the boundary that the body uses, for a missing or wrong declaration."""
    found = _BOUNDARY_LINE.search(part.raw, part.start, min(part.end, part.start + 8_000))
    return found[1] if found else b""
