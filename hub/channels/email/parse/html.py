"""Sanitise HTML from strangers: an allow-list of tags, nothing that loads from elsewhere, a stable result."""

import re
from functools import lru_cache
from html import escape

import nh3

from hub.channels.email.parse.html_limits import exceeds_limits
from hub.channels.email.parse.html_to_text import html_to_text

MAX_HTML = 512 * 1024
MAX_TAGS = 20_000
MAX_FALLBACK = 15_000

_TAGS = {
    "a", "abbr", "address", "article", "aside", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center",
    "cite", "code", "col",
    "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2",
    "h3", "h4", "h5", "h6",
    "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s",
    "samp", "section",
    "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time",
    "tr", "tt", "u", "ul", "var", "wbr",
}  # fmt: skip
_DROPPED_WITH_CONTENT = {
    "script", "style", "title", "svg", "math", "template", "noscript", "iframe", "object", "noembed", "noframes", "xmp",
    "plaintext", "textarea", "select", "audio", "video", "canvas", "applet", "frameset",
}  # fmt: skip
_CELL = {"align", "bgcolor", "height", "valign", "width"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "style", "title"}, "a": {"href"}, "img": {"alt", "src", "data-remote-src", "width",
    "height", "border", "align"},
    "font": {"color", "face", "size"}, "table": _CELL | {"border", "cellpadding", "cellspacing"},
    "td": _CELL | {"colspan", "rowspan", "nowrap"},
    "th": _CELL | {"colspan", "rowspan", "nowrap"}, "tr": _CELL, "tbody": _CELL, "div": {"align"}, "p": {"align"},
    "ol": {"start", "type"},
    "li": {"value"}, "col": {"span", "width"}, "colgroup": {"span", "width"}, "hr": {"align", "size", "width"},
    "h1": {"align"}, "h2": {"align"},
}  # fmt: skip
_STYLE_PROPERTIES = frozenset({
    "color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight", "font-variant",
    "line-height", "letter-spacing",
    "text-align", "text-decoration", "text-indent", "text-transform", "vertical-align", "white-space",
    "word-break", "word-wrap", "overflow-wrap",
    "width", "max-width", "min-width", "height", "max-height", "min-height", "margin", "margin-top",
    "margin-right", "margin-bottom", "margin-left",
    "padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "border", "border-top",
    "border-right", "border-bottom", "border-left",
    "border-color", "border-style", "border-width", "border-radius", "border-collapse", "border-spacing",
    "display", "direction", "list-style-type", "table-layout",
})  # fmt: skip
_SAFE_STYLE_VALUE = re.compile(r"(?:[\w\s#%.,!+-]|(?:rgb|hsl)a?\([\d\s.,%/]{1,60}\)){1,300}", re.ASCII)
_IMAGE = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')
_DATA_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp);base64,[A-Za-z0-9+/=\s]+\Z")


def sanitise(html: str) -> str:
    """Return HTML that is safe to show; if cleaning does not become stable, the plain text. Idempotent."""
    current = html
    for _ in range(3):
        if _is_too_large(current):
            break
        cleaned = _clean(current)
        if cleaned == current:
            return current
        current = cleaned
    return _as_plain_text(html)


def _clean(html: str) -> str:
    cleaned = nh3.clean(
        html, tags=_TAGS, clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES, attribute_filter=_filter_attribute,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"}, url_relative="deny",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )  # fmt: skip
    return _IMAGE.sub(_block_remote_image, cleaned)


def _block_remote_image(found: re.Match[str]) -> str:
    attributes = found[1]
    if ' src="http' in attributes:
        attributes = attributes.replace(' src="http', ' data-remote-src="http', 1)
    return f"<img{attributes}>"


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return _filter_style(value) or None
    if name in {"href", "src", "data-remote-src"}:
        return _filter_url(tag, name, value.strip())
    return value


def _filter_url(tag: str, name: str, value: str) -> str | None:
    lower = value[:40].lower()
    if lower.startswith(("http://", "https://")):
        scheme = "https" if lower.startswith("https") else "http"
        return scheme + value[len(scheme) :]
    if tag == "img" and name == "src":
        return value if lower.startswith("cid:") or _DATA_IMAGE.match(value) else None
    return value if name == "href" and lower.startswith(("mailto:", "tel:")) else None


@lru_cache(maxsize=2048)
def _filter_style(value: str) -> str:
    declarations: list[str] = []
    for declaration in value.replace('"', "").replace("'", "")[:4_000].split(";"):
        name, colon, content = declaration.partition(":")
        name, content = name.strip().lower(), " ".join(content.split())
        if colon and name in _STYLE_PROPERTIES and _SAFE_STYLE_VALUE.fullmatch(content):
            declarations.append(f"{name}:{content}")
    return ";".join(declarations)


def _is_too_large(html: str) -> bool:
    return len(html) > MAX_HTML or html.count("<") > MAX_TAGS or html.count("&") > MAX_TAGS or exceeds_limits(html)


def _as_plain_text(html: str) -> str:
    text = html_to_text(html[:MAX_HTML])[:MAX_FALLBACK]
    return escape(text.replace("\u00a0", " ").replace("\r", ""), quote=False).replace("\n", "<br>")
