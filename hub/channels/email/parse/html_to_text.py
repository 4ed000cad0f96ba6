"""HTML and flowed text to plain text as a person would have typed it; quotes become lines that begin with `>`."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from hub.channels.email.parse.html_limits import is_too_much

MAX_HTML = 1_000_000
MAX_NODES = 200_000
MAX_INDENT = 8
MAX_EMPTY = 2
MAX_QUOTE = 20
MAX_LINK = 2_000

_SKIP = frozenset(
    {"head", "style", "script", "title", "template", "noscript", "object", "svg", "math", "select", "textarea"}
)
_BLOCKS = frozenset({"div", "section", "article", "header", "footer", "main", "aside", "nav", "address", "center",
                     "dl", "dt", "dd",
                     "form", "fieldset", "figure", "figcaption", "table", "tr", "tbody", "thead", "tfoot",
                     "caption", "li", "body"})  # fmt: skip
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_QUOTES = (
    "OLK_SRC_BODY_SECTION",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "yahoo_quoted",
)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


def render(html: str) -> str:
    """Give the text of an HTML mail: lists, line breaks and links kept."""
    html = html[:MAX_HTML].replace("\x00", "")
    if is_too_much(html):
        return " ".join(_ANY_TAG.sub(" ", html).split())
    page = _Page()
    body = LexborHTMLParser(html).body
    if body is not None:
        _walk(body, page)
    return page.text()


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft-broken lines of format=flowed (RFC 3676)."""
    out: list[str] = []
    held: list[str] = []
    held_depth = 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        if held and depth != held_depth:
            out.append(_quoted(held, held_depth))
            held = []
        held_depth = depth
        soft = bare.endswith(" ") and bare != "-- "
        held.append(bare[:-1] if soft and delete_space else bare)
        if not soft:
            out.append(_quoted(held, depth))
            held = []
    if held:
        out.append(_quoted(held, held_depth))
    return "\n".join(out)


def _quoted(held: list[str], depth: int) -> str:
    line = "".join(held)
    line = line if line == "-- " else line.rstrip()
    return f"{'>' * depth} {line}".rstrip() if depth else line


class _Page:
    """Lines as they grow."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.space = False
        self.gap = False
        self.quote = 0
        self.lists: list[int] = []
        self.pre = 0

    def say(self, text: str) -> None:
        words = text.split()
        if not words:
            self.space = self.space or bool(text)
            return
        if (self.space or text[0].isspace()) and self.line and self.line[-1][-1:] != " ":
            self.line.append(" ")
        self.line.append(" ".join(words))
        self.space = text[-1].isspace()

    def keep(self, text: str) -> None:
        for place, line in enumerate(text.split("\n")):
            if place:
                self.end()
            self.line.append(line)

    def end(self) -> None:
        """End the line, even an empty one."""
        content = "".join(self.line)
        content = content if content == "-- " else content.rstrip()
        if self.gap and self.lines and self.lines[-1].strip("> ") and (content or self.pre):
            self.lines.append(">" * self.quote)
        self.gap = False
        indent = "  " * min(len(self.lists) - 1, MAX_INDENT) if self.lists and content else ""
        start = "> " * self.quote
        self.lines.append((start + indent + content) if content else start.rstrip())
        self.line, self.space = [], False

    def fall(self, *, gap: bool = False) -> None:
        """Begin a new line, after an empty one if `gap`."""
        if any(piece.strip() for piece in self.line):
            self.end()
        self.line, self.space = [], False
        self.gap = self.gap or gap

    def text(self) -> str:
        self.fall()
        return "\n".join(_squeeze(self.lines)).strip("\n")


def _squeeze(lines: list[str]) -> list[str]:
    """Leave at most two empty lines in a row."""
    out: list[str] = []
    empty = 0
    for line in lines:
        empty = 0 if line.strip() else empty + 1
        if empty <= MAX_EMPTY:
            out.append(line)
    return out


def _walk(root: LexborNode, page: _Page) -> None:
    """Go through the tree without recursion: a mail may nest as deep as it likes."""
    node: LexborNode | None = root
    open_nodes: list[tuple[LexborNode, str, bool]] = []
    for _ in range(MAX_NODES):
        if node is None:
            if not open_nodes:
                return
            closed, tag, quoting = open_nodes.pop()
            _leave(closed, tag, page, quoting=quoting)
            node = closed.next if open_nodes else None
            continue
        tag = node.tag or ""
        if tag == "-text":
            _text(node, page)
            node = node.next
        elif tag in _SKIP or tag.startswith(("-", "!")) or _is_hidden(node):
            node = node.next
        else:
            open_nodes.append((node, tag, _enter(node, tag, page)))
            node = node.child


def _is_hidden(node: LexborNode) -> bool:
    style = node.attributes.get("style")
    return bool(style and _HIDDEN.search(style))


def _text(node: LexborNode, page: _Page) -> None:
    text = node.text_content or ""
    if page.pre:
        page.keep(text)
    else:
        page.say(text)


def _enter(node: LexborNode, tag: str, page: _Page) -> bool:
    """Open an element; tell whether it is a quote."""
    if tag == "br":
        page.end()
    elif tag == "hr":
        page.fall()
        page.line.append("-" * 20)
        page.end()
    elif tag == "img":
        alt = " ".join((node.attributes.get("alt") or "").split())
        if alt:
            page.say(f"[{alt[:200]}]")
    elif tag in {"td", "th"}:
        page.space = True
    elif tag in _BLOCKS or tag in _SPACED:
        page.fall(gap=tag in _SPACED and not (tag in {"ul", "ol"} and page.lists))
    return _open(node, tag, page)


def _open(node: LexborNode, tag: str, page: _Page) -> bool:
    if tag == "pre":
        page.pre += 1
    elif tag in {"ul", "ol"}:
        page.lists.append(1 if tag == "ol" else 0)
    elif tag == "li":
        number = page.lists[-1] if page.lists else 0
        page.line.append(f"{number}. " if number else "- ")
        if number:
            page.lists[-1] += 1
    elif tag in {"blockquote", "div", "span"} and _is_quote(node, tag):
        page.fall()
        page.quote += page.quote < MAX_QUOTE
        return True
    return False


def _is_quote(node: LexborNode, tag: str) -> bool:
    if tag == "blockquote":
        return True
    marks = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}"
    return marks != " " and any(mark in marks for mark in _QUOTES)


def _leave(node: LexborNode, tag: str, page: _Page, *, quoting: bool) -> None:
    if tag == "a":
        _link(node, page)
    elif tag in _BLOCKS or tag in _SPACED:
        page.fall(gap=tag in _SPACED and not (tag in {"ul", "ol"} and len(page.lists) > 1))
    if tag == "pre":
        page.pre -= 1
    elif tag in {"ul", "ol"}:
        page.lists.pop()
    if quoting:
        page.fall()
        page.quote -= 1


def _link(node: LexborNode, page: _Page) -> None:
    """Show where a link leads when its words do not say so."""
    href = (node.attributes.get("href") or "").strip()
    if not href.lower().startswith(("http://", "https://", "mailto:", "tel:")) or len(href) > MAX_LINK:
        return
    words = (node.text(deep=True) or "").strip()
    target = href.removeprefix("mailto:").removeprefix("tel:")
    if words and target.rstrip("/") not in words and words not in target:
        page.say(f" <{target}>")
