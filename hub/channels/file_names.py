"""Harmless names for files that strangers and agents send; pure."""

import re
import unicodedata

MAX_READ = 2_000  # characters of the given name that count
MAX_CHARACTERS = 176
MAX_BYTES = 240  # of UTF-8; most file systems hold 255, and a browser adds " (1)" to a name it has already
MAX_EXTENSION = 10
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_UNSAFE = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d) *(?:\.|$)", re.IGNORECASE)  # by Windows


def safe_name(name: str, otherwise: str = "") -> str:
    """Return a file name that is safe to show and to save, or `otherwise` where nothing of the name is left.

    The result has no folder, no hidden or reordering characters, no leading or trailing dots, is no name that an
    operating system keeps for a device, and has at most 176 characters and 240 bytes; a short extension survives.
    """
    name = unicodedata.normalize("NFKC", name[:MAX_READ])
    name = "".join(mark for mark in name if unicodedata.category(mark) not in _HIDDEN)
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name) or otherwise


def _shortened(name: str) -> str:
    if _fits(name):
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > MAX_EXTENSION:
        return _cut(name, "")
    return _cut(stem, dot + extension)


def _fits(name: str) -> bool:
    return len(name) <= MAX_CHARACTERS and len(name.encode()) <= MAX_BYTES


def _cut(stem: str, ending: str) -> str:
    room = MAX_BYTES - len(ending.encode())
    kept = stem[: MAX_CHARACTERS - len(ending)].encode()[:room].decode(errors="ignore")
    return kept.rstrip(". ") + ending
