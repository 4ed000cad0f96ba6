"""Pure: how a tag is written, and what a change of tags makes of them."""

import unicodedata
from collections.abc import Iterable, Sequence

from hub.errors import BadInput

LONGEST = 50
MOST = 30


def tag_of(written: str) -> str:
    """Write a tag in its one form: lower case, single spaces; raises BadInput."""
    tag = " ".join(unicodedata.normalize("NFC", written).lower().split())
    if not tag:
        raise BadInput("A tag needs at least one character.", field="add")
    if len(tag) > LONGEST:
        raise BadInput(f"A tag has at most {LONGEST} characters; this one has {len(tag)}.", field="add")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in tag):
        raise BadInput("A tag may not contain control characters.", field="add")
    return tag


def changed(tags: Sequence[str], add: Iterable[str], remove: Iterable[str]) -> tuple[list[str], list[str]]:
    """Tell which tags are new on a conversation, and which leave it; both in alphabetical order."""
    leaving = {tag_of(one) for one in remove} & set(tags)
    coming = {tag_of(one) for one in add} - set(tags) - leaving
    if len(tags) - len(leaving) + len(coming) > MOST:
        raise BadInput(f"A conversation has at most {MOST} tags; take some off first.", field="add")
    return sorted(coming), sorted(leaving)
