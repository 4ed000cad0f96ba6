"""Convert HTML and format=flowed text to plain text; quotes become lines that begin with `>`."""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from hub.channels.email.parse.html_limits import exceeds_limits

MAX_HTML = 1_000_000
MAX_NODES = 200_000
MAX_INDENT = 8
MAX_EMPTY_LINES = 2
MAX_QUOTE = 20
MAX_LINK = 2_000

_IGNORED = frozenset(
    {"head", "style", "script", "title", "template", "noscript", "object", "svg", "math", "select", "textarea"}
)
_BLOCKS = frozenset({
    "div", "section", "article", "header", "footer", "main", "aside", "nav", "address", "center", "dl", "dt", "dd",
    "form", "fieldset", "figure", "figcaption", "table", "tr", "tbody", "thead", "tfoot", "caption", "li", "body",
})  # fmt: skip
_SPACED_BLOCKS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_QUOTE_MARKERS = (
    "OLK_SRC_BODY_SECTION",
    "mail-editor-reference-message-container",
    "ms-outlook-mobile-reference-message",
    "yahoo_quoted",
)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)


def html_to_text(html: str) -> str:
    """Return the text of an HTML mail; lists, line breaks and links are kept."""
    html = html[:MAX_HTML].replace("\x00", "")
    if exceeds_limits(html):
        return " ".join(_ANY_TAG.sub(" ", html).split())
    builder = _TextBuilder()
    body = LexborHTMLParser(html).body
    if body is not None:
        _walk(body, builder)
    return builder.text()


def unwrap_flowed(text: str, *, delete_space: bool) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676); `delete_space` is its parameter DelSp."""
    out: list[str] = []
    pending: list[str] = []
    pending_depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        if pending and depth != pending_depth:
            out.append(_quoted(pending, pending_depth))
            pending = []
        pending_depth = depth
        soft_break = content.endswith(" ") and content != "-- "
        pending.append(content[:-1] if soft_break and delete_space else content)
        if not soft_break:
            out.append(_quoted(pending, depth))
            pending = []
    if pending:
        out.append(_quoted(pending, pending_depth))
    return "\n".join(out)


def _quoted(pending: list[str], depth: int) -> str:
    line = "".join(pending)
    line = line if line == "-- " else line.rstrip()
    return f"{'>' * depth} {line}".rstrip() if depth else line


class _TextBuilder:
    """Builds the plain text line by line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.pending_space = False
        self.pending_gap = False
        self.quote_depth = 0
        self.list_numbers: list[int] = []
        self.pre_depth = 0

    def add_text(self, text: str) -> None:
        words = text.split()
        if not words:
            self.pending_space = self.pending_space or bool(text)
            return
        if (self.pending_space or text[0].isspace()) and self.line and self.line[-1][-1:] != " ":
            self.line.append(" ")
        self.line.append(" ".join(words))
        self.pending_space = text[-1].isspace()

    def add_preformatted(self, text: str) -> None:
        for index, line in enumerate(text.split("\n")):
            if index:
                self.end_line()
            self.line.append(line)

    def end_line(self) -> None:
        """End the current line, even an empty one."""
        content = "".join(self.line)
        content = content if content == "-- " else content.rstrip()
        if self.pending_gap and self.lines and self.lines[-1].strip("> ") and (content or self.pre_depth):
            self.lines.append(">" * self.quote_depth)
        self.pending_gap = False
        indent = "  " * min(len(self.list_numbers) - 1, MAX_INDENT) if self.list_numbers and content else ""
        start = "> " * self.quote_depth
        self.lines.append((start + indent + content) if content else start.rstrip())
        self.line, self.pending_space = [], False

    def start_line(self, *, gap: bool = False) -> None:
        """Start a new line, after an empty one if `gap`."""
        if any(part.strip() for part in self.line):
            self.end_line()
        self.line, self.pending_space = [], False
        self.pending_gap = self.pending_gap or gap

    def text(self) -> str:
        self.start_line()
        return "\n".join(_limit_empty_lines(self.lines)).strip("\n")


