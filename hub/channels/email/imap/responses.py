"""Pure: what IMAP responses say, and how arguments of commands are written."""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from hub.channels.email.errors import ImapNotUnderstood
from hub.channels.email.imap import protocol
from hub.channels.email.imap.folder_names import decode_folder

MAX_DIGITS = 20
_UIDVALIDITY = re.compile(r"UIDVALIDITY ([0-9]{1,20})", re.IGNORECASE)


class Folder(Struct, frozen=True, kw_only=True):
    """A folder of the mailbox, with attributes that tell what it is for."""

    name: str
    attributes: frozenset[str]


class Selected(Struct, frozen=True, kw_only=True):
    """The folder that is open: its UIDVALIDITY and how many mails it holds."""

    uidvalidity: int
    exists: int


def read_selected(untagged: Iterable[protocol.Response]) -> Selected:
    """What the answer to SELECT or EXAMINE tells."""
    uidvalidity, exists = 0, 0
    for response in untagged:
        if word(response, 1) == b"EXISTS":
            exists = number(word(response, 0)) or 0
        if response.status and (found := _UIDVALIDITY.fullmatch(response.status.code)):
            uidvalidity = int(found[1])
    return Selected(uidvalidity=uidvalidity, exists=exists)


def read_items(untagged: Iterable[protocol.Response], name: bytes) -> Iterator[tuple[int, bytes]]:
    """The item of that name in each FETCH response, with the UID."""
    for response in untagged:
        if word(response, 1) != b"FETCH":
            continue
        match response.tokens():
            case [_, _, [*pairs]]:
                items = dict(zip((_key(key) for key in pairs[::2]), pairs[1::2], strict=False))
                uid, value = number(items.get(b"UID")), items.get(name)
                if uid is not None and isinstance(value, bytes):
                    yield uid, value


def read_folder(response: protocol.Response) -> Folder:
    """One LIST response."""
    match response.tokens():
        case [_, [*attributes], _, bytes(name)]:
            plain = (each.decode("ascii", "replace") for each in attributes if isinstance(each, bytes))
            return Folder(name=decode_folder(name.decode("utf-8", "replace")), attributes=frozenset(plain))
    raise ImapNotUnderstood(problem="the list of folders cannot be read")


def _key(token: protocol.Token) -> bytes:
    return token.upper() if isinstance(token, bytes) else b""


def word(response: protocol.Response, index: int) -> bytes:
    """One of the first words of an untagged response, in capitals."""
    words = response.lines[0].split(None, index + 1) if response.tag == "*" else []
    return words[index].upper() if len(words) > index else b""


def number(token: protocol.Token) -> int | None:
    """A number of a size that IMAP knows, if it is one."""
    return int(token) if isinstance(token, bytes) and token.isdigit() and len(token) <= MAX_DIGITS else None


def quoted(name: str) -> str:
    """A quoted string."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def ranges(uids: Iterable[int]) -> str:
    """Write UIDs as a sequence set, neighbours as a range."""
    runs: list[list[int]] = []
    for uid in sorted(uids):
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)
