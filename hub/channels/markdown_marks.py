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
TRAILING_PUNCTUATION = frozenset(".,;:!?)]}'*_»”’")  # punctuation after an address that is not part of it
MAX_OPEN_MARKS = 8


class Token(NamedTuple):
    """A piece of a line: `text` and `code` with their text, `open` and `close` with the name of a tag."""

    kind: str
    text: str
    href: str = ""  # of the tag "a"


class _LineTokeniser:
    """Splits a line into tokens; `open` holds the marks that may still be closed, with their index in `tokens`."""

    def __init__(self, text: str, *, links: bool) -> None:
        self.text = text
        self.links = links
        self.tokens: list[Token] = []
        self.open: list[tuple[str, int]] = []

    def tokenise(self) -> list[Token]:
        at = 0
        while atom := ATOM.search(self.text, at):
            self.add_text(self.text[at : atom.start()])
            at = self.add_atom(atom)
        self.add_text(self.text[at:])
        return self.tokens

    def add_text(self, text: str) -> None:
        if text:
            self.tokens.append(Token("text", text))

    def add_atom(self, atom: re.Match[str]) -> int:
        """Add the tokens of an atom; return the index where the line continues."""
        match atom.lastgroup:
            case "mark":
                self.add_mark(atom)
            case "code":
                self.tokens.append(Token("code", atom["code"]))
            case "escaped":
                self.add_text(atom["escaped"])
            case "bare" if self.links:
                return self.add_bare_link(atom)
            case "href" if self.links and atom["label"].strip():
                self.add_link(atom["href"], inline(atom["label"], links=False))
            case "mail" if self.links:
                self.add_link(f"mailto:{atom['mail']}", [Token("text", atom["mail"])])
            case _:
                self.add_text(atom[0])
        return atom.end()

    def add_link(self, href: str, label: list[Token]) -> None:
        self.tokens += (Token("open", "a", href), *label, Token("close", "a", href))

    def add_bare_link(self, atom: re.Match[str]) -> int:
        address = _without_punctuation(atom["bare"])
        if address.endswith("//"):
            self.add_text(atom[0])
            return atom.end()
        self.add_link(address, [Token("text", address)])
        return atom.start() + len(address)

    def add_mark(self, atom: re.Match[str]) -> None:
        start, end = atom.span()
        run, before, after = atom[0], self.text[max(0, start - 1) : start], self.text[end : end + 1]
        if len(run) > (3 if run[0] == "*" else 1):
            self.add_text(run)
            return
        whole = run != "**"  # only ** works inside a word, which languages without spaces need
        opens = bool(after.strip()) and not (whole and _is_word(before))
        closes = bool(before.strip()) and not (whole and _is_word(after))
        marks = ["**", "*"] if run == "***" else [run]
        if closes:
            self.close_marks(marks)
        for mark in marks:
            if opens and len(self.open) < MAX_OPEN_MARKS:
                self.open.append((mark, len(self.tokens)))
            self.add_text(mark)

    def close_marks(self, marks: list[str]) -> None:
        """Close open marks with these, innermost first; the used ones are removed from the list."""
        for at in reversed(range(len(self.open))):
            mark, index = self.open[at]
            if mark in marks:
                marks.remove(mark)
                del self.open[at:]
                self.tokens[index] = Token("open", TAGS[mark])
                self.tokens.append(Token("close", TAGS[mark]))


def inline(text: str, *, links: bool = True) -> list[Token]:
    """Return the tokens of one line; tags nest properly. Without `links` no address becomes a link."""
    return _LineTokeniser(text, links=links).tokenise()


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _without_punctuation(address: str) -> str:
    """Return an address without the punctuation behind it; closing brackets stay where they were opened in it."""
    unmatched = address.count(")") - address.count("(")
    end = len(address)
    while end and address[end - 1] in TRAILING_PUNCTUATION and (address[end - 1] != ")" or unmatched > 0):
        unmatched -= address[end - 1] == ")"
        end -= 1
    return address[:end]
