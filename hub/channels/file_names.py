"""Safe names for files that customers and agents send. Pure."""

import re
import unicodedata

MAX_INPUT_CHARACTERS = 2_000  # of the given name; the rest is ignored
MAX_CHARACTERS = 176
MAX_BYTES = 240  # of UTF-8; most file systems hold 255, and a browser adds " (1)" to a name it has already
MAX_EXTENSION = 10
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_UNSAFE = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d) *(?:\.|$)", re.IGNORECASE)  # by Windows


def safe_name(name: str, default: str = "") -> str:
    """Return a file name that is safe to show and to save, or `default` when no character is left.

    The result has no folder, no hidden or reordering characters and no leading or trailing dots, is not the name of a
    device of an operating system, and has at most 176 characters and 240 bytes; a short extension is kept.
    """
    name = unicodedata.normalize("NFKC", name[:MAX_INPUT_CHARACTERS])
    name = "".join(character for character in name if unicodedata.category(character) not in _HIDDEN)
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name) or default


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
    max_bytes = MAX_BYTES - len(ending.encode())
    shortened = stem[: MAX_CHARACTERS - len(ending)].encode()[:max_bytes].decode(errors="ignore")
    return shortened.rstrip(". ") + ending
