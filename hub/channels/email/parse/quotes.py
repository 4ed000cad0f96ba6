"""The reply without quoted history and signature; in doubt, more is kept: a reply's own text is never lost."""

import re

from hub.channels.email.parse.attribution import (
    CLOCK,
    DATE,
    EMAIL,
    MAX_LINE,
    attribution,
    begins_quote,
    is_quoted,
    is_strong,
    unglue,
)
from hub.channels.email.parse.forwards import begins_forward
from hub.channels.email.parse.html_to_text import render
from hub.channels.email.parse.phrases import ABOVE, ANY_KEY, KEY, MOBILE, RAW_KEY, SEPARATOR, YEAR

MAX_LINES = 3000  # looked at for history; what is below is kept as it is
MOST_TEXT = 1_000_000  # characters: of a longer mail only the history is folded
MOST_LINES = 100_000
MAX_SIGNATURE = 25
MAX_BARE_SIGNATURE = 10
MAX_MOBILE = 200
MAX_STRAYS = 3
HEADERS_NEEDED = 3
WRAPS_AT = 66
_RULE = re.compile(r"[ \t>]*[-_=*—–]{4,}[ \t]*$")
_GROUPWISE = re.compile(r">>> [^>]{0,200}>? ?[^>]{0,40}\d{1,2}:\d\d[^>]{0,20} >>>[ \t]*$")
_LINK = re.compile(r"[<(\[]?https?://[^\s<>]{1,300}[>)\]]?")
_MARKS = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
"""What only steers the direction of writing, or shows nothing at all."""
OWN, EMPTY, QUOTED, SAID = "t", "e", "q", "s"  # SAID: "On …, X wrote:"


def fold(text: str, html: str | None = None, *, forwarded: bool = False) -> str:
    """Give the reply's own text; `html` is read where there is no plain text; of a forwarded mail all is kept."""
    if html and not text.strip():
        text = render(html)
    rest, text = len(text) > MOST_TEXT, _MARKS.sub("", text[:MOST_TEXT]) + text[MOST_TEXT:]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    if forwarded:
        return _trim(lines)
    lines[:MAX_LINES] = unglue(lines[:MAX_LINES])
    end, forward = _history(lines)
    if rest or len(lines) > MOST_LINES:
        return _trim(lines if forward is not None else lines[:end])
    if forward is not None:
        return _trim([*(_without_quotes(lines[:forward]) or []), *lines[forward:]])
    own = _without_quotes(_above_dashes(lines[:end]))
    if own is None:
        return ""
    return _trim(_without_signature(own)) or _trim(lines)


def _trim(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n").rstrip()


# --- history without quote marks -------------------------------------------------------------


def _history(lines: list[str]) -> tuple[int, int | None]:
    """Find where unmarked history begins, and a forwarded mail, which is kept."""
    for at, line in enumerate(lines[:MAX_LINES]):
        if line and len(line) <= MAX_LINE:
            if _begins_forward(lines, at):
                return len(lines), at
            if _GROUPWISE.match(line) if is_quoted(line) else _begins_history(lines, at):
                return _before_rule(lines, at), None
    return len(lines), None


def _begins_forward(lines: list[str], at: int) -> bool:
    """Tell whether a forwarded mail begins: also as the very first words of a quote, as Apple writes it."""
    line = lines[at]
    if not is_quoted(line):
        return begins_forward(line)
    above = next((above for above in lines[max(at - 3, 0) : at][::-1] if above.strip()), "")
    return not is_quoted(above) and begins_forward(line.lstrip(" \t>"))


def _begins_history(lines: list[str], at: int) -> bool:
    """Tell whether everything from here on is older mail."""
    line = lines[at]
    if ABOVE.match(line) or (line.lstrip(" \t*_")[:1] in "-_=—–" and SEPARATOR.match(line)):
        return True
    if _has_colon(line) and _is_block(lines, at):
        return True
    length = attribution(lines, at)
    return bool(length) and not begins_quote(lines, at + length) and is_strong(" ".join(lines[at : at + length]))


def _has_colon(line: str) -> bool:
    return ":" in line[:40] or "：" in line[:40]


def _before_rule(lines: list[str], at: int) -> int:
    """Step back over a ruled line above the history."""
    above = at - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above]) else at


def _is_block(lines: list[str], at: int) -> bool:
    """Tell whether headers stand here as a mail program writes them, not as a person pastes them."""
    if at and RAW_KEY.match(lines[at - 1][:MAX_LINE]):
        return False
    return _is_header_block(lines, at) if KEY.match(lines[at]) else _is_foreign_block(lines, at)


def _is_header_block(lines: list[str], at: int) -> bool:
    """Tell whether From, Sent, To, Subject stand here, as Outlook writes them; a travel plan is none."""
    first = KEY.match(lines[at])
    if first is None or not (first["from"] or first["date"]):
        return False
    kinds: set[str] = set()
    block: list[str] = []
    strays = 0
    for line in lines[at : at + 14]:
        found = KEY.match(line[:MAX_LINE]) if _has_colon(line) else None
        if found is None:
            strays += 1
            if strays > MAX_STRAYS or (not line.strip() and len(kinds) > 1):
                break
            continue
        kinds.add(found.lastgroup or "")
        block.append(line[:MAX_LINE])
    text = " ".join(block)
    known = "from" in kinds and len(kinds) >= HEADERS_NEEDED
    return known and ("subject" in kinds or "@" in text) and ("@" in text or {"date", "subject"} <= kinds)


