"""Which parts are the words of a mail, and which are files."""

import hashlib
import mimetypes
import re

from hub.channels.email.parse.charsets import decode
from hub.channels.email.parse.header_text import clean, unfold
from hub.channels.email.parse.headers import read_block
from hub.channels.email.parse.html_to_text import render, unflow
from hub.channels.email.parse.mail import Attachment
from hub.channels.email.parse.mime import Budget, Part
from hub.channels.email.parse.tnef import SIGNATURE, unpack
from hub.channels.email.parse.uuencode import take_out
from hub.channels.file_names import safe_name

MAX_TEXT = 4_000_000
MAX_STUB = 400
STUB_FACTOR = 3
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}["']?([\w.:-]{1,40})""", re.IGNORECASE)
_ENRICHED = re.compile(r"<param>[^<>]{0,200}</param>|</?[A-Za-z0-9-]{1,60}>")
_MAILS = frozenset({"message/rfc822", "message/global"})
_DUPLICATES = frozenset({"text/x-amp-html", "text/watch-html"})  # the HTML once more, for certain programs
_REPORTS = _MAILS | {"message/delivery-status", "message/feedback-report", "text/rfc822-headers",
                     "message/rfc822-headers", "message/global-delivery-status", "message/global-headers"}  # fmt: skip
_EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "application/pdf": ".pdf",
               "text/plain": ".txt",
               "text/html": ".html", "text/calendar": ".ics", "application/zip": ".zip",
               "message/delivery-status": ".txt",
               "message/rfc822": ".eml", "text/rfc822-headers": ".txt",
               "message/rfc822-headers": ".txt", "application/ms-tnef": ".dat"}  # fmt: skip


