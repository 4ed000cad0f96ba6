"""Recognise attribution lines above a quote ("On Monday, Anna wrote:") in many languages."""

import re

from hub.channels.email.parse.phrases import (
    ATTRIBUTION_ENDS,
    ATTRIBUTION_ENDS_CJK,
    ATTRIBUTION_START,
    DATE_WITH_YEAR,
    INNER_ATTRIBUTION_START,
    WROTE,
)

MAX_LINE = 400  # characters; longer lines are not examined
MAX_WITHOUT_VERB = 160  # characters of an attribution without a verb such as "wrote"
EMAIL = re.compile(r"[^\s<>\"'(\[:;,@]{1,128}@[^\s<>\"')\]:;,@]{2,190}")
CLOCK = re.compile(r"(?<!\d)\d{1,2}\s?[:.h時点시]\s?\d{2}|\d{1,2}\s?(?:am|pm|uhr)(?!\w)", re.IGNORECASE)
DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?<!\d)\d{1,2}\.? [^\W\d]{3,12}"
    r"|[^\W\d]{3,12}\.? \d{1,2}(?!\d)|\d月|\d월"
)
_WRAPPED_END = re.compile(r"[ \t]*>[ \t]?(?:[^\W\d>][\w ()]{1,30})?[:：][ \t]*$")
_DIGIT = re.compile(r"\d")
_DATE_AND_ADDRESS = re.compile(
    r"[ \t]*(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}[ \t,][^<>@]{0,80}<[^<>\s@]{1,128}@[^<>\s@]{2,190}>:?$"
)
"""A date and an address: the whole attribution of some mail programs."""


def is_quoted(line: str) -> bool:
    """Return whether a line begins with a quote mark."""
    return line.lstrip(" \t").startswith((">", "＞"))


def is_quote_next(lines: list[str], at: int) -> bool:
    """Return whether the next line that is not empty is quoted, looking at most six lines ahead."""
    return next((is_quoted(line) for line in lines[at : at + 6] if line.strip()), False)


def attribution_length(lines: list[str], at: int) -> int:
    """Return the number of lines, at most four, of an attribution that starts at index `at`; 0 if there is none."""
    if "@" not in lines[at] and not _DIGIT.search(lines[at]):
        return 0
    rest = ""
    for count, line in enumerate(lines[at : at + 4], 1):
        if not line.strip() or len(line) > MAX_LINE or (count > 1 and is_quoted(line) and not _WRAPPED_END.match(line)):
            return 0
        rest = f"{rest} {line.strip()}".strip() if count > 1 else ""
        if _may_end_attribution(line) and _is_attribution(f"{lines[at].strip()} {rest}".strip()):
            return 0 if rest and _is_complete_without_first(lines[at], rest) else count
    return 0


def _is_complete_without_first(first: str, rest: str) -> bool:
    """Return whether the attribution is complete without its first line, which then is the author's own text."""
    return (DATE.search(rest) is not None and _is_attribution(rest)) or not (
        ATTRIBUTION_START.match(first) or DATE.search(first) or CLOCK.search(first) or EMAIL.search(first)
    )


def proves_history(text: str) -> bool:
    """Return whether an attribution alone, without quote marks below it, shows that quoted history follows."""
    return bool((DATE.search(text) and EMAIL.search(text)) or (DATE_WITH_YEAR.search(text) and CLOCK.search(text)))


def split_glued_attribution(lines: list[str]) -> list[str]:
    """Move an attribution that is glued to the end of own text to a line of its own."""
    for at, line in enumerate(lines):
        if len(line) > MAX_LINE or not _may_end_attribution(line) or ATTRIBUTION_START.match(line):
            continue
        start = INNER_ATTRIBUTION_START.search(line)
        if start is None or _may_name_the_author(line[: start.start()]) or not _is_attribution(line[start.start() :]):
            continue
        if is_quote_next(lines, at + 1) or proves_history(line[start.start() :]):
            own_text = line[: start.start()].rstrip(" \t-—–")
            return [*lines[:at], own_text, line[start.start() :], *lines[at + 1 :]]
    return lines


def _may_name_the_author(text: str) -> bool:
    return bool(EMAIL.search(text) or WROTE.search(text)) or is_quoted(text)


def _may_end_attribution(line: str) -> bool:
    tail = line.rstrip(" \t*-—–")[-40:]
    if tail.endswith((":", "：", *ATTRIBUTION_ENDS_CJK)):
        return True
    if tail.endswith(">") and _DATE_AND_ADDRESS.match(line):
        return True
    return tail.rpartition(" ")[2].rstrip(".:").lower() in ATTRIBUTION_ENDS


def _is_attribution(text: str) -> bool:
    if len(text) > MAX_LINE or not _DIGIT.search(text):
        return False
    email, clock, date = EMAIL.search(text), CLOCK.search(text), DATE.search(text)
    if not (ATTRIBUTION_START.match(text) or email or (date and clock and len(text) <= MAX_WITHOUT_VERB)):
        return False
    if WROTE.search(text):
        return bool(date or clock)
    return bool(date and email and (clock or _DATE_AND_ADDRESS.match(text)))
