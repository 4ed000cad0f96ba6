"""Read IMAP responses into values, and format the arguments of commands. Pure."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from hub.channels.email.errors import ImapNotUnderstood
from hub.channels.email.imap import protocol
from hub.channels.email.imap.folder_names import decode_folder

MAX_DIGITS = 20
_UIDVALIDITY = re.compile(r"UIDVALIDITY ([0-9]{1,20})", re.IGNORECASE)


class Folder(Struct, frozen=True, kw_only=True):
    """A folder and its attributes, some of which name its purpose (RFC 6154)."""

    name: str
    attributes: frozenset[str]


class Selected(Struct, frozen=True, kw_only=True):
    """The open folder: its UIDVALIDITY and its number of mails."""

    uidvalidity: int
    exists: int


def read_selected(untagged: Iterable[protocol.Response]) -> Selected:
    """Read the responses to SELECT or EXAMINE."""
    uidvalidity, exists = 0, 0
    for response in untagged:
        if keyword(response, 1) == b"EXISTS":
            exists = number(keyword(response, 0)) or 0
        if response.status and (found := _UIDVALIDITY.fullmatch(response.status.code)):
            uidvalidity = int(found[1])
    return Selected(uidvalidity=uidvalidity, exists=exists)


def read_items(untagged: Iterable[protocol.Response], name: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the UID and the named item of each FETCH response."""
    for response in untagged:
        if keyword(response, 1) != b"FETCH":
            continue
        match response.tokens():
            case [_, _, [*pairs]]:
                items = dict(zip((_item_name(key) for key in pairs[::2]), pairs[1::2], strict=False))
                uid, value = number(items.get(b"UID")), items.get(name)
                if uid is not None and isinstance(value, bytes):
                    yield uid, value


def read_folder(response: protocol.Response) -> Folder:
    """Read a LIST response; raises `Unreachable` if it is malformed."""
    match response.tokens():
        case [_, [*attributes], _, bytes(name)]:
            names = (attribute.decode("ascii", "replace") for attribute in attributes if isinstance(attribute, bytes))
            return Folder(name=decode_folder(name.decode("utf-8", "replace")), attributes=frozenset(names))
    raise ImapNotUnderstood(problem="the list of folders cannot be read")


def _item_name(token: protocol.Token) -> bytes:
    return token.upper() if isinstance(token, bytes) else b""


def keyword(response: protocol.Response, index: int) -> bytes:
    """Return the word at `index` of an untagged response, in upper case; empty if there is none."""
    words = response.lines[0].split(None, index + 1) if response.tag == "*" else []
    return words[index].upper() if len(words) > index else b""


def number(token: protocol.Token) -> int | None:
    """Return the number that a token holds; None if it is none, or too long for IMAP."""
    return int(token) if isinstance(token, bytes) and token.isdigit() and len(token) <= MAX_DIGITS else None


def quoted(name: str) -> str:
    """Return a string as an IMAP quoted string."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def sequence_set(uids: Iterable[int]) -> str:
    """Return UIDs as an IMAP sequence set, consecutive ones as a range."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)
