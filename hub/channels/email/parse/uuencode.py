"""Extract files encoded in the text of a mail, as before MIME: uuencode and yEnc."""

import binascii
import re

_BEGIN = re.compile(
    rb"^(?:begin [0-7]{3,4} ([^\r\n]{1,200})|=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,200}))\r?\n", re.MULTILINE
)
_UU_END = re.compile(rb"\nend[ \t]*(?=\r?(?:\n|\Z))")
_YENC_END = re.compile(rb"\n=yend[^\r\n]*(?=\r?(?:\n|\Z))")
_YENC_PART = re.compile(rb"=ypart[^\r\n]*\r?\n")
_YENC_ESCAPE = re.compile(rb"=(.)", re.DOTALL)
_YENC_TABLE = bytes((byte - 42) % 256 for byte in range(256))
MAX_FILES = 100
MAX_LINE = 61
MIN_CHARACTERS_PER_ESCAPE = 10  # yEnc escapes about 1 byte in 60 of random data; more escapes are no yEnc


def extract_files(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Return the text without the files, and the files as (name, content)."""
    text: list[bytes] = []
    files: list[tuple[bytes, bytes]] = []
    if b"begin " not in data:
        return data, files
    at = 0
    for _ in range(MAX_FILES):
        begin = _BEGIN.search(data, at)
        end = begin and (_UU_END if begin[1] else _YENC_END).search(data, begin.end() - 1)
        if not begin or not end:
            break
        encoded = data[begin.end() : end.start()]
        content = _decode(encoded) if begin[1] else _decode_yenc(encoded)
        text.append(data[at : begin.start() if content else end.end()])
        if content:
            files.append(((begin[1] or begin[2]).strip(), content))
        at = end.end()
    text.append(data[at:])
    return b"".join(text) if files else data, files


def decode_uuencode(data: bytes) -> bytes:
    """Decode uuencode; invalid lines are skipped."""
    out: list[bytes] = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                continue
    return b"".join(out)


def _decode(data: bytes) -> bytes:
    return decode_uuencode(data) if _is_uuencode(data) else b""


def _is_uuencode(data: bytes) -> bool:
    """Return whether the first line is as long as its first character says."""
    line = data.lstrip(b"\r\n")[: MAX_LINE + 2].split(b"\n", 1)[0].rstrip(b"\r")
    expected = -(-((line[0] - 32) & 63) // 3) * 4 if line else 0
    return 0 < expected <= len(line) + 2 and len(line) <= expected + 3


def _decode_yenc(data: bytes) -> bytes:
    part = _YENC_PART.match(data)
    encoded = data[part.end() if part else 0 :].replace(b"\r", b"").replace(b"\n", b"")
    if encoded.count(b"=") * MIN_CHARACTERS_PER_ESCAPE > len(encoded):
        return b""
    return _YENC_ESCAPE.sub(lambda found: bytes([(found[1][0] - 64) % 256]), encoded).translate(_YENC_TABLE)
