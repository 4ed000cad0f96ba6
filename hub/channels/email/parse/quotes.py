"""Extract the new text of a reply: without quoted history and signature. When in doubt, text is kept."""

import re

from hub.channels.email.parse.attribution import (
    CLOCK,
    DATE,
    EMAIL,
    MAX_LINE,
    attribution_length,
    is_quote_next,
    is_quoted,
    proves_history,
    split_glued_attribution,
)
from hub.channels.email.parse.forwards import is_forward_line
from hub.channels.email.parse.html_to_text import html_to_text
from hub.channels.email.parse.phrases import (
    DATE_WITH_YEAR,
    HEADER_LABEL,
    MOBILE_SIGNATURE,
    ORIGINAL_MESSAGE,
    RAW_HEADER,
    REPLY_ABOVE,
    UNKNOWN_LABEL,
)

MAX_SCANNED_LINES = 3000  # searched for history; what is below is kept
MAX_SCANNED_CHARS = 1_000_000  # of a longer mail only the unmarked history is removed
MAX_TOTAL_LINES = 100_000  # likewise
MAX_SIGNATURE = 25  # lines below "-- "
MAX_BARE_SIGNATURE = 10  # lines below "--" without a space
MAX_MOBILE_SIGNATURE = 200  # characters
MAX_OTHER_LINES = 3  # without a label, within a header block
MIN_HEADERS = 3
WRAP_COLUMN = 66  # a quoted line at least this long may have been wrapped
_RULE = re.compile(r"[ \t>]*[-_=*—–]{4,}[ \t]*$")
_GROUPWISE_QUOTE = re.compile(r">>> [^>]{0,200}>? ?[^>]{0,40}\d{1,2}:\d\d[^>]{0,20} >>>[ \t]*$")
_LINK = re.compile(r"[<(\[]?https?://[^\s<>]{1,300}[>)\]]?")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")
"""Characters that set the direction of writing or show nothing."""
OWN, EMPTY, QUOTED, ATTRIBUTION = "t", "e", "q", "s"  # kinds of lines; ATTRIBUTION: "On …, X wrote:"


def extract_reply(text: str, html: str | None = None, *, forwarded: bool = False) -> str:
    """Return the new text of a reply.

    `html` is read if the plain text is empty. Of a forwarded mail (`forwarded`) everything is kept.
    """
    if html and not text.strip():
        text = html_to_text(html)
    is_too_long = len(text) > MAX_SCANNED_CHARS
    text = _INVISIBLE.sub("", text[:MAX_SCANNED_CHARS]) + text[MAX_SCANNED_CHARS:]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    if forwarded:
        return _join(lines)
    lines[:MAX_SCANNED_LINES] = split_glued_attribution(lines[:MAX_SCANNED_LINES])
    end, forward = _find_history(lines)
    if is_too_long or len(lines) > MAX_TOTAL_LINES:
        return _join(lines if forward is not None else lines[:end])
    if forward is not None:
        return _join([*(_without_quotes(lines[:forward]) or []), *lines[forward:]])
    own_lines = _without_quotes(_without_bottom_signature(lines[:end]))
    if own_lines is None:
        return ""
    return _join(_without_signature(own_lines)) or _join(lines)


def _join(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n").rstrip()


# History without quote marks.


def _find_history(lines: list[str]) -> tuple[int, int | None]:
    """Return the line where unmarked history starts, and the line of a forwarded mail (None if there is none)."""
    for at, line in enumerate(lines[:MAX_SCANNED_LINES]):
        if line and len(line) <= MAX_LINE:
            if _starts_forward(lines, at):
                return len(lines), at
            if _GROUPWISE_QUOTE.match(line) if is_quoted(line) else _starts_history(lines, at):
                return _include_rule(lines, at), None
    return len(lines), None


def _starts_forward(lines: list[str], at: int) -> bool:
    """Return whether a forwarded mail starts here, perhaps as the first line of a quote, as Apple Mail writes it."""
    line = lines[at]
    if not is_quoted(line):
        return is_forward_line(line)
    above = next((above for above in lines[max(at - 3, 0) : at][::-1] if above.strip()), "")
    return not is_quoted(above) and is_forward_line(line.lstrip(" \t>"))


def _starts_history(lines: list[str], at: int) -> bool:
    """Return whether everything from this line on is an older mail."""
    line = lines[at]
    if REPLY_ABOVE.match(line) or (line.lstrip(" \t*_")[:1] in "-_=—–" and ORIGINAL_MESSAGE.match(line)):
        return True
    if _has_colon(line) and _is_header_block(lines, at):
        return True
    length = attribution_length(lines, at)
    return bool(length) and not is_quote_next(lines, at + length) and proves_history(" ".join(lines[at : at + length]))


def _has_colon(line: str) -> bool:
    return ":" in line[:40] or "：" in line[:40]


def _include_rule(lines: list[str], at: int) -> int:
    """Return the line of a ruled line directly above, or `at` if there is none."""
    above = at - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above]) else at


def _is_header_block(lines: list[str], at: int) -> bool:
    """Return whether a mail program wrote a header block here; headers pasted from a source do not count."""
    if at and RAW_HEADER.match(lines[at - 1][:MAX_LINE]):
        return False
    return _is_known_header_block(lines, at) if HEADER_LABEL.match(lines[at]) else _is_unknown_header_block(lines, at)


