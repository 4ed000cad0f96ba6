"""The small Markdown subset agents write in, as HTML for mail and as plain text; pure.

Paragraphs, line breaks, **bold**, *italic* or _italic_, `code`, fenced code, [links](https://…), bare
addresses, lists and quotes. Whatever is not of the subset is text, and all text is escaped.
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
BULLET = re.compile(r"^\s{0,3}[-*•]\s+(?P<said>.*)$")
NUMBER = re.compile(r"^\s{0,3}\d{1,9}[.)]\s+(?P<said>.*)$")
QUOTE = re.compile(r"^\s{0,3}>\s?(?P<said>.*)$")
FENCE = re.compile(r"^\s{0,3}```[\w+-]{0,20}\s*$")
TRAILING = ".,;:!?)]}'*_"
DEEPEST = 8


def to_html(text: str) -> str:
    """Write it as HTML made of a dozen harmless tags."""
    return "\n".join(_blocks(text, 0))


def to_plain(text: str) -> str:
    """Write it without its marks; lists and quotes keep theirs, links show where they lead."""
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
    for kind, group in groupby(kinds, key=lambda one: one[0]):
        yield kind, [line for _, line in group]


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    for kind, pattern in (("ul", BULLET), ("ol", NUMBER), ("blockquote", QUOTE)):
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
            said = "".join(f"<li>{_html(_said(line))}</li>" for line in lines)
            yield f"<{kind}>{said}</{kind}>"
        case "blockquote" if depth < DEEPEST:
            yield f"<blockquote>{''.join(_blocks(chr(10).join(map(_said, lines)), depth + 1))}</blockquote>"
        case _:
            yield f"<p>{'<br>'.join(map(_html, lines))}</p>"


def _said(line: str) -> str:
    found = BULLET.match(line) or NUMBER.match(line) or QUOTE.match(line)
    return found["said"] if found else line


def _html(line: str) -> str:
    return _inline(line, escape, _html_mark)


def _inline(line: str, plain: Callable[[str], str], marked: Callable[[re.Match[str]], str]) -> str:
    made: list[str] = []
    done = 0
    for found in INLINE.finditer(line):
        made += (plain(line[done : found.start()]), marked(found))
        done = found.end()
    return "".join((*made, plain(line[done:])))


def _html_mark(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "code":
            return f"<code>{escape(found['code'])}</code>"
        case "link":
            return _anchor(found["link"], found["label"])
        case "bold":
            return f"<strong>{_html(found['bold'])}</strong>"
        case "bare":
            address = found["bare"].rstrip(TRAILING)
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
