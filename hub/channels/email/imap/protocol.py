"""The syntax of IMAP (RFC 3501 §4): reads responses with literals, within limits, and splits them into tokens."""

import asyncio
import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from hub.channels.email.errors import ImapNotUnderstood

MAX_LINE = 16 * 2**20  # enough for the SEARCH response of two million mails
MAX_TOKENS_LINE = 2**20  # of a line that is split into tokens
MAX_LITERAL = 64 * 2**20  # bytes in all literals of one response
MAX_LITERALS = 1_000  # in one response
MIN_BYTES_PER_SECOND = 4 * 2**10  # a slower literal times out
READ_SIZE = 256 * 2**10

Token = bytes | None | list["Token"]

_LITERAL = re.compile(rb"~?\{(\d{1,12})\+?\}$")
_TOKEN = re.compile(rb'\s*+(?:([()])|"((?:[^"\\]|\\.)*)"|((?:[^\s()"\[]|\[[^\]]*+\])+))', re.DOTALL)
_STATUS = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)\b ?(?:\[([^\]]*)\])? ?(.*)", re.DOTALL | re.IGNORECASE)


class Status(Struct, frozen=True, kw_only=True):
    """A status response: OK, NO, BAD, BYE or PREAUTH, the code in brackets, and the text for people."""

    kind: str
    code: str
    text: str


class Response(Struct, frozen=True, kw_only=True):
    """One complete response: its tag ("*", "+" or that of a command), its lines, and the literals between them."""

    tag: str
    lines: tuple[bytes, ...]
    literals: tuple[bytes, ...] = ()

    @property
    def status(self) -> Status | None:
        """Return the status, or None if the response is not a status response."""
        found = _STATUS.match(self.lines[0])
        if found is None or self.tag == "+":
            return None
        kind, code, text = (_text(part or b"") for part in found.groups())
        return Status(kind=kind.upper(), code=code, text=text)

    def tokens(self) -> list[Token]:
        """Split the response into atoms, strings and lists."""
        return tokenise(self.lines, self.literals)


async def read_response(reader: asyncio.StreamReader, *, max_seconds: float) -> Response:
    """Read one response; each line may take `max_seconds`. Raises `ProtocolError`."""
    lines: list[bytes] = []
    literals: list[bytes] = []
    remaining = MAX_LITERAL
    while True:
        line = await _read_line(reader, max_seconds)
        literal = _LITERAL.search(line)
        if literal is None:
            lines.append(line)
            break
        lines.append(line[: literal.start()])
        remaining -= int(literal[1])
        if remaining < 0 or len(literals) >= MAX_LITERALS:
            raise ImapNotUnderstood(problem="a response was larger than 64 MiB")
        literals.append(await _read_literal(reader, int(literal[1]), max_seconds))
    tag, _, lines[0] = lines[0].partition(b" ")
    return Response(tag=_text(tag), lines=tuple(lines), literals=tuple(literals))


def tokenise(lines: Sequence[bytes], literals: Sequence[bytes] = ()) -> list[Token]:
    """Split lines, and the literals between them, into nested lists without recursion; raises `ProtocolError`."""
    root: list[Token] = []
    stack = [root]
    for line, literal in zip(lines, (*literals, None), strict=True):
        for parenthesis, value in _split_tokens(line):
            _add_token(stack, parenthesis, value)
        if literal is not None:
            stack[-1].append(literal)
    if len(stack) != 1:
        raise ImapNotUnderstood(problem="brackets do not match")
    return root


def _add_token(stack: list[list[Token]], parenthesis: bytes, value: Token) -> None:
    if parenthesis == b"(":
        nested: list[Token] = []
        stack[-1].append(nested)
        stack.append(nested)
    elif parenthesis == b")":
        if len(stack) == 1:
            raise ImapNotUnderstood(problem="brackets do not match")
        stack.pop()
    else:
        stack[-1].append(value)


def _split_tokens(line: bytes) -> Iterator[tuple[bytes, Token]]:
    if len(line) > MAX_TOKENS_LINE:
        raise ImapNotUnderstood(problem="a line was longer than 1 MiB")
    position, end = 0, len(line.rstrip())
    while position < end:
        found = _TOKEN.match(line, position)
        if found is None:
            raise ImapNotUnderstood(problem="a response could not be read")
        position = found.end()
        parenthesis, quoted, atom = found.groups()
        if parenthesis:
            yield parenthesis, None
        elif quoted is not None:
            yield b"", re.sub(rb"\\(.)", rb"\1", quoted, flags=re.DOTALL)
        else:
            yield b"", None if atom.upper() == b"NIL" else atom


async def _read_line(reader: asyncio.StreamReader, max_seconds: float) -> bytes:
    try:
        async with asyncio.timeout(max_seconds):
            line = await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise ImapNotUnderstood(problem="a line was far too long") from None
    return line.rstrip(b"\r\n")


async def _read_literal(reader: asyncio.StreamReader, size: int, max_seconds: float) -> bytes:
    """Read a literal in chunks, so that an announced length alone takes no memory."""
    read = bytearray()
    async with asyncio.timeout(max_seconds + size / MIN_BYTES_PER_SECOND):
        while len(read) < size:
            chunk = await reader.read(min(READ_SIZE, size - len(read)))
            if not chunk:
                raise asyncio.IncompleteReadError(b"", size - len(read))
            read += chunk
    return bytes(read)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
