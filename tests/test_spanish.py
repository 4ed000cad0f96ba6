"""The web app says the server's sentences in Spanish by what they are in English; this sees that they still are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "web" / "app" / "common" / "words" / "es.server.ts"
PLACE = re.compile(r"\{\w+\}")
SAID = re.compile(r'^ {2}"((?:[^"\\]|\\.)+)":\s+"', re.MULTILINE)


def _literals(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Every text the server can say, with its places empty."""
    files = (ROOT / "hub").rglob("*.py")
    return {text for file in files for text in _literals(ast.parse(file.read_text(encoding="utf-8")))}


def test_every_sentence_that_is_put_into_spanish_is_one_the_server_says(said: set[str]) -> None:
    sentences = SAID.findall(TABLE.read_text(encoding="utf-8"))
    assert len(sentences) > 90
    assert [one for one in sentences if PLACE.sub("{}", one) not in said] == []
