"""The line above a quote that says who wrote it and when, in whatever language."""

import re

from hub.channels.email.parse.phrases import INNER_OPENER, LAST_SIGNS, LAST_WORDS, OPENER, WROTE, YEAR

MAX_LINE = 400
MAX_BARE = 160  # without a word for writing
EMAIL = re.compile(r"[^\s<>\"'(\[:;,@]{1,128}@[^\s<>\"')\]:;,@]{2,190}")
CLOCK = re.compile(r"(?<!\d)\d{1,2}\s?[:.h時点시]\s?\d{2}|\d{1,2}\s?(?:am|pm|uhr)(?!\w)", re.IGNORECASE)
DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?<!\d)\d{1,2}\.? [^\W\d]{3,12}"
    r"|[^\W\d]{3,12}\.? \d{1,2}(?!\d)|\d月|\d월"
)
_TORN = re.compile(r"[ \t]*>[ \t]?(?:[^\W\d>][\w ()]{1,30})?[:：][ \t]*$")
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"[ \t]*(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}[ \t,][^<>@]{0,80}<[^<>\s@]{1,128}@[^<>\s@]{2,190}>:?$")
"""A date and an address, which some programs leave at that."""


def is_quoted(line: str) -> bool:
    """Tell whether a line carries a quote mark."""
    return line.lstrip(" \t").startswith((">", "＞"))


def begins_quote(lines: list[str], at: int) -> bool:
    """Tell whether the next words are quoted ones."""
    return next((is_quoted(line) for line in lines[at : at + 6] if line.strip()), False)


def attribution(lines: list[str], at: int) -> int:
    """Give the number of lines, up to four, that say who wrote when; 0 for none."""
    if "@" not in lines[at] and not _DIGIT.search(lines[at]):
        return 0
    below = ""
    for count, line in enumerate(lines[at : at + 4], 1):
        if not line.strip() or len(line) > MAX_LINE or (count > 1 and is_quoted(line) and not _TORN.match(line)):
            return 0
        below = f"{below} {line.strip()}".strip() if count > 1 else ""
        if _may_end(line) and _says_who(f"{lines[at].strip()} {below}".strip()):
            return 0 if below and _is_whole(lines[at], below) else count
    return 0


def _is_whole(first: str, below: str) -> bool:
    """Tell whether all is said without the first line, which then is somebody's own."""
    return (DATE.search(below) is not None and _says_who(below)) or not (
        OPENER.match(first) or DATE.search(first) or CLOCK.search(first) or EMAIL.search(first)
    )


def is_strong(text: str) -> bool:
    """Tell whether this alone, with no quote marks after it, shows that history follows."""
    return bool((DATE.search(text) and EMAIL.search(text)) or (YEAR.search(text) and CLOCK.search(text)))


def unglue(lines: list[str]) -> list[str]:
    """Give who wrote when a line of its own where it was glued to the end of own words."""
    for at, line in enumerate(lines):
        if len(line) > MAX_LINE or not _may_end(line) or OPENER.match(line):
            continue
        found = INNER_OPENER.search(line)
        if found is None or _names_someone(line[: found.start()]) or not _says_who(line[found.start() :]):
            continue
        if begins_quote(lines, at + 1) or is_strong(line[found.start() :]):
            own = line[: found.start()].rstrip(" \t-—–")
            return [*lines[:at], own, line[found.start() :], *lines[at + 1 :]]
    return lines


def _names_someone(text: str) -> bool:
    return bool(EMAIL.search(text) or WROTE.search(text)) or is_quoted(text)


def _may_end(line: str) -> bool:
    tail = line.rstrip(" \t*-—–")[-40:]
    if tail.endswith((":", "：", *LAST_SIGNS)):
        return True
    if tail.endswith(">") and _BARE.match(line):
        return True
    return tail.rpartition(" ")[2].rstrip(".:").lower() in LAST_WORDS


def _says_who(text: str) -> bool:
    if len(text) > MAX_LINE or not _DIGIT.search(text):
        return False
    email, clock, date = EMAIL.search(text), CLOCK.search(text), DATE.search(text)
    if not (OPENER.match(text) or email or (date and clock and len(text) <= MAX_BARE)):
        return False
    if WROTE.search(text):
        return bool(date or clock)
    return bool(date and email and (clock or _BARE.match(text)))
