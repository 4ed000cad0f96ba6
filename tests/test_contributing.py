"""The walks of CONTRIBUTING.md, followed in a copy of the repository: a new channel and a new event."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.support.database import make_database

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"^(?:New file|In) `(?P<path>[^`]+)`:\n\n```(?P<form>python|diff)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
KINDS = "from hub.channels import registry; print(*registry.kinds()); print(registry.appearance('pager').label.es)"
VERIFY = """
import asyncio, sys

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from hub.events.definitions import ContactPointVerified
from hub.events.log import event_of
from hub.events.models import Entry
from hub.storage.tables import all_tables
from hub.timeline.contacts import Person, key_of, find_or_create_points
from hub.timeline.models import Conversation

async def main():
    all_tables()
    engine = create_async_engine(sys.argv[1])
    ana = key_of("mailto", "Ana@x.test")
    async with AsyncSession(engine) as session, session.begin():
        seen = Person(keys=(ana,), displays=("Ana@x.test",), verified=(False,))
        contact_id = (await find_or_create_points(session, [seen]))[ana].contact_id
        session.add(Conversation(contact_id=contact_id, reply_key="k"))
        await session.flush()
        proved = Person(keys=(ana,), displays=("Ana@x.test",), verified=(True,))
        for _ in range(2):
            await find_or_create_points(session, [proved])
        [entry] = await session.scalars(select(Entry))
        assert event_of(entry) == ContactPointVerified(contact_id=contact_id, address="ana@x.test")
        assert (entry.contact_id, entry.shown) == (contact_id, True)
    await engine.dispose()

asyncio.run(main())
"""


@dataclass(frozen=True)
class Step:
    """One block of a walk: the whole text of a new file, or the changes of one."""

    path: str
    form: str
    body: str


def walk(title: str) -> list[Step]:
    """Return the blocks of one walk, in order."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
    return [Step(**found.groupdict()) for found in BLOCK.finditer(section)]


def patched(text: str, diff: str) -> str:
    """Return a text with a diff applied; each part of the diff must match once after the one before it."""
    done = ""
    for part in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        old = "".join(line[1:] for line in part.splitlines(keepends=True) if line[0] in " -")
        new = "".join(line[1:] for line in part.splitlines(keepends=True) if line[0] in " +")
        assert text.count(old) == 1, f"{text.count(old)} times in the file:\n{old}"
        before, _, text = text.partition(old)
        done += before + new
    return done + text


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A copy of the files under version control, with the installed packages of both languages."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    _npm("--version")  # which installs the packages where they are missing
    (tmp_path / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    yield tmp_path
    shutil.rmtree(tmp_path)


def follow(copy: Path, steps: list[Step]) -> set[str]:
    """Carry out the steps of a walk; return the files that were new or changed."""
    for step in steps:
        path = copy / step.path
        if step.form == "python":
            assert not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.body, "utf-8")
        else:
            path.write_text(patched(path.read_text("utf-8"), step.body), "utf-8")
    return {step.path for step in steps}


def _run(copy: Path, *command: str) -> str:
    """Run Python in the copy, which hides the installed hub; return what it printed."""
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(copy), "PYTEST_ADDOPTS": ""}
    return _output([sys.executable, *command], cwd=copy, env=environment)


def _npm(*command: str) -> str:
    return _output(["sh", "scripts/setup.sh", "npm", *command], cwd=ROOT, env=os.environ)


def _output(command: list[str], *, cwd: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _lint(copy: Path, *paths: str) -> None:
    """Check the style, and the types with what the last run of mypy has remembered."""
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", copy / ".mypy_cache")
    python = [path for path in paths if path.endswith(".py")]
    _run(copy, "-m", "ruff", "check", *python)
    _run(copy, "-m", "ruff", "format", "--check", *python)
    _run(copy, "-m", "mypy", *python)


def test_a_channel_is_three_new_files_and_passes_the_contract(copy: Path) -> None:
    files = follow(copy, walk("A channel"))
    assert len(files) == 3
    assert not any((ROOT / path).exists() for path in files)
    kinds, label = _run(copy, "-c", KINDS).splitlines()
    assert "pager" in kinds.split()
    assert label == "Buscapersonas"
    islands = ["tests/channels/test_islands.py", "-k", "pager or contract"]
    passed = _run(copy, "-m", "pytest", "-q", "-n", "0", "tests/channels/test_pager.py", *islands)
    assert re.search(r"^[3-9]\d passed", passed, re.MULTILINE), passed
    _lint(copy, *files)


def test_an_event_is_five_files_that_agree(copy: Path, postgres: EmbeddedPostgres) -> None:
    files = follow(copy, walk("An event"))
    assert len(files) == 5
    assert '\n  contact_point_verified: "' in (copy / "web/app/inbox/words/en.ts").read_text("utf-8")
    _run(copy, "-c", VERIFY, make_database(postgres, "contributing"))
    description = _run(copy, "-m", "hub.entrypoints.cli", "openapi")
    assert "contact_point_verified" in json.dumps(json.loads(description)["components"]["schemas"])
    _lint(copy, *files)
    (copy / "openapi.json").write_text(description, "utf-8")
    _npm("exec", "--", "openapi-typescript", str(copy / "openapi.json"), "-o", str(copy / "web/api/schema.d.ts"))
    checked = {"extends": "./tsconfig.json", "include": [], "files": ["live/reduce.ts", "app/inbox/words/index.ts"]}
    (copy / "web" / "tsconfig.walk.json").write_text(json.dumps(checked), "utf-8")
    _npm("exec", "--", "tsc", "-p", str(copy / "web" / "tsconfig.walk.json"))


def test_every_command_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(
        re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    )
    assert {first or second for first, second in named} <= targets


@pytest.mark.parametrize("diff", ["+new\n old\n", " none\n+new\n"])
def test_a_diff_that_does_not_fit_is_noticed(diff: str) -> None:
    with pytest.raises(AssertionError, match="times in the file"):
        patched("old\nold\n", diff)


def test_a_diff_is_applied_part_by_part() -> None:
    assert patched("a\nb\nc\nd\n", " a\n+1\n@@\n-c\n+2\n") == "a\n1\nb\n2\nd\n"
