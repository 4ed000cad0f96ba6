"""Comments, docstrings and documentation are written in plain modern English: old idioms may only become fewer."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

# What a reader stumbles over, and the words to use instead.
IDIOMS = {
    r"whoever|whosoever": "name the subject: the agent, the customer, the caller",
    r"afresh|anew": "again",
    r"lest|whence|thereof|therein|thereby|wherein|whereby|hither|thither|henceforth": "so that … not",
    r"let(?:s|ting)? go of|lets? (?:it|them) go": "release, drop",
    r"shown out|shows? out": "disconnect",
    r"(?:is|are|was|were|be|being) told of": "is notified of, is logged",
    r"becom(?:e|es|ing) of|became of": "outcome, result",
    r"nobody's": "unassigned",
    r"tak(?:e|es|ing) in\b(?! (?:a|an|the|one|account|order|turn|this))|took in": "store, process",
    r"taken in\b(?! (?:a|an|the|one|this))": "stored, processed",
    r"giv(?:e|es|en|ing) back|gave back": "return",
    r"hand(?:s|ed|ing)? (?:over|out|on)\b|hand(?:s|ed|ing) in\b": "pass, return, transfer, submit",
    r"in hand": "in progress, claimed",
    r"brooms?|parcels?(?=['’.,;:]? (?:of|is|has))": "clean-up, outbound message",
    r"(?:in|out)-trays?": "arrivals, deliveries",
    r"household|the house|this house": "the company, the product",
    r"(?:the|a|by|through|each|own|mail|visitors'?) doors?": "entry point, API, mail server",
    r"(?:the|a|every|each|lost|rings?|rung) bells?": "signal",
    r"(?:the|a|their|own|open) desks?": "availability, workload",
    r"(?:the|open|this|own) ground": "context",
    r"ails?|ailing": "fails, is unhealthy",
    r"so (?:often|many) (?:a|an|may|wake|that are|tries|in one)": "say what the number limits",
    r"what (?:comes|came|stands|stood|waits|waited|goes|arrives|arrived|happens to come)": "name the thing",
    r"\A(?:what|who|whose|whom)": "name the subject first",
    r"who (?:is|was|has|may|can|wrote|asks|answers) (?:what|whom|nobody)": "name the person",
    r"(?:is|are|was|were) nobody": "there is no …",
    r"by and by|straightaway|forthwith|at all events|save for": "soon, at once, except",
}
REMAINING = 0

COMPILED = {re.compile(rf"(?:\b|(?=\A))(?:{pattern})\b", re.IGNORECASE): pattern for pattern in IDIOMS}
CODE_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|<!--.*?-->", re.DOTALL)


def prose_of_python(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each comment and docstring."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                yield node.body[0].lineno, docstring


def prose_of(path: Path) -> Iterator[tuple[int, str]]:
    text = path.read_text()
    if path.suffix == ".py":
        yield from prose_of_python(text)
    elif path.suffix in {".ts", ".vue"}:
        for found in CODE_COMMENT.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found[0]
    else:
        yield from ((line, f" {text}") for line, text in enumerate(text.splitlines(), 1))


def files() -> list[Path]:
    wanted = ("*.py", "*.ts", "*.vue", "*.md", "Makefile", "scripts/*.sh")
    listed = subprocess.run(["git", "ls-files", *wanted], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    left_out = {"CHANGELOG.md", "LICENSE", "tests/test_prose.py"}
    return [
        ROOT / name
        for name in listed.splitlines()
        if name not in left_out and not name.startswith("hub/migrations/versions") and not name.endswith(".d.ts")
    ]


def found_in(path: Path) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: “{match[0]}” (better: {IDIOMS[pattern]})"
        for line, text in prose_of(path)
        for idiom, pattern in COMPILED.items()
        for match in idiom.finditer(text)
    ]


def test_no_old_idiom_is_left() -> None:
    """The number may only fall: lower `REMAINING` with every one that goes."""
    found = [line for path in files() for line in found_in(path)]
    assert len(found) == REMAINING, "\n".join([f"{len(found)} idioms, {REMAINING} allowed:", *found])