def _is_known_header_block(lines: list[str], at: int) -> bool:
    """Return whether labels such as From, Sent and Subject follow, as Outlook writes them, and not an itinerary."""
    first = HEADER_LABEL.match(lines[at])
    if first is None or not (first["from"] or first["date"]):
        return False
    kinds: set[str] = set()
    block: list[str] = []
    other_lines = 0
    for line in lines[at : at + 14]:
        found = HEADER_LABEL.match(line[:MAX_LINE]) if _has_colon(line) else None
        if found is None:
            other_lines += 1
            if other_lines > MAX_OTHER_LINES or (not line.strip() and len(kinds) > 1):
                break
            continue
        kinds.add(found.lastgroup or "")
        block.append(line[:MAX_LINE])
    text = " ".join(block)
    known = "from" in kinds and len(kinds) >= MIN_HEADERS
    return known and ("subject" in kinds or "@" in text) and ("@" in text or {"date", "subject"} <= kinds)


def _is_unknown_header_block(lines: list[str], at: int) -> bool:
    """Return whether a header block in an unknown language follows: an address, and a date and time below it."""
    block = [line[:MAX_LINE] for line in lines[at : at + 4]]
    if not EMAIL.search(block[0]) or not all(_has_colon(line) and UNKNOWN_LABEL.match(line) for line in block):
        return False
    return len(block) > MIN_HEADERS and any(DATE_WITH_YEAR.search(line) and CLOCK.search(line) for line in block[1:])


# Quotes with marks.


def _without_quotes(lines: list[str]) -> list[str] | None:
    """Remove quotes around the own text, but keep those it replies to in between; None if there is no own text."""
    kinds = _classify(lines)
    if QUOTED not in kinds:
        return lines
    if OWN not in kinds:
        return None if ATTRIBUTION in kinds else lines
    first, last = kinds.index(OWN), len(kinds) - 1 - kinds[::-1].index(OWN)
    quotes = [at for at, kind in enumerate(kinds) if kind == QUOTED]
    inner_quotes = [at for at in quotes if first < at < last]
    kept = [at for at in range(first, last + 1) if kinds[at] != ATTRIBUTION]
    if inner_quotes and not _is_interleaved(kinds) and ATTRIBUTION in kinds[first : last + 1]:
        kept = [at for at in kept if kinds[at] != QUOTED]
    after = lines[last + 1 :]
    if ATTRIBUTION not in kinds and quotes[-1] > last and lines[last].rstrip().endswith((":", "：")):
        return lines[first : last + 1] + after
    return [lines[at] for at in kept]


def _classify(lines: list[str]) -> list[str]:
    """Return the kind of each line."""
    kinds = [QUOTED if is_quoted(line) else OWN if line.strip() else EMPTY for line in lines]
    for at, kind in enumerate(kinds[:MAX_SCANNED_LINES]):
        if kind == OWN:
            length = attribution_length(lines, at)
            if length and is_quote_next(lines, at + length):
                above = _include_rule(lines, at)
                kinds[above : at + length] = [ATTRIBUTION] * (at + length - above)
            elif _is_unknown_attribution(lines, at) or _is_wrapped_quote(lines, kinds, at):
                kinds[at] = ATTRIBUTION if lines[at].rstrip().endswith(":") else QUOTED
    return kinds


def _is_unknown_attribution(lines: list[str], at: int) -> bool:
    """Return whether a line is an attribution in an unknown language: time and address, colon, then a quote."""
    line = lines[at]
    if len(line) > MAX_LINE or not line.rstrip().endswith((":", "：")):
        return False
    return bool(EMAIL.search(line) and (CLOCK.search(line) or DATE.search(line))) and is_quote_next(lines, at + 1)


def _is_wrapped_quote(lines: list[str], kinds: list[str], at: int) -> bool:
    """Return whether a line is the wrapped end of the quoted line above."""
    if not 0 < at < len(lines) - 1 or kinds[at - 1] != QUOTED or not is_quoted(lines[at + 1]):
        return False
    above, line = lines[at - 1].rstrip(), lines[at].strip()
    is_wrapped = len(above) >= WRAP_COLUMN and line[:1].islower() and above[-1] not in ".?!:" and len(line) < len(above)
    is_link = line.startswith(("http://", "https://", "<http")) or "://" in above.rpartition(" ")[2]
    return is_wrapped or (is_link and " " not in line)


def _is_interleaved(kinds: list[str]) -> bool:
    """Return whether own text stands between two quotes."""
    order = [kind for kind in kinds if kind in {OWN, QUOTED}]
    first, last = order.index(QUOTED), len(order) - 1 - order[::-1].index(QUOTED)
    return OWN in order[first:last]


# Signatures.


def _without_signature(lines: list[str]) -> list[str]:
    lines = lines[: _signature_start(lines)]
    end = len(lines)
    for _ in range(3):
        while end and not lines[end - 1].strip():
            end -= 1
        if (
            not end
            or len(lines[end - 1]) > MAX_MOBILE_SIGNATURE
            or not MOBILE_SIGNATURE.match(_LINK.sub("", lines[end - 1]))
        ):
            break
        end -= 1
        while end and (_RULE.match(lines[end - 1]) or not lines[end - 1].strip()):
            end -= 1
    return lines[:end]


def _without_bottom_signature(lines: list[str]) -> list[str]:
    """Remove a signature that stands below all quotes."""
    at = _signature_start(lines)
    return lines if any(map(is_quoted, lines[at:])) else lines[:at]


def _signature_start(lines: list[str]) -> int:
    """Return the line of the dashes that open a signature: alone, with text above and few lines below."""
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
