"""The marks inside a line of a message: emphasis, code and links, as a flat list of tokens; pure.

Emphasis is matched with a stack of open marks, at most eight deep, so that no input takes longer than linear time.
"""

import re
from typing import NamedTuple

ATOM = re.compile(
    r"\\(?P<escaped>[*`\[\]>-])"
    r"|(?P<kept>\\_)"  # a backslash before an underscore stays: paths of Windows, and ¯\_(ツ)_/¯
    r"|`(?P<code>[^`\n]{1,2000})`"
    r"|\[(?P<label>[^\[\]\n]{1,500})\]"
    r"\((?P<href>(?:[Hh]ttps?://|mailto:|tel:)(?:[^\s()<>\"]|\([^\s()<>\"]{0,200}\)){1,2000})\)"
    r"|(?<![^\W_])(?P<bare>[Hh]ttps?://[^\s<>\"`\u3001-\u301f\uff01-\uff1f]{1,2000})"
    r"|(?<![A-Za-z0-9.%+@-])"
    r"(?P<mail>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63})(?![A-Za-z0-9@])"
    r"|(?P<mark>\*+|_+)"
)
TAGS = {"*": "em", "_": "em", "**": "strong"}
TRAILING = frozenset(".,;:!?)]}'*_»”’")  # punctuation behind an address, not of it
DEEPEST = 8


class Token(NamedTuple):
    """A piece of a line: `text` and `code` with their text, `open` and `close` with the name of a tag."""

    kind: str
    text: str
    href: str = ""  # of the tag "a"


class _Line:
    """The tokens of a line so far, and which of them are marks that may still be closed."""

    def __init__(self, text: str, *, links: bool) -> None:
        self.text = text
        self.links = links
        self.tokens: list[Token] = []
        self.open: list[tuple[str, int]] = []

    def read(self) -> list[Token]:
        at = 0
        while found := ATOM.search(self.text, at):
            self.put(self.text[at : found.start()])
            at = self.take(found)
        self.put(self.text[at:])
        return self.tokens

    def put(self, text: str) -> None:
        if text:
            self.tokens.append(Token("text", text))

    def take(self, found: re.Match[str]) -> int:
        """Add the tokens of an atom; return where the line goes on."""
        match found.lastgroup:
            case "mark":
                self.mark(found)
            case "code":
                self.tokens.append(Token("code", found["code"]))
            case "escaped":
                self.put(found["escaped"])
            case "bare" if self.links:
                return self.bare(found)
            case "href" if self.links and found["label"].strip():
                self.link(found["href"], inline(found["label"], links=False))
            case "mail" if self.links:
                self.link(f"mailto:{found['mail']}", [Token("text", found["mail"])])
            case _:
                self.put(found[0])
        return found.end()

    def link(self, href: str, label: list[Token]) -> None:
        self.tokens += (Token("open", "a", href), *label, Token("close", "a", href))

    def bare(self, found: re.Match[str]) -> int:
        address = _without_punctuation(found["bare"])
        if address.endswith("//"):
            self.put(found[0])
            return found.end()
        self.link(address, [Token("text", address)])
        return found.start() + len(address)

    def mark(self, found: re.Match[str]) -> None:
        start, end = found.span()
        run, before, after = found[0], self.text[max(0, start - 1) : start], self.text[end : end + 1]
        if len(run) > (3 if run[0] == "*" else 1):
            self.put(run)
            return
        whole = run != "**"  # only ** works inside a word, which languages without spaces need
        opens = bool(after.strip()) and not (whole and _is_word(before))
        closes = bool(before.strip()) and not (whole and _is_word(after))
        marks = ["**", "*"] if run == "***" else [run]
        if closes:
            self.close(marks)
        for mark in marks:
            if opens and len(self.open) < DEEPEST:
                self.open.append((mark, len(self.tokens)))
            self.put(mark)

    def close(self, marks: list[str]) -> None:
        """Close what these marks can, innermost first, and take those that did out of the list."""
        for at in reversed(range(len(self.open))):
            mark, index = self.open[at]
            if mark in marks:
                marks.remove(mark)
                del self.open[at:]
                self.tokens[index] = Token("open", TAGS[mark])
                self.tokens.append(Token("close", TAGS[mark]))


def inline(text: str, *, links: bool = True) -> list[Token]:
    """Return the tokens of one line; tags nest properly. Without `links` no address becomes a link."""
    return _Line(text, links=links).read()


def _is_word(mark: str) -> bool:
    return mark.isalnum() or mark == "_"


def _without_punctuation(address: str) -> str:
    """Return an address without the punctuation behind it; closing brackets stay where they were opened in it."""
    surplus = address.count(")") - address.count("(")
    end = len(address)
    while end and address[end - 1] in TRAILING and (address[end - 1] != ")" or surplus > 0):
        surplus -= address[end - 1] == ")"
        end -= 1
    return address[:end]
