"""What a channel can carry of what an agent wrote: fitted, split, stripped or refused; pure."""

import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from hub.channels.contract import AttachmentRule, Capabilities, OutboundFile
from hub.channels.errors import (
    FilesNotSupported,
    FilesTooLargeTogether,
    FileTooLargeForChannel,
    FileTypeNotSupported,
    NothingToSend,
    TooManyFiles,
)
from hub.channels.markdown import to_html, to_plain
from hub.errors import BadInput

BORDERS = ("\n\n", "\n", ". ", "! ", "? ", "; ", ", ", " ")
JOINER = "\u200d"
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)
TAGS = range(0xE0020, 0xE0080)
JAMO = range(0x1160, 0x1200)


class Content(Struct, frozen=True, kw_only=True):
    """What an agent wrote, in the small Markdown subset, with the files."""

    text: str
    subject: str | None = None
    files: tuple[OutboundFile, ...] = ()


class Part(Struct, frozen=True, kw_only=True):
    """One message as the channel can carry it."""

    text: str
    html: str | None = None
    subject: str | None = None
    files: tuple[OutboundFile, ...] = ()


class Weighed(Struct, frozen=True, kw_only=True):
    """A file by its name, kind and bytes: all that a rule looks at."""

    filename: str
    media_type: str
    size: int


def fit(content: Content, capabilities: Capabilities) -> tuple[Part, ...]:
    """Make of it what the channel can carry, in one or more parts; the files go with the last.

    Raises BadInput where a file is too much for the channel, or nothing is left to send.
    """
    files = [Weighed(filename=f.filename, media_type=f.media_type, size=len(f.content)) for f in content.files]
    refuse_files(files, capabilities.attachments)
    text = content.text.strip() if capabilities.formatting == "markdown" else to_plain(content.text)
    pieces = split(text, capabilities.max_chars) or ([""] if content.files else [])
    if not pieces:
        raise NothingToSend
    html = to_html(content.text) if capabilities.formatting == "html" else None
    subject = content.subject if capabilities.subject else None
    *first, last = pieces
    return (
        *(Part(text=piece, subject=subject) for piece in first),
        Part(text=last, html=None if first else html, subject=subject, files=content.files),
    )


def refuse_files(files: Sequence[Weighed], rule: AttachmentRule) -> None:
    """Refuse files a channel cannot carry; raises BadInput naming the file and the limit."""
    if len(files) > rule.max_count:
        raise _too_many(files, rule.max_count)
    for file in files:
        if not _carried(file.media_type, rule):
            accepted = ", ".join(rule.media_types)
            raise FileTypeNotSupported(file=file.filename, media_type=file.media_type, accepted=accepted)
        if file.size > rule.max_bytes:
            raise FileTooLargeForChannel(file=file.filename, size_bytes=file.size, limit_bytes=rule.max_bytes)
    total = sum(file.size for file in files)
    if total > rule.max_total_bytes:
        largest = max(files, key=lambda file: file.size)
        raise FilesTooLargeTogether(size_bytes=total, limit_bytes=rule.max_total_bytes, file=largest.filename)


def _too_many(files: Sequence[Weighed], most: int) -> BadInput:
    extra = files[most].filename
    return TooManyFiles(most=most, count=len(files), file=extra) if most else FilesNotSupported(file=extra)


def split(text: str, limit: int | None) -> list[str]:
    """Cut a text at paragraphs, lines, sentences or words into pieces of at most `limit` characters.

    Only white space at the cuts is dropped; characters people see as one are not torn apart, unless
    one alone is longer than the limit.
    """
    pieces: list[str] = []
    rest = text.strip()
    while limit is not None and len(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _cut(text: str, limit: int) -> int:
    """Find the best place to cut, at or before the limit: never in the first half for want of a nicer one."""
    for border in BORDERS:
        at = text.rfind(border, 0, limit + 1)
        if at >= limit // 2 and at > 0:
            return min(at + len(border.rstrip()) or at, limit)
    return next((at for at in range(limit, 0, -1) if may_part(text, at)), limit)


def may_part(text: str, at: int) -> bool:
    """Tell whether two characters may be parted: the main rules of Unicode's UAX #29."""
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if unicodedata.category(after) in {"Mn", "Me", "Mc"} or _clings(ord(after)) or JOINER in {before, after}:
        return False
    return not (ord(before) in FLAGS and ord(after) in FLAGS and _flags_before(text, at) % 2)


def _clings(code: int) -> bool:
    return code in SKIN_TONES or code in TAGS or code in JAMO


def _flags_before(text: str, at: int) -> int:
    count = 0
    while at - count > 0 and ord(text[at - count - 1]) in FLAGS:
        count += 1
    return count


def _carried(media_type: str, rule: AttachmentRule) -> bool:
    return not rule.media_types or any(_matches(media_type, pattern) for pattern in rule.media_types)


def _matches(media_type: str, pattern: str) -> bool:
    if pattern.endswith("/*"):
        return media_type.startswith(pattern[:-1])
    return media_type == pattern
