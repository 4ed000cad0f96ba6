"""The IMAP line (RFC 3501 §4): bounded reading of responses with literals, and their tokens."""

import asyncio
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from hub.channels.email.errors import ImapNotUnderstood

MAX_LINE = 16 * 2**20  # a SEARCH over two million mails
MAX_TOKENS_LINE = 2**20  # any other line
MAX_LITERAL = 64 * 2**20
MAX_PARTS = 1_000  # literals in one response
SLOWEST = 4 * 2**10  # bytes a second, below which a literal is given up
CHUNK = 256 * 2**10

Token = bytes | None | list["Token"]

_LITERAL = re.compile(rb"~?\{(\d{1,12})\+?\}$")
_TOKEN = re.compile(rb'\s*+(?:([()])|"((?:[^"\\]|\\.)*)"|((?:[^\s()"\[]|\[[^\]]*+\])+))', re.DOTALL)
_STATUS = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)\b ?(?:\[([^\]]*)\])? ?(.*)", re.DOTALL | re.IGNORECASE)


class Status(Struct, frozen=True, kw_only=True):
    """OK, NO, BAD, BYE or PREAUTH with its code in brackets and its words for people."""

    kind: str
    code: str
    text: str


class Response(Struct, frozen=True, kw_only=True):
    """One whole response: its tag ("*", "+" or a command's), its lines, and the literals between them."""

    tag: str
    lines: tuple[bytes, ...]
    literals: tuple[bytes, ...] = ()

    @property
    def status(self) -> Status | None:
        """The status it reports, if it is one."""
        found = _STATUS.match(self.lines[0])
        if found is None or self.tag == "+":
            return None
        kind, code, text = (_text(part or b"") for part in found.groups())
        return Status(kind=kind.upper(), code=code, text=text)

    def tokens(self) -> list[Token]:
        """Read the response into atoms, strings and lists; never recursive."""
        return tokenise(self.lines, self.literals)


async def read_response(reader: asyncio.StreamReader, *, patience: float) -> Response:
    """Read one response; `patience` in seconds is how long each line may take."""
    lines: list[bytes] = []
    literals: list[bytes] = []
    room = MAX_LITERAL
    while True:
        line = await _read_line(reader, patience)
        literal = _LITERAL.search(line)
        if literal is None:
            lines.append(line)
            break
        lines.append(line[: literal.start()])
        room -= int(literal[1])
        if room < 0 or len(literals) >= MAX_PARTS:
            raise ImapNotUnderstood(problem="a response was larger than 64 MiB")
        literals.append(await _read_literal(reader, int(literal[1]), patience))
    tag, _, lines[0] = lines[0].partition(b" ")
    return Response(tag=_text(tag), lines=tuple(lines), literals=tuple(literals))


def tokenise(lines: Sequence[bytes], literals: Sequence[bytes] = ()) -> list[Token]:
    """Read lines with the literals between them into nested lists."""
    root: list[Token] = []
    stack = [root]
    for line, literal in zip(lines, (*literals, None), strict=True):
        for bracket, value in _pieces(line):
            _place(stack, bracket, value)
        if literal is not None:
            stack[-1].append(literal)
    if len(stack) != 1:
        raise ImapNotUnderstood(problem="brackets do not match")
    return root


def _place(stack: list[list[Token]], bracket: bytes, value: Token) -> None:
    if bracket == b"(":
        inner: list[Token] = []
        stack[-1].append(inner)
        stack.append(inner)
    elif bracket == b")":
        if len(stack) == 1:
            raise ImapNotUnderstood(problem="brackets do not match")
        stack.pop()
    else:
        stack[-1].append(value)


def _pieces(line: bytes) -> Iterator[tuple[bytes, Token]]:
    if len(line) > MAX_TOKENS_LINE:
        raise ImapNotUnderstood(problem="a line was longer than 1 MiB")
    position, end = 0, len(line.rstrip())
    while position < end:
        found = _TOKEN.match(line, position)
        if found is None:
            raise ImapNotUnderstood(problem="a response could not be read")
        position = found.end()
        bracket, quoted, atom = found.groups()
        if bracket:
            yield bracket, None
        elif quoted is not None:
            yield b"", re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL)
        else:
            yield b"", None if atom.upper() == b"NIL" else atom


async def _read_line(reader: asyncio.StreamReader, patience: float) -> bytes:
    try:
        async with asyncio.timeout(patience):
            line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise ImapNotUnderstood(problem="a line was far too long") from None
    return line.rstrip(b"\r\n")


async def _read_literal(reader: asyncio.StreamReader, size: int, patience: float) -> bytes:
    """Read it piece by piece, so that no length that is only announced takes memory."""
    read = bytearray()
    async with asyncio.timeout(patience + size / SLOWEST):
        while len(read) < size:
            piece = await reader.read(min(CHUNK, size - len(read)))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size - len(read))
            read += piece
    return bytes(read)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
