"""Pure: how a tag is written, and what a change of tags makes of them."""

import unicodedata
from collections.abc import Iterable, Sequence

from hub.inbox.errors import TagEmpty, TagTooLong, TagWithControls, TooManyTags

LONGEST = 50
MOST = 30


def tag_of(written: str) -> str:
    """Write a tag in its one form: lower case, single spaces; raises BadInput."""
    tag = " ".join(unicodedata.normalize("NFC", written).lower().split())
    if not tag:
        raise TagEmpty
    if len(tag) > LONGEST:
        raise TagTooLong(most=LONGEST, count=len(tag))
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in tag):
        raise TagWithControls
    return tag


def changed(tags: Sequence[str], add: Iterable[str], remove: Iterable[str]) -> tuple[list[str], list[str]]:
    """Tell which tags are new on a conversation, and which leave it; both in alphabetical order."""
    leaving = {tag_of(one) for one in remove} & set(tags)
    coming = {tag_of(one) for one in add} - set(tags) - leaving
    if len(tags) - len(leaving) + len(coming) > MOST:
        raise TooManyTags(most=MOST)
    return sorted(coming), sorted(leaving)
