"""Normalises tags and works out which of them a change adds and removes. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence

from hub.inbox.errors import TagEmpty, TagTooLong, TagWithControls, TooManyTags

MAX_LENGTH = 50  # characters
MAX_TAGS = 30  # per conversation


def normalise_tag(text: str) -> str:
    """Return a tag in lower case with single spaces; raises BadInput if it is empty, too long or has control codes."""
    tag = " ".join(unicodedata.normalize("NFC", text).lower().split())
    if not tag:
        raise TagEmpty
    if len(tag) > MAX_LENGTH:
        raise TagTooLong(most=MAX_LENGTH, count=len(tag))
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in tag):
        raise TagWithControls
    return tag


def changed(tags: Sequence[str], add: Iterable[str], remove: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the tags to add to and to remove from `tags`, each in alphabetical order; raises BadInput."""
    removed = {normalise_tag(tag) for tag in remove} & set(tags)
    added = {normalise_tag(tag) for tag in add} - set(tags) - removed
    if len(tags) - len(removed) + len(added) > MAX_TAGS:
        raise TooManyTags(most=MAX_TAGS)
    return sorted(added), sorted(removed)
