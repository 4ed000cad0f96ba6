"""Separate the parts of a mail into its text and its files."""

import hashlib
import mimetypes
import re

from hub.channels.email.parse.charsets import decode
from hub.channels.email.parse.header_text import clean, decode_value
from hub.channels.email.parse.headers import read_block
from hub.channels.email.parse.html_to_text import html_to_text, unwrap_flowed
from hub.channels.email.parse.mail import Attachment
from hub.channels.email.parse.mime import Budget, Part
from hub.channels.email.parse.tnef import SIGNATURE, unpack
from hub.channels.email.parse.uuencode import extract_files
from hub.channels.file_names import safe_name

MAX_TEXT = 4_000_000
MAX_STUB = 400
STUB_FACTOR = 3
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})""", re.IGNORECASE)
_ENRICHED_TAG = re.compile(r"<param>[^<>]{0,200}</param>|</?[A-Za-z0-9-]{1,60}>")
_MAIL_TYPES = frozenset({"message/rfc822", "message/global"})
_DUPLICATE_TYPES = frozenset({"text/x-amp-html", "text/watch-html"})  # a second copy of the HTML, for certain programs
_REPORT_TYPES = _MAIL_TYPES | {"message/delivery-status", "message/feedback-report", "text/rfc822-headers",
                     "message/rfc822-headers", "message/global-delivery-status", "message/global-headers"}  # fmt: skip
_EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "application/pdf": ".pdf",
               "text/plain": ".txt",
               "text/html": ".html", "text/calendar": ".ics", "application/zip": ".zip",
               "message/delivery-status": ".txt",
               "message/rfc822": ".eml", "text/rfc822-headers": ".txt",
               "message/rfc822-headers": ".txt", "application/ms-tnef": ".dat"}  # fmt: skip


class BodyCollector:
    """Collects text, HTML, files and delivery reports from the parts of a mail."""

    def __init__(self, budget: Budget) -> None:
        """Start empty; `budget` limits the parts and collects defects."""
        self.budget = budget
        self.groups: list[tuple[str | None, str | None]] = []
        self.files: list[Attachment] = []
        self.reports: list[Part] = []

    def collect(self, root: Part) -> None:
        """Collect all parts below the root."""
        self._visit(root, None)

    def text_and_html(self) -> tuple[str, str | None, bool]:
        """Return the text, the HTML (None if there is none), and whether the HTML holds all of the text."""
        texts: list[str] = []
        for plain, html in self.groups:
            text = _text_of(plain, html)
            if text.strip() and not _is_repeated(text, texts, alone=plain is None):
                texts.append(text)
        html_texts = [html for _, html in self.groups if html and html.strip()]
        html_is_complete = bool(html_texts) and all(
            html or not (plain or "").strip() for plain, html in self._merged_groups()
        )
        return "\n\n".join(texts), "\n".join(html_texts) or None, html_is_complete

    def _merged_groups(self) -> list[tuple[str | None, str | None]]:
        """Return the groups; a plain text next to an HTML text counts as the same text in two forms."""
        match self.groups:
            case [(plain, None), (None, html)]:
                return [(plain, html)]
        return self.groups

    def _visit(self, part: Part, parent: Part | None) -> None:
        if part.media_type == "multipart/alternative" and part.children:
            self._alternatives(part)
        elif part.children:
            for child in part.children:
                self._visit(child, part)
        elif part.media_type in _DUPLICATE_TYPES and parent and parent.media_type == "multipart/alternative":
            return
        elif self._is_body(part, alone=parent is None):
            content = self._read_text(part)
            self.groups.append((None, content) if part.media_type == "text/html" else (content, None))
        elif part.end > part.start or part.filename or parent is None:
            self._add_part_as_file(part, inline=parent is not None and parent.media_type == "multipart/related")

    def _alternatives(self, part: Part) -> None:
        """Collect the alternatives of one text as one group."""
        before = len(self.groups)
        for child in part.children:
            self._visit(child, part)
        found = self.groups[before:]
        plain = [text for text, _ in found if text is not None]
        html_texts = [html for _, html in found if html is not None]
        if found:
            self.groups[before:] = [
                ("\n\n".join(plain) if plain else None, "\n".join(html_texts) if html_texts else None)
            ]

    def _is_body(self, part: Part, *, alone: bool) -> bool:
        if (
            part.media_type not in {"text/plain", "text/html", "text/enriched", "text"}
            or part.disposition == "attachment"
        ):
            return False
        return alone or not (part.filename and (self.groups or part.disposition == "inline"))

    def _read_text(self, part: Part) -> str:
        data = part.content()
        if part.media_type == "text/plain":
            data, files = extract_files(data)
            for name, content in files:
                self._add_file(decode(name, part.charset), "", content)
        if len(data) > MAX_TEXT:
            self.budget.defects.append("The text is longer than 4 MB; the rest of it is in the attachment.")
            self._add_part_as_file(part, inline=False)
            data = data[:MAX_TEXT]
        text = decode(data, part.charset or _meta_charset(part, data)).replace("\r\n", "\n").replace("\r", "\n")
        if part.media_type == "text/enriched":
            return _ENRICHED_TAG.sub("", text)
        if part.type_parameters.get("format", "").lower() == "flowed" and part.media_type == "text/plain":
            return unwrap_flowed(text, delete_space=part.type_parameters.get("delsp", "").lower() == "yes")
        return text

    def _add_part_as_file(self, part: Part, *, inline: bool) -> None:
        content = part.content()
        if not content and not part.filename:
            return
        if part.media_type in _REPORT_TYPES:
            self.reports.append(part)
        if content.startswith(SIGNATURE) and self._add_tnef(content):
            return
        cid = clean(part.headers.first("content-id").decode("latin-1")).strip("<> ")
        is_inline = part.disposition == "inline" or (inline and bool(cid) and part.disposition != "attachment")
        self._add_file(_file_name(part, content), part.media_type, content, content_id=cid or None, inline=is_inline)

    def _add_tnef(self, content: bytes) -> bool:
        """Add the content of a winmail.dat; return whether it holds nothing else that is needed."""
        files, text, html = unpack(content)
        for file in files:
            self._add_file(file.filename, file.media_type, file.content, content_id=file.content_id)
        if not self._has_text() and (text.strip() or html.strip()):
            self.groups.append((text or None, html or None))
            return True
        return bool(files) and self._has_text()

    def _has_text(self) -> bool:
        return any((plain or html or "").strip() for plain, html in self.groups)

    def _add_file(
        self, name: str, media_type: str, content: bytes, *, content_id: str | None = None, inline: bool = False
    ) -> None:
        """Add a file under a name that is safe to show and to save."""
        if media_type.count("/") != 1:
            media_type = mimetypes.guess_type(safe_name(name))[0] or "application/octet-stream"
        kind = "image" if media_type.startswith("image/") else "message" if media_type in _MAIL_TYPES else "attachment"
        extension = _EXTENSIONS.get(media_type, ".bin")
        self.files.append(Attachment(
            filename=safe_name(name) or f"{kind}-{len(self.files) + 1}{extension}", media_type=media_type,
            size=len(content), sha256=hashlib.sha256(content).hexdigest(), content=content,
            content_id=content_id, inline=inline,
        ))  # fmt: skip


def _text_of(plain: str | None, html: str | None) -> str:
    """Return the plain text of a group, or its HTML as text if there is none or it only points to the HTML."""
    if not plain or not plain.strip():
        return html_to_text(html) if html else ""
    if not html or len(plain) > MAX_STUB:
        return plain
    rendered, start = html_to_text(html), "".join(plain.split())[:40]
    is_stub = len(rendered) > STUB_FACTOR * len(plain) and start not in "".join(rendered.split())
    return rendered if is_stub else plain


def _is_repeated(text: str, texts: list[str], *, alone: bool) -> bool:
    """Return whether an HTML part repeats a plain text next to it."""
    start = "".join(text.split())[:60]
    return alone and any(start in "".join(earlier[:20_000].split()) for earlier in texts)


def _meta_charset(part: Part, data: bytes) -> str | None:
    if part.media_type != "text/html":
        return None
    found = _META_CHARSET.search(data, 0, 2_000)
    return found[1].decode("ascii") if found else None


def _file_name(part: Part, content: bytes) -> str:
    """Return the name by the sender, or the subject of a nested mail; empty if there is neither."""
    if part.media_type not in _MAIL_TYPES or safe_name(part.filename):
        return part.filename
    headers, _ = read_block(content, 0, len(content), [], outermost=True)
    subject = safe_name(decode_value(headers.first("subject")).replace("/", "-").replace("\\", "-"))
    return f"{subject}.eml" if subject else ""
