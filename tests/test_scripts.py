"""The scripts of CI behave as described."""

import os
import subprocess
import sys
from pathlib import Path

HELP = ["make", "--no-print-directory", "help"]  # the suite itself is run by make, which would name the folder
SCRIPTS = Path(__file__).parents[1] / "scripts"
SHAKY = """
from pathlib import Path

def test_that_passes():
    pass

def test_that_passes_when_repeated():
    seen = Path(__file__).with_name("seen")
    again = seen.exists()
    seen.touch()
    assert again
"""
BROKEN = "\n\ndef test_that_fails_twice():\n    assert False\n"


def run_tests(folder: Path, body: str) -> tuple[int, list[str]]:
    (folder / "test_toy.py").write_text(body)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["sh", str(SCRIPTS / "tests.sh"), "names", "-p", "no:randomly", "test_toy.py"]
    done = subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
    names = folder / "names"
    return done.returncode, names.read_text().splitlines() if names.exists() else []


def test_a_test_that_passes_only_when_repeated_is_named_and_fails_nothing(tmp_path: Path) -> None:
    assert run_tests(tmp_path, SHAKY) == (0, ["test_toy.py::test_that_passes_when_repeated"])


def test_a_test_that_fails_twice_has_failed(tmp_path: Path) -> None:
    assert run_tests(tmp_path, SHAKY + BROKEN) == (1, [])


def test_nothing_is_repeated_where_all_pass(tmp_path: Path) -> None:
    (tmp_path / "seen").touch()
    assert run_tests(tmp_path, SHAKY) == (0, [])


def test_every_command_of_the_makefile_is_in_its_help() -> None:
    makefile = SCRIPTS.parent / "Makefile"
    [phony] = [line for line in makefile.read_text().splitlines() if line.startswith(".PHONY:")]
    shown = subprocess.run(HELP, cwd=SCRIPTS.parent, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == set(phony.split()[1:])