def _is_foreign_block(lines: list[str], at: int) -> bool:
    """Tell whether a header block stands here in a language we do not know: an address, and a time below it."""
    block = [line[:MAX_LINE] for line in lines[at : at + 4]]
    if not EMAIL.search(block[0]) or not all(_has_colon(line) and ANY_KEY.match(line) for line in block):
        return False
    return len(block) > HEADERS_NEEDED and any(YEAR.search(line) and CLOCK.search(line) for line in block[1:])


# --- quotes with marks -----------------------------------------------------------------------


def _without_quotes(lines: list[str]) -> list[str] | None:
    """Drop quotes around the own text, keep those it answers between; None when nothing is its own."""
    kinds = _kinds(lines)
    if QUOTED not in kinds:
        return lines
    if OWN not in kinds:
        return None if SAID in kinds else lines
    first, last = kinds.index(OWN), len(kinds) - 1 - kinds[::-1].index(OWN)
    quotes = [at for at, kind in enumerate(kinds) if kind == QUOTED]
    within = [at for at in quotes if first < at < last]
    kept = [at for at in range(first, last + 1) if kinds[at] != SAID]
    if within and not _is_interleaved(kinds) and SAID in kinds[first : last + 1]:
        kept = [at for at in kept if kinds[at] != QUOTED]
    after = lines[last + 1 :]
    if SAID not in kinds and quotes[-1] > last and lines[last].rstrip().endswith((":", "：")):
        return lines[first : last + 1] + after
    return [lines[at] for at in kept]


def _kinds(lines: list[str]) -> list[str]:
    """Name each line: own text, empty, quoted, or who wrote."""
    kinds = [QUOTED if is_quoted(line) else OWN if line.strip() else EMPTY for line in lines]
    for at, kind in enumerate(kinds[:MAX_LINES]):
        if kind == OWN:
            length = attribution(lines, at)
            if length and begins_quote(lines, at + length):
                above = _before_rule(lines, at)
                kinds[above : at + length] = [SAID] * (at + length - above)
            elif _ends_before_quote(lines, at) or _is_wrapped(lines, kinds, at):
                kinds[at] = SAID if lines[at].rstrip().endswith(":") else QUOTED
    return kinds


def _ends_before_quote(lines: list[str], at: int) -> bool:
    """Tell whether an unknown language says who wrote: a colon after a time and an address, then a quote."""
    line = lines[at]
    if len(line) > MAX_LINE or not line.rstrip().endswith((":", "：")):
        return False
    return bool(EMAIL.search(line) and (CLOCK.search(line) or DATE.search(line))) and begins_quote(lines, at + 1)


def _is_wrapped(lines: list[str], kinds: list[str], at: int) -> bool:
    """Tell whether a line is the torn-off end of the quoted line above."""
    if not 0 < at < len(lines) - 1 or kinds[at - 1] != QUOTED or not is_quoted(lines[at + 1]):
        return False
    above, line = lines[at - 1].rstrip(), lines[at].strip()
    torn = len(above) >= WRAPS_AT and line[:1].islower() and above[-1] not in ".?!:" and len(line) < len(above)
    link = line.startswith(("http://", "https://", "<http")) or "://" in above.rpartition(" ")[2]
    return torn or (link and " " not in line)


def _is_interleaved(kinds: list[str]) -> bool:
    """Tell whether own text stands between two quotes."""
    order = [kind for kind in kinds if kind in {OWN, QUOTED}]
    first, last = order.index(QUOTED), len(order) - 1 - order[::-1].index(QUOTED)
    return OWN in order[first:last]


# --- signatures ------------------------------------------------------------------------------


def _without_signature(lines: list[str]) -> list[str]:
    lines = lines[: _dashes(lines)]
    end = len(lines)
    for _ in range(3):
        while end and not lines[end - 1].strip():
            end -= 1
        if not end or len(lines[end - 1]) > MAX_MOBILE or not MOBILE.match(_LINK.sub("", lines[end - 1])):
            break
        end -= 1
        while end and (_RULE.match(lines[end - 1]) or not lines[end - 1].strip()):
            end -= 1
    return lines[:end]


def _above_dashes(lines: list[str]) -> list[str]:
    """Leave out a signature that stands below all quotes."""
    at = _dashes(lines)
    return lines if any(map(is_quoted, lines[at:])) else lines[:at]


def _dashes(lines: list[str]) -> int:
    """Find the dashed line that opens a signature: something stands above it, little below, and it is alone."""
    found, below = len(lines), 0
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].rstrip()
        if line == "--" and below <= (MAX_SIGNATURE if lines[at] == "-- " else MAX_BARE_SIGNATURE):
            if found < len(lines) and lines[at] != "-- ":
                return len(lines)  # dashes between paragraphs
            found = at
        below += bool(line)
        if below > MAX_SIGNATURE:
            break
    return found if any(line.strip() for line in lines[:found]) else len(lines)
