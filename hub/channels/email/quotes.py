"""The reply without quoted history and signature; in doubt, more is kept: a reply's own text is never lost."""

import re

from hub.channels.email.phrases import (
    ABOVE,
    CLOCK,
    DATE,
    EMAIL,
    FORWARD,
    FORWARD_STARTS,
    KEY,
    LAST_SIGNS,
    LAST_WORDS,
    MOBILE,
    OPENER,
    SEPARATOR,
    WROTE,
)
from hub.channels.email.plain import render

MAX_LINE = 400
MAX_LINES = 3000  # looked at for history; what is below is kept as it is
MAX_SIGNATURE = 25
MAX_BARE_SIGNATURE = 10
MAX_MOBILE = 200
MAX_STRAYS = 3
HEADERS_NEEDED = 3
WRAPS_AT = 66
_RULE = re.compile(r"[ \t>]*[-_=*—–]{4,}[ \t]*$")
_TORN = re.compile(r"[ \t]*>[ \t]?(?:[^\W\d>][\w ()]{1,30})?[:：][ \t]*$")
_DIGIT = re.compile(r"\d")
OWN, EMPTY, QUOTED, SAID = "t", "e", "q", "s"  # SAID: "On …, X wrote:"


def fold(text: str, html: str | None = None) -> str:
    """Give the reply's own text; `html` is read where there is no plain text."""
    if html and not text.strip():
        text = render(html)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    end, forward = _history(lines)
    own = _without_quotes(_above_dashes(lines[:end]) if forward is None else lines)
    if own is None:
        return "" if forward is None else _trim(lines)
    if forward is None:
        own = _without_signature(own)
    kept = _trim(own)
    return kept or _trim(lines)


def _trim(lines: list[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip("\n").rstrip()


def _is_quoted(line: str) -> bool:
    return line.lstrip(" \t").startswith((">", "＞"))


# --- history without quote marks -------------------------------------------------------------


def _history(lines: list[str]) -> tuple[int, int | None]:
    """Find where unmarked history begins, and a forwarded mail, which is kept."""
    for at, line in enumerate(lines[:MAX_LINES]):
        if line and len(line) <= MAX_LINE and not _is_quoted(line):
            if line.lstrip()[:1] in FORWARD_STARTS and FORWARD.match(line):
                return len(lines), at
            if _begins_history(lines, at):
                return _before_rule(lines, at), None
    return len(lines), None


def _begins_history(lines: list[str], at: int) -> bool:
    line = lines[at]
    if ABOVE.match(line) or (line.lstrip(" \t*_")[:1] in "-_=—–" and SEPARATOR.match(line)):
        return True
    if _has_colon(line) and KEY.match(line) and _is_header_block(lines, at):
        return True
    length = _attribution(lines, at)
    return bool(length) and not _quote_follows(lines, at + length) and _is_strong(" ".join(lines[at : at + length]))


def _has_colon(line: str) -> bool:
    return ":" in line[:40] or "：" in line[:40]


def _before_rule(lines: list[str], at: int) -> int:
    """Step back over a ruled line above the history."""
    above = at - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above]) else at


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


# --- "On …, X wrote:" ------------------------------------------------------------------------


def _attribution(lines: list[str], at: int) -> int:
    """Give the number of lines, up to four, that say who wrote when; 0 for none."""
    joined = ""
    for count, line in enumerate(lines[at : at + 4], 1):
        if not line.strip() or len(line) > MAX_LINE or (count > 1 and _is_quoted(line) and not _TORN.match(line)):
            return 0
        joined = f"{joined} {line.strip()}"
        if count == 1 and "@" not in line and not _DIGIT.search(line):
            return 0
        if _may_end(line) and _says_who(joined.strip()):
            return count
    return 0


def _may_end(line: str) -> bool:
    tail = line.rstrip(" \t*")[-40:]
    if tail.endswith((":", "：", *LAST_SIGNS)):
        return True
    return tail.rpartition(" ")[2].rstrip(".:").lower() in LAST_WORDS


def _says_who(text: str) -> bool:
    if not _DIGIT.search(text) or len(text) > MAX_LINE:
        return False
    email, clock, date = EMAIL.search(text), CLOCK.search(text), DATE.search(text)
    if not (OPENER.match(text) or email):
        return False
    if WROTE.search(text):
        return bool(date or clock)
    return bool(date and clock and email)


def _is_strong(text: str) -> bool:
    """Tell whether this alone, with no quote marks after it, shows that history follows."""
    return bool(DATE.search(text) and (EMAIL.search(text) or CLOCK.search(text)))


def _quote_follows(lines: list[str], at: int) -> bool:
    return next((_is_quoted(line) for line in lines[at : at + 6] if line.strip()), False)


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
    kinds = [QUOTED if _is_quoted(line) else OWN if line.strip() else EMPTY for line in lines]
    for at, kind in enumerate(kinds[:MAX_LINES]):
        if kind == OWN:
            length = _attribution(lines, at)
            if length and _quote_follows(lines, at + length):
                kinds[at : at + length] = [SAID] * length
            elif _ends_before_quote(lines, at) or _is_wrapped(lines, kinds, at):
                kinds[at] = SAID if lines[at].rstrip().endswith(":") else QUOTED
    return kinds


def _ends_before_quote(lines: list[str], at: int) -> bool:
    """Tell whether an unknown language says who wrote: a colon after a time and an address, then a quote."""
    line = lines[at]
    if len(line) > MAX_LINE or not line.rstrip().endswith((":", "：")):
        return False
    return bool(EMAIL.search(line) and (CLOCK.search(line) or DATE.search(line))) and _quote_follows(lines, at + 1)


def _is_wrapped(lines: list[str], kinds: list[str], at: int) -> bool:
    """Tell whether a line is the torn-off end of the quoted line above."""
    if not 0 < at < len(lines) - 1 or kinds[at - 1] != QUOTED or not _is_quoted(lines[at + 1]):
        return False
    above, line = lines[at - 1].rstrip(), lines[at].strip()
    torn = len(above) >= WRAPS_AT and line[:1].islower() and above[-1] not in ".?!:" and len(line) < len(above)
    return torn or (line.startswith(("http://", "https://", "<http")) and " " not in line)


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
        if not end or len(lines[end - 1]) > MAX_MOBILE or not MOBILE.match(lines[end - 1]):
            break
        end -= 1
        while end and (_RULE.match(lines[end - 1]) or not lines[end - 1].strip()):
            end -= 1
    return lines[:end]


def _above_dashes(lines: list[str]) -> list[str]:
    """Leave out a signature that stands below all quotes."""
    at = _dashes(lines)
    return lines if any(map(_is_quoted, lines[at:])) else lines[:at]


def _dashes(lines: list[str]) -> int:
    """Find the dashed line that opens a signature: something stands above it and little below."""
    found, below = len(lines), 0
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].rstrip()
        if line == "--" and below <= (MAX_SIGNATURE if lines[at] == "-- " else MAX_BARE_SIGNATURE):
            found = at
        below += bool(line)
        if below > MAX_SIGNATURE:
            break
    return found if any(line.strip() for line in lines[:found]) else len(lines)
