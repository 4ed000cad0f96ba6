"""Open Outlook's winmail.dat and return the files and the text in it (MS-OXTNEF)."""

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
_TEXT_BODY, _HTML_BODY = 0x1000, 0x1013
_FIXED_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING8, _STRING16, _BINARY, _OBJECT, _MULTIPLE, _NAMED = 0x1E, 0x1F, 0x102, 0xD, 0x1000, 0x8000
_INTERFACE_ID_SIZE = 16  # bytes, before the content of an object


class TnefFile(Struct, frozen=True, kw_only=True):
    """A file from a winmail.dat."""

    filename: str
    media_type: str
    content: bytes
    content_id: str | None = None


class _TnefContent:
    """The content read so far."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.code_page = "cp1252"
        self.text_body = ""
        self.html_body = ""
        self.files: list[TnefFile] = []
        self.file: dict[int, bytes] | None = None

    def text(self, data: bytes) -> str:
        return decode(data.split(b"\x00", 1)[0], self.code_page)

    def finish_file(self) -> None:
        """Add the file that was being read; a nested winmail.dat is opened."""
        file, self.file = self.file, None
        content = (file or {}).get(_CONTENT, b"")
        if not file or len(self.files) >= MAX_FILES:
            return
        if content[_INTERFACE_ID_SIZE:].startswith(SIGNATURE) and self.depth < MAX_DEPTH:
            inner = _read(content[_INTERFACE_ID_SIZE:], self.depth + 1)
            self.files += inner.files[: MAX_FILES - len(self.files)]
            if inner.files:
                return
        self.files.append(TnefFile(
            filename=self.text(file.get(_LONG_NAME) or file.get(_SHORT_NAME) or file.get(_TITLE, b"")),
            media_type=self.text(file.get(_MEDIA_TYPE, b"")).lower(), content=content,
            content_id=self.text(file.get(_CONTENT_ID, b"")).strip("<> ") or None,
        ))  # fmt: skip


def unpack(data: bytes) -> tuple[list[TnefFile], str, str]:
    """Return the files, the plain text and the HTML of a winmail.dat; malformed parts are left out."""
    found = _read(data, 0)
    return found.files, found.text_body, found.html_body


def _read(data: bytes, depth: int) -> _TnefContent:
    found = _TnefContent(depth)
    try:
        for attribute, content in _attributes(data):
            _add_attribute(found, attribute, content)
    except (struct.error, IndexError, ValueError):
        pass  # truncated: keep the parts before
    found.finish_file()
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6 if data.startswith(SIGNATURE) else len(data)
    for _ in range(MAX_FIELDS):
        if at + 9 > len(data):
            return
        attribute, size = struct.unpack_from("<II", data, at + 1)
        yield attribute & 0xFFFF, data[at + 9 : at + 9 + size]
        at += 11 + size


def _add_attribute(found: _TnefContent, attribute: int, content: bytes) -> None:
    if attribute == _FILE:
        found.finish_file()
        found.file = {}
    elif attribute == _CODE_PAGE:
        found.code_page = f"cp{struct.unpack_from('<I', content)[0]}"
    elif attribute == _BODY:
        found.text_body = found.text(content)
    elif attribute == _MESSAGE:
        fields = dict(_properties(content))
        found.text_body = found.text_body or found.text(fields.get(_TEXT_BODY, b""))
        found.html_body = found.text(fields.get(_HTML_BODY, b""))
    elif found.file is not None and attribute in {_TITLE, _DATA}:
        found.file[_CONTENT if attribute == _DATA else _TITLE] = content
    elif found.file is not None and attribute == _PROPERTIES:
        found.file = {**dict(_properties(content)), **found.file}


def _properties(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield MAPI properties as (identifier, value); strings are bytes in UTF-8 or in the code page."""
    count, at = struct.unpack_from("<I", data)[0], 4
    for _ in range(min(count, MAX_FIELDS)):
        type_, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= _NAMED:
            at = _skip_name(data, at)
        is_multiple, type_ = type_ & _MULTIPLE, type_ & ~_MULTIPLE
        is_variable = type_ not in _FIXED_SIZES
        value_count = struct.unpack_from("<I", data, at)[0] if is_multiple or is_variable else 1
        at += 4 if is_multiple or is_variable else 0
        if not is_variable:
            at += _FIXED_SIZES[type_] * value_count
            continue
        if type_ not in {_STRING8, _STRING16, _BINARY, _OBJECT} or value_count > MAX_VALUES:
            return
        for _value in range(value_count):
            size = struct.unpack_from("<I", data, at)[0]
            content = data[at + 4 : at + 4 + size]
            at += 4 + size + -size % 4
            yield name, content.decode("utf-16-le", "ignore").encode() if type_ == _STRING16 else content


def _skip_name(data: bytes, at: int) -> int:
    """Return the position behind the name of a named property."""
    if struct.unpack_from("<I", data, at + 16)[0] == 0:
        return at + 24
    size: int = struct.unpack_from("<I", data, at + 20)[0]
    return at + 24 + size + -size % 4
