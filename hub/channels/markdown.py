"""The Markdown subset of messages, as HTML for mail and as plain text; pure.

`web/text/markdown.ts` implements the same dialect for the browser; `docs/channels.md` describes it, and both run
`tests/samples/markdown.json`. Text without a valid mark stays text. Every step is linear in the input.
"""

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from typing import NamedTuple

from hub.channels.markdown_marks import Token, inline

BULLET = re.compile(r"^\s{0,3}[-*•]\s+(?P<rest>.*)$")
NUMBER = re.compile(r"^\s{0,3}(?P<number>[0-9]{1,9})[.)]\s+(?P<rest>.*)$")
QUOTE = re.compile(r"^\s{0,3}>\s?(?P<rest>.*)$")
FENCE = re.compile(r"^\s{0,3}```[A-Za-z0-9_+#.-]{0,20}\s*$")
MAX_QUOTE_DEPTH = 8  # levels of nested quotes; deeper marks are text


class Line(NamedTuple):
    """A line of a message: its kind, the text behind its mark, and the mark with its white space."""

    kind: str  # "blank", "fence", "code", "ul", "ol", "blockquote" or "p"
    text: str
    mark: str = ""


def to_html(text: str) -> str:
    """Return a message as HTML of a dozen harmless tags, one block after the other."""
    return "\n".join(_blocks(text, 0))


def to_plain(text: str) -> str:
    """Return a message without its inline marks; lists and quotes keep theirs, links show their address."""
    lines = (line for line in _lines(text) if line.kind != "fence")
    return "\n".join(line.text if line.kind == "code" else line.mark + _plain_line(line.text) for line in lines).strip()


def _blocks(text: str, depth: int) -> Iterator[str]:
    for kind, group in groupby(_lines(text), key=lambda line: line.kind):
        yield from _block(kind, list(group), depth)


def _lines(text: str) -> Iterator[Line]:
    """Split a message into lines; a code block that is not closed runs to the end."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    fenced = False
    for number, line in enumerate(lines):
        if FENCE.match(line) and (fenced or number + 1 < len(lines)):
            fenced = not fenced
            yield Line("fence", line)
        else:
            yield Line("code", line) if fenced else _line(line)


def _line(line: str) -> Line:
    if not line.strip():
        return Line("blank", line)
    for kind, pattern in (("ul", BULLET), ("ol", NUMBER), ("blockquote", QUOTE)):
        if match := pattern.match(line):
            return Line(kind, match["rest"], line[: match.start("rest")])
    return Line("p", line)


def _block(kind: str, lines: list[Line], depth: int) -> Iterator[str]:
    match kind:
        case "blank" | "fence":
            return
        case "code":
            yield f"<pre><code>{escape(chr(10).join(line.text for line in lines))}</code></pre>"
        case "ul" | "ol":
            items = "".join(f"<li>{_html(line.text)}</li>" for line in lines)
            yield f"<{kind}{_start(lines[0])}>{items}</{kind}>"
        case "blockquote" if depth < MAX_QUOTE_DEPTH:
            yield f"<blockquote>{''.join(_blocks(chr(10).join(line.text for line in lines), depth + 1))}</blockquote>"
        case _:
            yield f"<p>{'<br>'.join(_html(line.mark + line.text) for line in lines)}</p>"


def _start(first: Line) -> str:
    """Return the attribute with which a list that does not begin at 1 keeps its numbers."""
    match = NUMBER.match(first.mark)
    return f' start="{int(match["number"])}"' if match and int(match["number"]) != 1 else ""


def _html(text: str) -> str:
    return "".join(map(_html_of, inline(text)))


def _html_of(token: Token) -> str:
    match token.kind:
        case "text":
            return escape(token.text)
        case "code":
            return f"<code>{escape(token.text)}</code>"
        case "open" if token.text == "a":
            return f'<a href="{escape(token.href)}" rel="noopener noreferrer">'
        case "open":
            return f"<{token.text}>"
        case _:
            return f"</{token.text}>"


def _plain_line(text: str) -> str:
    """Return text without its marks, each link's label followed by its address where that differs."""
    parts: list[str] = []
    label_start = 0
    for token in inline(text):
        match token:
            case Token("text" | "code", written):
                parts.append(written)
            case Token("open", "a"):
                label_start = len(parts)
            case Token("close", "a", href):
                parts.append(_link_address("".join(parts[label_start:]), href))
    return "".join(parts)


def _link_address(label: str, href: str) -> str:
    address = href.removeprefix("mailto:").removeprefix("tel:")
    return "" if address == label else f" ({address})"
