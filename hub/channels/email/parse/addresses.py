"""Addresses out of headers, read strictly enough not to be fooled and kindly enough for the real world."""

import re

from hub.channels.email.parse.header_text import clean, decode_words, to_text
from hub.channels.email.parse.mail import Address

MAX_ADDRESSES = 1000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[<>,;:()]|[^"<>,;:()]++', re.DOTALL)
_SIMPLE = re.compile(r'\s*+(?:"([^"\\<>@]*+)"|([^"\\<>@,;:()]*+))\s*+<([^\s<>@,;:()"\\]++@[^\s<>@,;:()"\\]++)>\s*+\Z')
_BARE = re.compile(r'(?<![^\s<>()\[\]:;,"\\@])[^\s<>()\[\]:;,"\\@]++@[^\s<>()\[\],;"\\@]++')
_EXACT = re.compile(
    r'(?:[^\s<>()\[\]:;,"\\@]+|"(?:[^"\\\x00-\x1f]|\\.)*")@(?:[^\s<>()\[\]:;,"\\@]+|\[[^\s<>()\[\]\\@]+\])'
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def first_address(values: list[bytes], charset: str | None = None) -> Address | None:
    """Give the first address of a header, if any."""
    found = addresses(values[:1], charset)
    return found[0] if found else None


def addresses(values: list[bytes], charset: str | None = None) -> tuple[Address, ...]:
    """Give all addresses of a header that may stand several times."""
    found: list[Address] = []
    for value in values:
        found.extend(read_list(to_text(value, charset), MAX_ADDRESSES - len(found)))
        if len(found) >= MAX_ADDRESSES:
            break
    return tuple(found)


def read_list(text: str, limit: int = MAX_ADDRESSES) -> list[Address]:
    """Read an address list; at most `limit` of them."""
    simple = _SIMPLE.match(text)
    if simple:
        return [_address(simple[1] or simple[2] or "", simple[3])][:limit]
    found = _Reader(limit).read(text)
    if len(found) == 1 and not found[0].address and "=?" in text:
        again = decode_words(text)
        return _Reader(limit).read(again) if again != text else found
    return found


def _address(name: str, address: str) -> Address:
    name = clean(decode_words(name)).strip('" ')
    if name[:1] + name[-1:] in {"''", "()"}:
        name = name[1:-1].strip()
    return Address(name, clean(address))


class _Reader:
    """A walk over the tokens of one list: linear, with no recursion for comments."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.found: list[Address] = []
        self.half = False
        self._next()

    def _next(self) -> None:
        self.words: list[str] = []
        self.comment: list[str] = []
        self.angle: list[str] | None = None
        self.inside: str | None = None
        self.has_at = False  # among the words

    def read(self, text: str) -> list[Address]:
        depth = 0
        for piece in _TOKEN.findall(text):
            if piece in "()" and self.inside is None:
                depth = max(0, depth + (1 if piece == "(" else -1))
                if piece == ")" and depth == 0:
                    self.words.append(" ")
            elif depth:
                self.comment.append(piece)
            elif self._take(piece):
                break
        if len(self.found) < self.limit:
            self._flush()
        return self.found

    def _take(self, piece: str) -> bool:
        """Use one piece; true once there are enough addresses."""
        if self.angle is not None and (piece not in ">,;" or self._routed(piece)):
            self.angle.append(piece)
        elif piece == "<":
            if self.inside is None:
                self.angle = []
        elif piece == ">":
            self._close()
        elif piece in ",;":
            self._flush()
        elif piece == ":" and not self.has_at:
            self._next()  # a group's name
        else:
            self.words.append(piece)
            self.has_at = self.has_at or "@" in piece
        return len(self.found) >= self.limit

    def _routed(self, piece: str) -> bool:
        return piece == "," and bool(self.angle) and (self.angle or [""])[0].lstrip().startswith("@")

    def _close(self) -> None:
        if self.angle is not None:
            self.inside = "".join(self.angle).strip()
            self.angle = None

    def _flush(self) -> None:
        self._close()
        address, name = self._settle()
        if address or name:
            if address and name and self.half:
                name = f"{self.found.pop().name}, {name}"  # Berg, Bo <bo@example.com>, unquoted
            self.found.append(_address(name, address))
            self.half = not address
        self._next()

    def _settle(self) -> tuple[str, str]:
        if self.inside is None and _EXACT.fullmatch("".join(self.words).strip()):
            return "".join(self.words).strip(), "".join(self.comment)
        words = "".join(map(_plain, self.words)).strip()
        if self.inside is not None:
            inside = _exact(self.inside)
            if inside:
                return inside, words or "".join(self.comment)
            words = f"{words} {self.inside}".strip()
        bare = set(_BARE.findall(words))
        if len(bare) == 1:
            address = bare.pop()
            return address, words.replace(address, " ")
        return "", words


def _exact(text: str) -> str:
    text = text.removeprefix("mailto:").strip()
    if ":" in text and text.startswith("@"):
        text = text.rpartition(":")[2]  # an old source route
    squeezed = text if '"' in text else "".join(text.split())
    return squeezed if _EXACT.fullmatch(squeezed) else ""


def _plain(piece: str) -> str:
    if not piece.startswith('"'):
        return piece
    inner = piece[1:-1] if len(piece) > 1 and piece.endswith('"') else piece[1:]
    return _ESCAPED.sub(r"\1", inner)
