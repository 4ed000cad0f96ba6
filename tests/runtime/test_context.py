"""Functions name their dependencies in their signatures: only entry points look parts up in the context."""

import ast
from collections.abc import Iterator
from pathlib import Path

import hub

ROOT = Path(hub.__file__).parent
CONTEXTS = {"context", "context_of"}


def _is_lookup(node: ast.AST) -> bool:
    """Return whether a call is `context.shared(…)`, in any of its forms."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "shared"):
        return False
    named = {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
    reached = {part.attr for part in ast.walk(node.func) if isinstance(part, ast.Attribute)}
    return bool(CONTEXTS & named or {"context", "_context"} & reached)


def _lookups(tree: ast.AST, function: str = "") -> Iterator[tuple[str, int]]:
    """Return the functions that look a part up, with the lines where they do."""
    for node in ast.iter_child_nodes(tree):
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        if _is_lookup(node):
            yield inner, node.lineno if isinstance(node, ast.Call) else 0
        yield from _lookups(node, inner)


def test_parts_are_looked_up_by_entry_points_and_providers_alone() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line} in {function or 'the module'}"
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] != "entrypoints"
        for function, line in _lookups(ast.parse(path.read_text()))
        if not function.startswith("provide_")
    }
    assert found == set()


def test_the_search_finds_a_lookup_in_a_loop() -> None:
    written = "async def run(self):\n    await self._context.shared(Feed).start()\n    context_of(state).shared(Feed)\n"
    assert list(_lookups(ast.parse(written))) == [("run", 2), ("run", 3)]