class Bodies:
    """What has been gathered on the walk over the parts."""

    def __init__(self, budget: Budget) -> None:
        """Begin with nothing."""
        self.budget = budget
        self.groups: list[tuple[str | None, str | None]] = []
        self.files: list[Attachment] = []
        self.reports: list[Part] = []

    def gather(self, root: Part) -> None:
        """Sort every part into words and files."""
        self._visit(root, None)

    def words(self) -> tuple[str, str | None, bool]:
        """Give text, HTML, and whether the HTML is the whole of it."""
        texts: list[str] = []
        for plain, html in self.groups:
            said = _said(plain, html)
            if said.strip() and not _is_said(said, texts, alone=plain is None):
                texts.append(said)
        pages = [html for _, html in self.groups if html and html.strip()]
        whole = bool(pages) and all(html or not (plain or "").strip() for plain, html in self._merged())
        return "\n\n".join(texts), "\n".join(pages) or None, whole

    def _merged(self) -> list[tuple[str | None, str | None]]:
        """Take a plain and an HTML sibling for two forms of one thing."""
        match self.groups:
            case [(plain, None), (None, html)]:
                return [(plain, html)]
        return self.groups

    def _visit(self, part: Part, above: Part | None) -> None:
        if part.media_type == "multipart/alternative" and part.children:
            self._alternatives(part)
        elif part.children:
            for child in part.children:
                self._visit(child, part)
        elif part.media_type in _DUPLICATES and above is not None and above.media_type == "multipart/alternative":
            return
        elif self._is_words(part, alone=above is None):
            content = self._read(part)
            self.groups.append((None, content) if part.media_type == "text/html" else (content, None))
        elif part.end > part.start or part.filename or above is None:
            self._file(part, inline=above is not None and above.media_type == "multipart/related")

    def _alternatives(self, part: Part) -> None:
        """Take the plain and the rich form of one thing as one."""
        before = len(self.groups)
        for child in part.children:
            self._visit(child, part)
        found = self.groups[before:]
        plain = [text for text, _ in found if text is not None]
        rich = [html for _, html in found if html is not None]
        if found:
            self.groups[before:] = [("\n\n".join(plain) if plain else None, "\n".join(rich) if rich else None)]

    def _is_words(self, part: Part, *, alone: bool) -> bool:
        if (
            part.media_type not in {"text/plain", "text/html", "text/enriched", "text"}
            or part.disposition == "attachment"
        ):
            return False
        return alone or not (part.filename and (self.groups or part.disposition == "inline"))

    def _read(self, part: Part) -> str:
        data = part.content()
        if part.media_type == "text/plain":
            data, files = take_out(data)
            for name, content in files:
                self._keep(decode(name, part.charset), "", content)
        if len(data) > MAX_TEXT:
            self.budget.defects.append("The text is longer than 4 MB; the rest of it is in the attachment.")
            self._file(part, inline=False)
            data = data[:MAX_TEXT]
        text = decode(data, part.charset or _meta_charset(part, data)).replace("\r\n", "\n").replace("\r", "\n")
        if part.media_type == "text/enriched":
            return _ENRICHED.sub("", text)
        if part.options.get("format", "").lower() == "flowed" and part.media_type == "text/plain":
            return unflow(text, delete_space=part.options.get("delsp", "").lower() == "yes")
        return text

    def _file(self, part: Part, *, inline: bool) -> None:
        content = part.content()
        if not content and not part.filename:
            return
        if part.media_type in _REPORTS:
            self.reports.append(part)
        if content.startswith(SIGNATURE) and self._open(content):
            return
        cid = clean(part.headers.first("content-id").decode("latin-1")).strip("<> ")
        shown = part.disposition == "inline" or (inline and bool(cid) and part.disposition != "attachment")
        self._keep(_name(part, content), part.media_type, content, content_id=cid or None, inline=shown)

    def _open(self, content: bytes) -> bool:
        """Take the files out of a winmail.dat; tell whether nothing is left in it that anybody needs."""
        files, words, page = unpack(content)
        for file in files:
            self._keep(file.filename, file.media_type, file.content, content_id=file.content_id)
        if not self._has_words() and (words.strip() or page.strip()):
            self.groups.append((words or None, page or None))
            return True
        return bool(files) and self._has_words()

    def _has_words(self) -> bool:
        return any((plain or html or "").strip() for plain, html in self.groups)

    def _keep(
        self, name: str, media_type: str, content: bytes, *, content_id: str | None = None, inline: bool = False
    ) -> None:
        """Keep a file, under a name that is safe to show and to save."""
        if media_type.count("/") != 1:
            media_type = mimetypes.guess_type(safe_name(name))[0] or "application/octet-stream"
        kind = "image" if media_type.startswith("image/") else "message" if media_type in _MAILS else "attachment"
        ending = _EXTENSIONS.get(media_type, ".bin")
        self.files.append(Attachment(
            filename=safe_name(name) or f"{kind}-{len(self.files) + 1}{ending}", media_type=media_type,
            size=len(content), sha256=hashlib.sha256(content).hexdigest(), content=content,
            content_id=content_id, inline=inline,
        ))  # fmt: skip


def _said(plain: str | None, html: str | None) -> str:
    """Give the words of two forms of one thing: the plain ones, unless they only say to look at the others."""
    if not plain or not plain.strip():
        return render(html) if html else ""
    if not html or len(plain) > MAX_STUB:
        return plain
    rendered, start = render(html), "".join(plain.split())[:40]
    is_stub = len(rendered) > STUB_FACTOR * len(plain) and start not in "".join(rendered.split())
    return rendered if is_stub else plain


def _is_said(said: str, texts: list[str], *, alone: bool) -> bool:
    """Tell whether an HTML part only repeats the plain one beside it."""
    start = "".join(said.split())[:60]
    return alone and any(start in "".join(text[:20_000].split()) for text in texts)


def _meta_charset(part: Part, data: bytes) -> str | None:
    if part.media_type != "text/html":
        return None
    found = _META.search(data, 0, 2_000)
    return found[1].decode("ascii") if found else None


def _name(part: Part, content: bytes) -> str:
    """Give the name by the sender, or a nested mail's subject; nothing where there is neither."""
    if part.media_type not in _MAILS or safe_name(part.filename):
        return part.filename
    headers, _ = read_block(content, 0, len(content), [], top=True)
    subject = safe_name(unfold(headers.first("subject")).replace("/", "-").replace("\\", "-"))
    return f"{subject}.eml" if subject else ""
