"""No channel imports another channel, or more of the hub than the contract."""

import pkgutil
from pathlib import Path

import grimp
import pytest

import hub.channels

MAY_IMPORT = {
    "hub",
    "hub.channels",
    "hub.channels.chat_contract",
    "hub.channels.contract",
    "hub.channels.provider_errors",
    "hub.channels.send_errors",
    "hub.channels.file_names",
    "hub.errors",
    "hub.settings",
}
FOLDERS = sorted(one.name for one in pkgutil.iter_modules([str(Path(hub.channels.__file__).parent)]) if one.ispkg)


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("hub")


def _modules(graph: grimp.ImportGraph, folder: str) -> set[str]:
    name = f"hub.channels.{folder}"
    return {name} | graph.find_descendants(name)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_channel_imports_only_the_contract(graph: grimp.ImportGraph, folder: str) -> None:
    own = _modules(graph, folder)
    foreign = {
        f"{module} imports {other}"
        for module in own
        for other in graph.find_modules_directly_imported_by(module) - own - MAY_IMPORT
    }
    assert foreign == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_module_imports_a_channel(graph: grimp.ImportGraph, folder: str) -> None:
    own = _modules(graph, folder)
    strangers = {
        f"{other} imports {module}" for module in own for other in graph.find_modules_that_directly_import(module) - own
    }
    assert strangers == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_channel_has_a_contract_class(folder: str) -> None:
    tests = Path(__file__).parent
    named = f"hub.channels.{folder}.adapter import"
    kept = [
        path for path in tests.rglob("test_*.py") if named in (text := path.read_text()) and "(ChannelContract)" in text
    ]
    assert kept, f"tests/channels has no class of ChannelContract for {folder}"
