"""Files written into the words of a mail, as was done before MIME: uuencode and yEnc."""

import binascii
import re

_BEGIN = re.compile(
    rb"^(?:begin [0-7]{3,4} ([^\r\n]{1,200})|=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,200}))\r?\n", re.MULTILINE
)
_UU_END = re.compile(rb"\nend[ \t]*(?=\r?(?:\n|\Z))")
_Y_END = re.compile(rb"\n=yend[^\r\n]*(?=\r?(?:\n|\Z))")
_Y_PART = re.compile(rb"=ypart[^\r\n]*\r?\n")
_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_SHIFTED = bytes((mark - 42) % 256 for mark in range(256))
MAX_TRIES = 100
MAX_LINE = 61
MOST_ESCAPED = 10  # one mark in so many, at most, is escaped in yEnc; of what is like chance, one in sixty


def take_out(data: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Give the words without the files, and the files with their names."""
    words: list[bytes] = []
    files: list[tuple[bytes, bytes]] = []
    if b"begin " not in data:
        return data, files
    at = 0
    for _ in range(MAX_TRIES):
        begin = _BEGIN.search(data, at)
        end = begin and (_UU_END if begin[1] else _Y_END).search(data, begin.end() - 1)
        if not begin or not end:
            break
        packed = data[begin.end() : end.start()]
        content = (
            from_uuencode(packed) if begin[1] and _is_uuencode(packed) else b"" if begin[1] else _from_yenc(packed)
        )
        words.append(data[at : begin.start() if content else end.end()])
        if content:
            files.append(((begin[1] or begin[2]).strip(), content))
        at = end.end()
    words.append(data[at:])
    return b"".join(words) if files else data, files


def from_uuencode(data: bytes) -> bytes:
    """Decode uuencode however broken: what is no line of it is skipped."""
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


def _is_uuencode(data: bytes) -> bool:
    """Tell whether the first line is as long as it says it is."""
    line = data.lstrip(b"\r\n")[: MAX_LINE + 2].split(b"\n", 1)[0].rstrip(b"\r")
    needed = -(-((line[0] - 32) & 63) // 3) * 4 if line else 0
    return 0 < needed <= len(line) + 2 and len(line) <= needed + 3


def _from_yenc(data: bytes) -> bytes:
    part = _Y_PART.match(data)
    packed = data[part.end() if part else 0 :].replace(b"\r", b"").replace(b"\n", b"")
    if packed.count(b"=") * MOST_ESCAPED > len(packed):
        return b""
    return _ESCAPED.sub(lambda found: bytes([(found[1][0] - 64) % 256]), packed).translate(_SHIFTED)
