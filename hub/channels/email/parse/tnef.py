"""Outlook's winmail.dat opened: the files and the words within (MS-OXTNEF)."""

import struct
from collections.abc import Iterator

from msgspec import Struct

from hub.channels.email.parse.charsets import decode

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 200
MAX_FIELDS = 2_000
MAX_VALUES = 50
MAX_DEPTH = 3
_FILE, _TITLE, _DATA, _PROPERTIES, _MESSAGE, _BODY, _CODE_PAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x9003, 0x800C, 0x9007
_LONG_NAME, _SHORT_NAME, _MEDIA_TYPE, _CONTENT_ID, _CONTENT = 0x3707, 0x3704, 0x370E, 0x3712, 0x3701
_WORDS, _PAGE = 0x1000, 0x1013
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_TEXT8, _TEXT16, _BINARY, _OBJECT, _MANY, _NAMED = 0x1E, 0x1F, 0x102, 0xD, 0x1000, 0x8000
_IID = 16  # bytes before the content of an object


class Unpacked(Struct, frozen=True, kw_only=True):
    """One file of a winmail.dat."""

    filename: str
    media_type: str
    content: bytes
    content_id: str | None = None


class _Open:
    """What has been read so far."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.code_page = "cp1252"
        self.words = ""
        self.page = ""
        self.files: list[Unpacked] = []
        self.file: dict[int, bytes] | None = None

    def text(self, data: bytes) -> str:
        return decode(data.split(b"\x00", 1)[0], self.code_page)

    def close(self) -> None:
        """Keep the file that was being read."""
        file, self.file = self.file, None
        content = (file or {}).get(_CONTENT, b"")
        if not file or len(self.files) >= MAX_FILES:
            return
        if content[_IID:].startswith(SIGNATURE) and self.depth < MAX_DEPTH:
            inner = _read(content[_IID:], self.depth + 1)
            self.files += inner.files[: MAX_FILES - len(self.files)]
            if inner.files:
                return
        self.files.append(Unpacked(
            filename=self.text(file.get(_LONG_NAME) or file.get(_SHORT_NAME) or file.get(_TITLE, b"")),
            media_type=self.text(file.get(_MEDIA_TYPE, b"")).lower(), content=content,
            content_id=self.text(file.get(_CONTENT_ID, b"")).strip("<> ") or None,
        ))  # fmt: skip


def unpack(data: bytes) -> tuple[list[Unpacked], str, str]:
    """Give the files, the plain words and the HTML of a winmail.dat; nothing of what cannot be read."""
    found = _read(data, 0)
    return found.files, found.words, found.page


def _read(data: bytes, depth: int) -> _Open:
    found = _Open(depth)
    try:
        for attribute, content in _attributes(data):
            _take(found, attribute, content)
    except (struct.error, IndexError, ValueError):
        pass  # torn off: what came before is good
    found.close()
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6 if data.startswith(SIGNATURE) else len(data)
    for _ in range(MAX_FIELDS):
        if at + 9 > len(data):
            return
        attribute, size = struct.unpack_from("<II", data, at + 1)
        yield attribute & 0xFFFF, data[at + 9 : at + 9 + size]
        at += 11 + size


def _take(found: _Open, attribute: int, content: bytes) -> None:
    if attribute == _FILE:
        found.close()
        found.file = {}
    elif attribute == _CODE_PAGE:
        found.code_page = f"cp{struct.unpack_from('<I', content)[0]}"
    elif attribute == _BODY:
        found.words = found.text(content)
    elif attribute == _MESSAGE:
        fields = dict(_properties(content))
        found.words = found.words or found.text(fields.get(_WORDS, b""))
        found.page = found.text(fields.get(_PAGE, b""))
    elif found.file is not None and attribute in {_TITLE, _DATA}:
        found.file[_CONTENT if attribute == _DATA else _TITLE] = content
    elif found.file is not None and attribute == _PROPERTIES:
        found.file = {**dict(_properties(content)), **found.file}


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Read MAPI properties; texts come as bytes in UTF-8 or the code page."""
    count, at = struct.unpack_from("<I", data)[0], 4
    for _ in range(min(count, MAX_FIELDS)):
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= _NAMED:
            at = _after_name(data, at)
        many, kind = kind & _MANY, kind & ~_MANY
        varies = kind not in _FIXED
        number = struct.unpack_from("<I", data, at)[0] if many or varies else 1
        at += 4 if many or varies else 0
        if not varies:
            at += _FIXED[kind] * number
            continue
        if kind not in {_TEXT8, _TEXT16, _BINARY, _OBJECT} or number > MAX_VALUES:
            return
        for _value in range(number):
            size = struct.unpack_from("<I", data, at)[0]
            content = data[at + 4 : at + 4 + size]
            at += 4 + size + -size % 4
            yield name, content.decode("utf-16-le", "ignore").encode() if kind == _TEXT16 else content


def _after_name(data: bytes, at: int) -> int:
    """Step over the name of a named property."""
    if struct.unpack_from("<I", data, at + 16)[0] == 0:
        return at + 24
    size: int = struct.unpack_from("<I", data, at + 20)[0]
    return at + 24 + size + -size % 4