def _limit_empty_lines(lines: list[str]) -> list[str]:
    """Keep at most two empty lines in a row."""
    out: list[str] = []
    empty = 0
    for line in lines:
        empty = 0 if line.strip() else empty + 1
        if empty <= MAX_EMPTY_LINES:
            out.append(line)
    return out


def _walk(root: LexborNode, builder: _TextBuilder) -> None:
    """Visit all nodes without recursion, as a mail may nest them without limit."""
    node: LexborNode | None = root
    open_nodes: list[tuple[LexborNode, str, bool]] = []
    for _ in range(MAX_NODES):
        if node is None:
            if not open_nodes:
                return
            closed, tag, is_quote = open_nodes.pop()
            _leave(closed, tag, builder, is_quote=is_quote)
            node = closed.next if open_nodes else None
            continue
        tag = node.tag or ""
        if tag == "-text":
            _text(node, builder)
            node = node.next
        elif tag in _IGNORED or tag.startswith(("-", "!")) or _is_hidden(node):
            node = node.next
        else:
            open_nodes.append((node, tag, _enter(node, tag, builder)))
            node = node.child


def _is_hidden(node: LexborNode) -> bool:
    style = node.attributes.get("style")
    return bool(style and _HIDDEN.search(style))


def _text(node: LexborNode, builder: _TextBuilder) -> None:
    text = node.text_content or ""
    if builder.pre_depth:
        builder.add_preformatted(text)
    else:
        builder.add_text(text)


def _enter(node: LexborNode, tag: str, builder: _TextBuilder) -> bool:
    """Open an element; return whether it is a quote."""
    if tag == "br":
        builder.end_line()
    elif tag == "hr":
        builder.start_line()
        builder.line.append("-" * 20)
        builder.end_line()
    elif tag == "img":
        alt = " ".join((node.attributes.get("alt") or "").split())
        if alt:
            builder.add_text(f"[{alt[:200]}]")
    elif tag in {"td", "th"}:
        builder.pending_space = True
    elif tag in _BLOCKS or tag in _SPACED_BLOCKS:
        builder.start_line(gap=tag in _SPACED_BLOCKS and not (tag in {"ul", "ol"} and builder.list_numbers))
    return _open(node, tag, builder)


def _open(node: LexborNode, tag: str, builder: _TextBuilder) -> bool:
    if tag == "pre":
        builder.pre_depth += 1
    elif tag in {"ul", "ol"}:
        builder.list_numbers.append(1 if tag == "ol" else 0)
    elif tag == "li":
        number = builder.list_numbers[-1] if builder.list_numbers else 0
        builder.line.append(f"{number}. " if number else "- ")
        if number:
            builder.list_numbers[-1] += 1
    elif tag in {"blockquote", "div", "span"} and _is_quote(node, tag):
        builder.start_line()
        builder.quote_depth += builder.quote_depth < MAX_QUOTE
        return True
    return False


def _is_quote(node: LexborNode, tag: str) -> bool:
    if tag == "blockquote":
        return True
    marks = f"{node.attributes.get('id') or ''} {node.attributes.get('class') or ''}"
    return marks != " " and any(mark in marks for mark in _QUOTE_MARKERS)


def _leave(node: LexborNode, tag: str, builder: _TextBuilder, *, is_quote: bool) -> None:
    if tag == "a":
        _link(node, builder)
    elif tag in _BLOCKS or tag in _SPACED_BLOCKS:
        builder.start_line(gap=tag in _SPACED_BLOCKS and not (tag in {"ul", "ol"} and len(builder.list_numbers) > 1))
    if tag == "pre":
        builder.pre_depth -= 1
    elif tag in {"ul", "ol"}:
        builder.list_numbers.pop()
    if is_quote:
        builder.start_line()
        builder.quote_depth -= 1


def _link(node: LexborNode, builder: _TextBuilder) -> None:
    """Append the address of a link, unless its text already shows it."""
    href = (node.attributes.get("href") or "").strip()
    if not href.lower().startswith(("http://", "https://", "mailto:", "tel:")) or len(href) > MAX_LINK:
        return
    words = (node.text(deep=True) or "").strip()
    target = href.removeprefix("mailto:").removeprefix("tel:")
    if words and target.rstrip("/") not in words and words not in target:
        builder.add_text(f" <{target}>")
