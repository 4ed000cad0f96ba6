"""Fit an agent's text and files to what a channel can carry: rendered, split into parts, or refused. Pure."""

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

SEPARATORS = ("\n\n", "\n", ". ", "! ", "? ", "; ", ", ", " ")
ZERO_WIDTH_JOINER = "\u200d"
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAG_LETTERS = range(0x1F1E6, 0x1F200)
TAG_CHARACTERS = range(0xE0020, 0xE0080)
COMBINING_HANGUL = range(0x1160, 0x1200)


class Content(Struct, frozen=True, kw_only=True):
    """The text of an agent, in our Markdown subset, and the files."""

    text: str
    subject: str | None = None
    files: tuple[OutboundFile, ...] = ()


class Part(Struct, frozen=True, kw_only=True):
    """One message of a size and format that the channel can carry."""

    text: str
    html: str | None = None
    subject: str | None = None
    files: tuple[OutboundFile, ...] = ()


class FileSummary(Struct, frozen=True, kw_only=True):
    """The name, media type and size in bytes of a file: all that an attachment rule needs."""

    filename: str
    media_type: str
    size: int


def fit(content: Content, capabilities: Capabilities) -> tuple[Part, ...]:
    """Render content as one or more messages that the channel can carry; the files go with the last one.

    Raises BadInput if a file exceeds the limits of the channel, or if there is neither text nor file.
    """
    files = [
        FileSummary(filename=file.filename, media_type=file.media_type, size=len(file.content))
        for file in content.files
    ]
    check_files(files, capabilities.attachments)
    text = content.text.strip() if capabilities.formatting == "markdown" else to_plain(content.text)
    texts = split(text, capabilities.max_chars) or ([""] if content.files else [])
    if not texts:
        raise NothingToSend
    html = to_html(content.text) if capabilities.formatting == "html" else None
    subject = content.subject if capabilities.subject else None
    *first, last = texts
    return (
        *(Part(text=part_text, subject=subject) for part_text in first),
        Part(text=last, html=None if first else html, subject=subject, files=content.files),
    )


def check_files(files: Sequence[FileSummary], rule: AttachmentRule) -> None:
    """Check files against the limits of a channel; raises BadInput naming the file and the limit."""
    if len(files) > rule.max_count:
        raise _too_many(files, rule.max_count)
    for file in files:
        if not _is_allowed(file.media_type, rule):
            accepted = ", ".join(rule.media_types)
            raise FileTypeNotSupported(file=file.filename, media_type=file.media_type, accepted=accepted)
        if file.size > rule.max_bytes:
            raise FileTooLargeForChannel(file=file.filename, size_bytes=file.size, limit_bytes=rule.max_bytes)
    total = sum(file.size for file in files)
    if total > rule.max_total_bytes:
        largest = max(files, key=lambda file: file.size)
        raise FilesTooLargeTogether(size_bytes=total, limit_bytes=rule.max_total_bytes, file=largest.filename)


def _too_many(files: Sequence[FileSummary], max_count: int) -> BadInput:
    surplus = files[max_count].filename
    return (
        TooManyFiles(most=max_count, count=len(files), file=surplus) if max_count else FilesNotSupported(file=surplus)
    )


def split(text: str, limit: int | None) -> list[str]:
    """Split a text at paragraphs, lines, sentences or words into pieces of at most `limit` characters.

    None means no limit. Only white space at the cuts is dropped. A visible character made of several code points is
    kept whole, unless it alone is longer than the limit.
    """
    pieces: list[str] = []
    rest = text.strip()
    while limit is not None and len(rest) > limit:
        cut = _cut(rest, limit)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _cut(text: str, limit: int) -> int:
    """Return the best position to cut, at most `limit`; separators in the first half are not considered."""
    for separator in SEPARATORS:
        index = text.rfind(separator, 0, limit + 1)
        if index >= limit // 2 and index > 0:
            return min(index + len(separator.rstrip()) or index, limit)
    return next((index for index in range(limit, 0, -1) if can_split_at(text, index)), limit)


def can_split_at(text: str, at: int) -> bool:
    """Return whether a text may be cut before index `at`: the main rules for grapheme clusters (UAX #29)."""
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if (
        unicodedata.category(after) in {"Mn", "Me", "Mc"}
        or _joins_previous(ord(after))
        or ZERO_WIDTH_JOINER in {before, after}
    ):
        return False
    return not (ord(before) in FLAG_LETTERS and ord(after) in FLAG_LETTERS and _flags_before(text, at) % 2)


def _joins_previous(code: int) -> bool:
    return code in SKIN_TONES or code in TAG_CHARACTERS or code in COMBINING_HANGUL


def _flags_before(text: str, at: int) -> int:
    count = 0
    while at - count > 0 and ord(text[at - count - 1]) in FLAG_LETTERS:
        count += 1
    return count


def _is_allowed(media_type: str, rule: AttachmentRule) -> bool:
    return not rule.media_types or any(_matches(media_type, pattern) for pattern in rule.media_types)


def _matches(media_type: str, pattern: str) -> bool:
    if pattern.endswith("/*"):
        return media_type.startswith(pattern[:-1])
    return media_type == pattern
