"""Renders the Markdown subset that agents write as HTML for mail, and as plain text. Pure.

The subset: paragraphs, line breaks, **bold**, *italic* or _italic_, `code`, fenced code, [links](https://…), bare
addresses, lists and quotes. Everything else is plain text, and all text is escaped.
"""

import re
from collections.abc import Callable, Iterator
from html import escape
from itertools import groupby

URL = r"(?:https?://|mailto:)(?:[^\s()<>\"]|\([^\s()<>\"]{0,200}\)){1,2000}"
INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,2000})`"
    rf"|\[(?P<label>[^\[\]\n]{{1,500}})\]\((?P<link>{URL})\)"
    r"|\*\*(?=\S)(?P<bold>[^\n]{1,2000}?)(?<=\S)\*\*"
    r"|(?<![\w*])\*(?=[^\s*])(?P<star>[^*\n]{1,2000}?)(?<=\S)\*(?![\w*])"
    r"|(?<![\w_])_(?=[^\s_])(?P<line>[^_\n]{1,2000}?)(?<=\S)_(?![\w_])"
    r"|(?P<bare>https?://[^\s<>\"`]{1,2000})",
)
BULLET_ITEM = re.compile(r"^\s{0,3}[-*•]\s+(?P<content>.*)$")
NUMBERED_ITEM = re.compile(r"^\s{0,3}\d{1,9}[.)]\s+(?P<content>.*)$")
QUOTE = re.compile(r"^\s{0,3}>\s?(?P<content>.*)$")
FENCE = re.compile(r"^\s{0,3}```[\w+-]{0,20}\s*$")
TRAILING_PUNCTUATION = ".,;:!?)]}'*_"
MAX_QUOTE_DEPTH = 8


def to_html(text: str) -> str:
    """Render a text as HTML that uses a dozen harmless tags."""
    return "\n".join(_blocks(text, 0))


def to_plain(text: str) -> str:
    """Remove the marks from a text; lists and quotes keep theirs, links show their address."""
    plain: list[str] = []
    fenced = False
    for line in _lines(text):
        if FENCE.match(line):
            fenced = not fenced
        else:
            plain.append(line if fenced else _inline(line, str, _plain_mark))
    return "\n".join(plain).strip()


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")


def _blocks(text: str, depth: int) -> Iterator[str]:
    for kind, lines in _grouped(_lines(text)):
        yield from _block(kind, lines, depth)


def _grouped(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    kinds: list[tuple[str, str]] = []
    fenced = False
    for line in lines:
        if FENCE.match(line):
            fenced = not fenced
            kinds.append(("fence", line))
        else:
            kinds.append(("code", line) if fenced else (_kind(line), line))
    for kind, group in groupby(kinds, key=lambda pair: pair[0]):
        yield kind, [line for _, line in group]


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    for kind, pattern in (("ul", BULLET_ITEM), ("ol", NUMBERED_ITEM), ("blockquote", QUOTE)):
        if pattern.match(line):
            return kind
    return "p"


def _block(kind: str, lines: list[str], depth: int) -> Iterator[str]:
    match kind:
        case "blank" | "fence":
            return
        case "code":
            yield f"<pre><code>{escape(chr(10).join(lines))}</code></pre>"
        case "ul" | "ol":
            items = "".join(f"<li>{_html(_content(line))}</li>" for line in lines)
            yield f"<{kind}>{items}</{kind}>"
        case "blockquote" if depth < MAX_QUOTE_DEPTH:
            yield f"<blockquote>{''.join(_blocks(chr(10).join(map(_content, lines)), depth + 1))}</blockquote>"
        case _:
            yield f"<p>{'<br>'.join(map(_html, lines))}</p>"


def _content(line: str) -> str:
    found = BULLET_ITEM.match(line) or NUMBERED_ITEM.match(line) or QUOTE.match(line)
    return found["content"] if found else line


def _html(line: str) -> str:
    return _inline(line, escape, _html_mark)


def _inline(line: str, plain: Callable[[str], str], render_match: Callable[[re.Match[str]], str]) -> str:
    parts: list[str] = []
    end = 0
    for found in INLINE.finditer(line):
        parts += (plain(line[end : found.start()]), render_match(found))
        end = found.end()
    return "".join((*parts, plain(line[end:])))


def _html_mark(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "code":
            return f"<code>{escape(found['code'])}</code>"
        case "link":
            return _anchor(found["link"], found["label"])
        case "bold":
            return f"<strong>{_html(found['bold'])}</strong>"
        case "bare":
            address = found["bare"].rstrip(TRAILING_PUNCTUATION)
            return _anchor(address, address) + escape(found["bare"][len(address) :])
        case _:
            return f"<em>{_html(found['star'] or found['line'])}</em>"


def _anchor(address: str, label: str) -> str:
    return f'<a href="{escape(address)}" rel="noopener noreferrer">{escape(label)}</a>'


def _plain_mark(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "code":
            return found["code"]
        case "link":
            return found["label"] if found["label"] == found["link"] else f"{found['label']} ({found['link']})"
        case "bare":
            return found["bare"]
        case _:
            return _inline(found["bold"] or found["star"] or found["line"], str, _plain_mark)
