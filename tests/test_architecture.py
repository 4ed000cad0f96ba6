"""ARCHITECTURE.md and the other pages name files that exist, and the layers that are checked."""

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    if name != "CHANGELOG.md"
]
FILE = re.compile(r"`((?:hub|tests|web|bench|docs|scripts)/[\w./-]+\.\w+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]*[./][^)#\s]*)")
LAYER = re.compile(r"^ ((?:[a-z]+(?: \| | / )?)+?)(?:  |$)")


def layers_in_the_page() -> list[str]:
    block = (ROOT / "ARCHITECTURE.md").read_text().split("```")[1]
    lines = [found[1] for line in block.splitlines() if (found := LAYER.match(line))]
    return [layer for line in lines for layer in line.split(" / ")]


def test_the_layers_in_the_page_are_those_that_are_checked() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    assert layers_in_the_page() == contracts["importlinter:contract:house"]["layers"].split("\n")[1:]


def test_every_room_has_its_line() -> None:
    rooms = {path.name for path in (ROOT / "hub").iterdir() if (path / "__init__.py").exists()}
    named = {room for layer in layers_in_the_page() for room in layer.split(" | ")}
    assert rooms - named <= {"migrations"}


@pytest.mark.parametrize("document", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_link_named_on_a_page_exists(document: Path) -> None:
    text = document.read_text()
    named = {name for name in FILE.findall(text) if not re.search(r"NAME|KIND|NNNN|pager", name)}
    assert {name for name in named if not (ROOT / name).exists()} == set()
    assert {link for link in LINK.findall(text) if not (document.parent / link).exists()} == set()
