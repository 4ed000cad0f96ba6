"""Parse the addresses of headers (RFC 5322 §3.4): tolerant of errors, but never taking a name for an address."""

import re

from hub.channels.email.parse.header_text import clean, decode_encoded_words, to_text
from hub.channels.email.parse.mail import Address

MAX_ADDRESSES = 1000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[<>,;:()]|[^"<>,;:()]++', re.DOTALL)
_SINGLE_MAILBOX = re.compile(
    r'\s*+(?:"([^"\\<>@]*+)"|([^"\\<>@,;:()]*+))\s*+<([^\s<>@,;:()"\\]++@[^\s<>@,;:()"\\]++)>\s*+\Z'
)
_ADDRESS_IN_TEXT = re.compile(r'(?<![^\s<>()\[\]:;,"\\@])[^\s<>()\[\]:;,"\\@]++@[^\s<>()\[\],;"\\@]++')
_ADDR_SPEC = re.compile(
    r'(?:[^\s<>()\[\]:;,"\\@]+|"(?:[^"\\\x00-\x1f]|\\.)*")@(?:[^\s<>()\[\]:;,"\\@]+|\[[^\s<>()\[\]\\@]+\])'
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def first_address(values: list[bytes], charset: str | None = None) -> Address | None:
    """Return the first address of a header; None if there is none."""
    parsed = addresses(values[:1], charset)
    return parsed[0] if parsed else None


def addresses(values: list[bytes], charset: str | None = None) -> tuple[Address, ...]:
    """Return all addresses of a header, which may occur several times."""
    parsed: list[Address] = []
    for value in values:
        parsed.extend(parse_address_list(to_text(value, charset), MAX_ADDRESSES - len(parsed)))
        if len(parsed) >= MAX_ADDRESSES:
            break
    return tuple(parsed)


def parse_address_list(text: str, limit: int = MAX_ADDRESSES) -> list[Address]:
    """Parse an address list; returns at most `limit` addresses."""
    match = _SINGLE_MAILBOX.match(text)
    if match:
        return [_address(match[1] or match[2] or "", match[3])][:limit]
    parsed = _AddressListParser(limit).read(text)
    if len(parsed) == 1 and not parsed[0].address and "=?" in text:
        decoded = decode_encoded_words(text)
        return _AddressListParser(limit).read(decoded) if decoded != text else parsed
    return parsed


def _address(name: str, address: str) -> Address:
    name = clean(decode_encoded_words(name)).strip('" ')
    if name[:1] + name[-1:] in {"''", "()"}:
        name = name[1:-1].strip()
    return Address(name, clean(address))


class _AddressListParser:
    """Processes the parts of an address list in linear time, without recursion for comments."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.addresses: list[Address] = []
        self.unfinished_name = False
        self._reset()

    def _reset(self) -> None:
        self.phrase: list[str] = []
        self.comment: list[str] = []
        self.angle_parts: list[str] | None = None
        self.angle_address: str | None = None
        self.has_at = False  # whether the phrase contains "@"

    def read(self, text: str) -> list[Address]:
        depth = 0
        for part in _TOKEN.findall(text):
            if part in "()" and self.angle_address is None:
                depth = max(0, depth + (1 if part == "(" else -1))
                if part == ")" and depth == 0:
                    self.phrase.append(" ")
            elif depth:
                self.comment.append(part)
            elif self._add_part(part):
                break
        if len(self.addresses) < self.limit:
            self._finish_address()
        return self.addresses

    def _add_part(self, part: str) -> bool:
        """Process a part; return True once there are enough addresses."""
        if self.angle_parts is not None and (part not in ">,;" or self._is_source_route(part)):
            self.angle_parts.append(part)
        elif part == "<":
            if self.angle_address is None:
                self.angle_parts = []
        elif part == ">":
            self._close_angle()
        elif part in ",;":
            self._finish_address()
        elif part == ":" and not self.has_at:
            self._reset()  # the name of a group (RFC 5322 §3.4)
        else:
            self.phrase.append(part)
            self.has_at = self.has_at or "@" in part
        return len(self.addresses) >= self.limit

    def _is_source_route(self, part: str) -> bool:
        return part == "," and bool(self.angle_parts) and (self.angle_parts or [""])[0].lstrip().startswith("@")

    def _close_angle(self) -> None:
        if self.angle_parts is not None:
            self.angle_address = "".join(self.angle_parts).strip()
            self.angle_parts = None

    def _finish_address(self) -> None:
        self._close_angle()
        address, name = self._address_and_name()
        if address or name:
            if address and name and self.unfinished_name:
                name = f"{self.addresses.pop().name}, {name}"  # an unquoted comma: Berg, Bo <bo@example.com>
            self.addresses.append(_address(name, address))
            self.unfinished_name = not address
        self._reset()

    def _address_and_name(self) -> tuple[str, str]:
        if self.angle_address is None and _ADDR_SPEC.fullmatch("".join(self.phrase).strip()):
            return "".join(self.phrase).strip(), "".join(self.comment)
        phrase = "".join(map(_unquote, self.phrase)).strip()
        if self.angle_address is not None:
            angle_address = _as_addr_spec(self.angle_address)
            if angle_address:
                return angle_address, phrase or "".join(self.comment)
            phrase = f"{phrase} {self.angle_address}".strip()
        in_text = set(_ADDRESS_IN_TEXT.findall(phrase))
        if len(in_text) == 1:
            address = in_text.pop()
            return address, phrase.replace(address, " ")
        return "", phrase


def _as_addr_spec(text: str) -> str:
    text = text.removeprefix("mailto:").strip()
    if ":" in text and text.startswith("@"):
        text = text.rpartition(":")[2]  # a source route (RFC 5322 §4.4)
    compact = text if '"' in text else "".join(text.split())
    return compact if _ADDR_SPEC.fullmatch(compact) else ""


def _unquote(part: str) -> str:
    if not part.startswith('"'):
        return part
    content = part[1:-1] if len(part) > 1 and part.endswith('"') else part[1:]
    return _ESCAPED.sub(r"\1", content)
