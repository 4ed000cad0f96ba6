"""How much a parser makes of HTML before it is parsed: guessed from above, so that no trick makes it look smaller."""

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
_DASHES, _DASHES_AND_BANG = re.compile(r"-->"), re.compile(r"--!>")
_FLAT = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "embed", "source", "param",
                   "p", "li", "td", "th",
                   "tr", "dt", "dd", "option", "tbody", "thead", "tfoot"})  # fmt: skip
_FORMATTING = frozenset({"b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"})
_ONE_AT_A_TIME = frozenset({"a", "nobr"})
_OTHER_RULES = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript",
                          "plaintext", "svg",
                          "math", "select", "template", "object"})  # fmt: skip


def is_too_much(html: str) -> bool:
    """Tell whether parsing would take more than it is worth: too many tags, too deep, or formatting without an end.

    A parser opens each formatting element that was never closed again in every later block: a thousand of them over
    two thousand paragraphs are two million elements out of 30 kB. One pass, or two over what looks large.
    """
    if html.count("<") > MAX_TAGS:
        return True
    names = [_plain(name) for name in _OPENING.findall(html)]
    nesting = sum(name not in _FLAT for name in names)
    formatting = sum(name in _FORMATTING for name in names)
    if nesting <= MAX_DEPTH and formatting * len(names) <= MAX_COPIES:
        return False
    return _outgrows(html)


def _outgrows(html: str) -> bool:
    opened: Counter[str] = Counter()
    level = formatting = copies = 0
    for name, closes in _events(html):
        if closes:
            if opened[name]:
                opened[name] -= 1
                level -= 1
                formatting -= name in _FORMATTING
            continue
        copies += formatting
        if name not in _FLAT and not (name in _ONE_AT_A_TIME and opened[name]):
            opened[name] += 1
            level += 1
            formatting += name in _FORMATTING
        if level > MAX_DEPTH or copies > MAX_COPIES:
            return True
    return False


def _events(html: str) -> Iterator[tuple[str, bool]]:
    """Give what opens, wherever it stands, and what closes where every parser sees that it does."""
    at, trusted_from = 0, 0
    while (at := html.find("<", at)) >= 0:
        tag = _NAME.match(html, at)
        closes = html.startswith("</", at)
        if tag and not closes:
            yield _plain(tag[1]), False
        if at >= trusted_from and tag:
            trusted_from = _end_of_tag(html, tag.end())
            if closes and trusted_from:
                yield _plain(tag[1]), True
            elif trusted_from and _plain(tag[1]) in _OTHER_RULES:
                trusted_from = _end_of_element(html, _plain(tag[1]), trusted_from)
            trusted_from = trusted_from or len(html)
        elif at >= trusted_from and html.startswith("<!--", at):
            at = trusted_from = _end_of_comment(html, at)
            continue
        at += 1


def _end_of_comment(html: str, at: int) -> int:
    """Find where a comment ends (HTML Living Standard §13.2.5.43 to 51)."""
    ends = [end.end() for end in (_DASHES.search(html, at + 2), _DASHES_AND_BANG.search(html, at + 4)) if end]
    return min(ends, default=len(html))


def _plain(name: str) -> str:
    return name[:20].lower()


def _end_of_tag(html: str, at: int) -> int:
    """Find the end of a tag behind its attributes, quotes heeded; 0 where there is none."""
    while at < len(html):
        if html[at] == ">":
            return at + 1
        found = _ATTRIBUTE.match(html, at)
        at = max(found.end() if found else at, at + 1)
    return 0


def _end_of_element(html: str, name: str, at: int) -> int:
    """Find where an element ends whose content is read by rules of its own; nothing before that is trusted."""
    found = re.compile(rf"</{name}[\s/>]", re.IGNORECASE).search(html, at)
    return found.start() if found and name != "plaintext" else len(html)
