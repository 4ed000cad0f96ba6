"""Every error has a code, published parameters, and a text in every language of the clients."""

import ast
import builtins
import json
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import hub
from hub.channels.send_errors import Notice, SendError
from hub.entrypoints.app import described
from hub.entrypoints.error_codes import COMMAND_ONLY, KINDS, TYPES, published
from hub.errors import CodedText, HubError, concrete_subclasses

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "web" / "text" / "errors"
ENTRY = re.compile(r'^ {2}(\w+):\s+("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
PLACE = re.compile(r"\{(\w+)\}")
NOT_IMPORTED = ("hub.migrations",)  # Alembic imports its scripts by itself
CODES = {one.code: one for one in published()}


def _texts(language: str) -> dict[str, str]:
    return {code: json.loads(text) for code, text in ENTRY.findall((TEXTS / f"{language}.ts").read_text("utf-8"))}


ENGLISH, SPANISH = _texts("en"), _texts("es")


def _everything() -> set[type[CodedText]]:
    for module in pkgutil.walk_packages(hub.__path__, "hub."):
        if not module.name.startswith(NOT_IMPORTED) and not module.name.endswith("__main__"):
            import_module(module.name)
    return {one for kind in KINDS for one in concrete_subclasses(kind) if one.__module__.startswith("hub.")}


def test_every_error_is_published_but_those_of_terminals() -> None:
    assert {one for one in _everything() if not issubclass(one, COMMAND_ONLY)} == set(published())


def test_no_two_errors_share_a_code() -> None:
    assert [code for code, count in Counter(one.code for one in _everything()).items() if count > 1] == []


def test_every_error_has_a_sentence_that_ends() -> None:
    ends = (".", "?", "}", ": make web", "--demo", "base64 32", ")")
    assert [one.code for one in _everything() if not one.template.endswith(ends)] == []


def test_a_sentence_names_only_parameters_of_its_error() -> None:
    wrong = {one.code for one in _everything() if not set(PLACE.findall(one.template)) <= one.parameters.keys()}
    assert wrong == set()


def test_every_parameter_has_a_type_that_is_published() -> None:
    assert {kind for one in published() for kind in one.parameters.values()} <= TYPES.keys()


def test_the_english_texts_are_the_sentences_of_the_server() -> None:
    assert {code: one.template for code, one in CODES.items()} == ENGLISH  # else: npm run types


def test_every_error_has_a_text_in_spanish() -> None:
    assert SPANISH.keys() == CODES.keys()


def test_the_spanish_texts_are_spanish() -> None:
    assert [code for code in CODES if ENGLISH[code] == SPANISH[code]] == []


@pytest.mark.parametrize("code", sorted(CODES))
def test_both_languages_show_the_same_parameters(code: str) -> None:
    assert set(PLACE.findall(SPANISH[code])) == set(PLACE.findall(ENGLISH[code]))


def test_codes_and_parameters_stand_in_the_interface_description() -> None:
    schemas = described().to_schema()["components"]["schemas"]
    assert schemas["ErrorCode"]["enum"] == list(CODES)
    params = schemas["ErrorParams"]["properties"]
    assert set(schemas["ErrorParams"]["required"]) == set(CODES)
    assert params["upload_too_large"]["properties"] == {"limit_mb": {"type": "integer"}}
    assert params["given_up_after_days"]["properties"]["cause"] == {"$ref": "#/components/schemas/Reason"}
    assert schemas["Problem"]["properties"]["code"] == {"$ref": "#/components/schemas/ErrorCode"}


# --- no error without a code ---------------------------------------------------------------------


def _raised(tree: ast.AST) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield each class by its name that is raised or made, with its positional arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield _name(node.func), node.args
        elif isinstance(node, ast.Raise) and node.exc is not None:
            yield _name(node.exc), []


def _name(named: ast.expr) -> str:
    return named.id if isinstance(named, ast.Name) else named.attr if isinstance(named, ast.Attribute) else ""


def _kinds(of: type[CodedText], *, abstract: bool) -> Iterator[type[CodedText]]:
    for below in of.__subclasses__():
        if below.abstract is abstract:
            yield below
        yield from _kinds(below, abstract=abstract)


def faults(source: str) -> list[str]:
    """Name what is raised without a code: a kind itself, or any error with a free sentence."""
    kinds = {one.__name__ for one in (HubError, SendError, Notice)}
    kinds |= {one.__name__ for of in KINDS for one in _kinds(of, abstract=True)}
    concrete_ = {one.__name__ for one in _everything()}
    return [name for name, given in _raised(ast.parse(source)) if name in kinds or (name in concrete_ and given)]


@pytest.mark.parametrize(
    "source, names",
    [
        ("raise NotFound('There is no such thing.')", ["NotFound"]),
        ("raise NotFound", ["NotFound"]),
        ("return Rejected(detail)", ["Rejected"]),
        ("raise ConversationNotFound('gone')", ["ConversationNotFound"]),
        ("raise errors.ConversationNotFound('gone')", ["ConversationNotFound"]),
        ("raise ConversationNotFound", []),
        ("raise UploadTooLarge(limit_mb=25) from error", []),
    ],
)
def test_a_free_sentence_is_noticed(source: str, names: list[str]) -> None:
    assert faults(source) == names


def test_nothing_is_raised_without_a_code() -> None:
    files = sorted((ROOT / "hub").rglob("*.py"))
    assert {str(file): found for file in files if (found := faults(file.read_text("utf-8")))} == {}


def test_no_error_is_named_like_one_of_python() -> None:
    assert {one.__name__ for one in _everything()} & vars(builtins).keys() == set()
