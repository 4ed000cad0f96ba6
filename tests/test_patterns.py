"""Constructs that the code of the product may not contain."""

import re
from pathlib import Path

import hub

GROUP_KEPT_WHOLE = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 matches some possessive patterns wrongly (gh-106052), but not those of single characters."""
    own = Path(hub.__file__).parent.rglob("*.py")
    assert [str(path) for path in own if GROUP_KEPT_WHOLE.search(path.read_text())] == []


def test_no_transport_is_known_by_its_class() -> None:
    """uvloop's transports are no subclasses of asyncio's: such a question is always answered no in production."""
    asked = re.compile(r"isinstance\([^)]*Transport\b|case asyncio\.\w*Transport")
    own = Path(hub.__file__).parent.rglob("*.py")
    assert [str(path) for path in own if asked.search(path.read_text())] == []
