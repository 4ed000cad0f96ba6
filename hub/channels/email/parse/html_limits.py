"""Estimate, from above, how many elements a parser would create from HTML, so that no trick makes it look smaller."""

import re
from collections import Counter
from collections.abc import Iterator

MAX_TAGS = 50_000
MAX_DEPTH = 200
MAX_COPIES = 300_000

_OPENING = re.compile(r"<([a-zA-Z][^\s/>]*+)")
_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*+)")
_ATTRIBUTE = re.compile(
    r"[\s/]*+(?:=?[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>\"'][^\s>]*+)?)?)?"
)
_COMMENT_END, _COMMENT_END_BANG = re.compile(r"-->"), re.compile(r"--!>")
_NOT_NESTING = frozenset({
    "br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "embed", "source", "param", "p", "li",
    "td", "th", "tr", "dt", "dd", "option", "tbody", "thead", "tfoot",
})  # fmt: skip
_FORMATTING = frozenset({"b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"})
_NEVER_NESTED = frozenset({"a", "nobr"})
_RAW_CONTENT = frozenset({
    "script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext", "svg",
    "math", "select", "template", "object",
})  # fmt: skip


def exceeds_limits(html: str) -> bool:
    """Return whether parsing costs too much: too many tags, too deep, or unclosed formatting.

    A parser opens each formatting element that was never closed again in every later block: a thousand of them over
    two thousand paragraphs become two million elements from 30 kB. Takes one pass, or two for HTML that looks large.
    """
    if html.count("<") > MAX_TAGS:
        return True
    names = [_tag_name(name) for name in _OPENING.findall(html)]
    nesting = sum(name not in _NOT_NESTING for name in names)
    formatting = sum(name in _FORMATTING for name in names)
    if nesting <= MAX_DEPTH and formatting * len(names) <= MAX_COPIES:
        return False
    return _exceeds_when_parsed(html)


def _exceeds_when_parsed(html: str) -> bool:
    open_tags: Counter[str] = Counter()
    depth = formatting = copies = 0
    for name, closes in _tag_events(html):
        if closes:
            if open_tags[name]:
                open_tags[name] -= 1
                depth -= 1
                formatting -= name in _FORMATTING
            continue
        copies += formatting
        if name not in _NOT_NESTING and not (name in _NEVER_NESTED and open_tags[name]):
            open_tags[name] += 1
            depth += 1
            formatting += name in _FORMATTING
        if depth > MAX_DEPTH or copies > MAX_COPIES:
            return True
    return False


def _tag_events(html: str) -> Iterator[tuple[str, bool]]:
    """Yield each opening tag, wherever it stands, and each closing tag that every parser sees as one."""
    at, closed_until = 0, 0
    while (at := html.find("<", at)) >= 0:
        tag = _NAME.match(html, at)
        closes = html.startswith("</", at)
        if tag and not closes:
            yield _tag_name(tag[1]), False
        if at >= closed_until and tag:
            closed_until = _end_of_tag(html, tag.end())
            if closes and closed_until:
                yield _tag_name(tag[1]), True
            elif closed_until and _tag_name(tag[1]) in _RAW_CONTENT:
                closed_until = _end_of_element(html, _tag_name(tag[1]), closed_until)
            closed_until = closed_until or len(html)
        elif at >= closed_until and html.startswith("<!--", at):
            at = closed_until = _end_of_comment(html, at)
            continue
        at += 1


def _end_of_comment(html: str, at: int) -> int:
    """Return where a comment ends (HTML Living Standard §13.2.5.43 to 51)."""
    ends = [end.end() for end in (_COMMENT_END.search(html, at + 2), _COMMENT_END_BANG.search(html, at + 4)) if end]
    return min(ends, default=len(html))


def _tag_name(name: str) -> str:
    return name[:20].lower()


def _end_of_tag(html: str, at: int) -> int:
    """Return where a tag ends, skipping quoted attributes; 0 if it does not end."""
    while at < len(html):
        if html[at] == ">":
            return at + 1
        match = _ATTRIBUTE.match(html, at)
        at = max(match.end() if match else at, at + 1)
    return 0


def _end_of_element(html: str, name: str, at: int) -> int:
    """Return where an element with raw content ends; closing tags within it do not count."""
    match = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(html, at)
    return match.start() if match and name != "plaintext" else len(html)
