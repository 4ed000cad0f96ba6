"""The shape of the code: sizes that keep a module one thought, and rooms that a newcomer can find their way in."""

import ast
from pathlib import Path
from statistics import median

import grimp

HUB = Path(__file__).parents[1] / "hub"
MODULES = [path for path in sorted(HUB.rglob("*.py")) if "migrations" not in path.parts and path.name != "__init__.py"]


def lines(path: Path) -> int:
    return path.read_text().count("\n")


def functions() -> dict[str, int]:
    """The length in lines of every function, by file and name."""
    return {
        f"{path.relative_to(HUB)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_a_module_is_one_thought() -> None:
    long = {str(path.relative_to(HUB)): lines(path) for path in MODULES if lines(path) > 300}
    assert long == {}
    assert median(lines(path) for path in MODULES) <= 100


def test_a_function_fits_on_a_screen() -> None:
    sizes = functions()
    assert {name: size for name, size in sizes.items() if size > 40} == {}
    assert median(sizes.values()) <= 8


def test_no_room_is_a_hall_and_the_root_is_not_a_room() -> None:
    rooms = {path.parent for path in MODULES if path.parent != HUB}
    crowded = {str(room.relative_to(HUB)): n for room in rooms if (n := len(list(room.glob("[!_]*.py")))) > 30}
    assert crowded == {}
    assert len(list(HUB.glob("*.py"))) <= 6


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = grimp.build_graph("hub")
    circles = {
        module: sorted(chain)
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if other != module and (chain := graph.find_shortest_chain(importer=other, imported=module))
    }
    assert circles == {}
