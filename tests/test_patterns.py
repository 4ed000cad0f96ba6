"""Constructs that no regular expression of ours may use."""

import re
from pathlib import Path

import hub

GROUP_KEPT_WHOLE = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 matches some possessive patterns wrongly (gh-106052), but not those of single characters."""
    own = Path(hub.__file__).parent.rglob("*.py")
    assert [str(path) for path in own if GROUP_KEPT_WHOLE.search(path.read_text())] == []
