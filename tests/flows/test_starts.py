"""Commands that cannot work stop with a message of one line; commands that work beside a running hub succeed."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import hub
from hub.entrypoints.cli import main
from hub.entrypoints.server import listen
from hub.errors import SetupError
from hub.settings import Settings
from tests.conftest import short_folder
from tests.fakes.ports import free_port
from tests.flows.installation import Hub, Installation, postgres_of, running

DEAD = "postgresql://hub:tell-nobody@127.0.0.1:1/hub"
KEY = "5a" * 32
MODULE = pytest.mark.asyncio(loop_scope="module")


def only_line(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the one-line message of a command that failed."""
    assert done.returncode not in {0, None}, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("hub: ")
    return lines[0]


@pytest.fixture
def installation(folder: Path) -> Installation:
    """An installation where nothing runs."""
    return Installation(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[tuple[Installation, Hub]]:
    """An installation with a running hub, shared by all tests that only read."""
    with short_folder() as folder:
        there = Installation(folder)
        async with running(there) as hub:
            yield there, hub


# --- failing commands --------------------------------------------------------------------------


async def test_an_unknown_setting_names_the_nearest(installation: Installation) -> None:
    said = only_line(await installation.hub("up", HUB_DATABSE_URL="postgresql://x"))
    assert "HUB_DATABSE_URL" in said
    assert "HUB_DATABASE_URL" in said


@pytest.mark.parametrize("command", ["up", "serve"])
async def test_a_port_in_use_is_named(installation: Installation, command: str) -> None:
    with listen(Settings(data_dir=installation.folder, port=installation.port)):
        told = {"HUB_DATABASE_URL": DEAD, "HUB_SECRET_KEY": KEY} if command == "serve" else {}
        said = only_line(await installation.hub(command, **told))
    assert str(installation.port) in said
    assert "HUB_PORT" in said
    assert postgres_of(installation.folder) == []


def test_a_port_is_taken_from_the_moment_it_is_opened(folder: Path) -> None:
    settings = Settings(data_dir=folder, port=free_port())
    with listen(settings), pytest.raises(SetupError, match=str(settings.port)):
        listen(settings)


@pytest.mark.parametrize("command", ["serve", "work", "up"])
async def test_a_database_that_is_down_is_told_without_its_password(installation: Installation, command: str) -> None:
    said = only_line(await installation.hub(command, HUB_DATABASE_URL=DEAD, HUB_SECRET_KEY=KEY))
    assert "127.0.0.1:1/hub" in said
    assert "HUB_DATABASE_URL" in said
    assert "tell-nobody" not in said


@pytest.mark.parametrize("command", ["serve", "work"])
async def test_a_database_has_to_be_named(installation: Installation, command: str) -> None:
    assert "HUB_DATABASE_URL" in only_line(await installation.hub(command))


@pytest.mark.parametrize("command", ["up", "doctor"])
async def test_a_data_folder_that_cannot_be_written_to_is_named(installation: Installation, command: str) -> None:
    in_the_way = installation.folder / "file"
    in_the_way.write_text("not a folder")
    done = await installation.hub(command, "--data", str(in_the_way / "data"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    if command == "up":
        assert str(in_the_way / "data") in only_line(done)
        assert "--data" in done.stderr
    else:
        assert "FAIL  data folder" in done.stdout


@pytest.mark.parametrize("key", ["5a" * 31, "not a key at all"])
async def test_a_key_of_the_wrong_length_says_how_to_make_one(installation: Installation, key: str) -> None:
    said = only_line(await installation.hub("up", HUB_SECRET_KEY=key))
    assert "HUB_SECRET_KEY" in said
    assert "openssl rand -base64 32" in said
    assert key not in said
    assert postgres_of(installation.folder) == []


async def test_a_dead_database_is_found_by_the_doctor_who_says_how_to_mend_it(installation: Installation) -> None:
    done = await installation.hub("doctor", HUB_DATABASE_URL=DEAD, HUB_SECRET_KEY=KEY)
    assert done.returncode == 1
    assert done.stderr == ""
    assert "FAIL  database" in done.stdout
    assert "→ Check HUB_DATABASE_URL" in done.stdout
    assert "tell-nobody" not in done.stdout


# --- beside a running hub ----------------------------------------------------------------------


@MODULE
async def test_a_second_hub_on_the_same_folder_names_the_first(served: tuple[Installation, Hub]) -> None:
    there, hub = served
    said = only_line(await there.hub("up", HUB_PORT=str(free_port())))
    assert f"(pid {hub.pid}, http://localhost:{there.port})" in said
    assert str(there.folder) in said


@MODULE
async def test_a_second_hub_on_the_same_folder_and_port_names_the_first_and_not_the_port(
    served: tuple[Installation, Hub],
) -> None:
    there, hub = served
    said = only_line(await there.hub("up"))
    assert f"(pid {hub.pid}, http://localhost:{there.port})" in said
    assert "HUB_PORT" not in said


@MODULE
async def test_a_healthy_hub_is_all_well(served: tuple[Installation, Hub]) -> None:
    done = await served[0].hub("doctor")
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert {line[:4] for line in done.stdout.splitlines()} == {"ok  "}


@MODULE
async def test_a_link_signs_the_owner_in_once(served: tuple[Installation, Hub]) -> None:
    there, _ = served
    async with there.owner() as browser:
        assert (await browser.get("/api/me")).json()["role"] == "owner"


@MODULE
async def test_an_agent_is_added_and_given_a_link(served: tuple[Installation, Hub]) -> None:
    there, _ = served
    done = await there.hub("agent", "add", "Ann", "--email", "ann@hub.test")
    assert done.returncode == 0, done.stderr
    assert f"http://localhost:{there.port}/" in done.stdout
    assert "ann@hub.test" in {row["email"] for row in await there.rows("select email from agent")}


@MODULE
@pytest.mark.parametrize("arguments", [("--role", "king"), ("--team", "Nowhere")])
async def test_an_agent_who_cannot_be_added_is_one_line(
    served: tuple[Installation, Hub], arguments: tuple[str, ...]
) -> None:
    only_line(await served[0].hub("agent", "add", "Bob", "--email", "bob@hub.test", *arguments))


@MODULE
async def test_a_channel_is_added_from_standard_input_and_from_a_file(served: tuple[Installation, Hub]) -> None:
    there, _ = served
    chat = await there.hub("channel", "add", "webchat", "Chat", "-", given=json.dumps({"site_name": "Aurora"}))
    assert chat.returncode == 0, chat.stderr
    assert chat.stdout.startswith("Added Chat (webchat, ")
    file = there.folder / "mailbox.json"
    file.write_text(json.dumps({"address": "help@hub.test"}))
    mailbox = await there.hub("channel", "add", "email", "Help", str(file))
    assert mailbox.stdout == "Added Help (email, help@hub.test).\n", mailbox.stderr


@MODULE
@pytest.mark.parametrize(
    "kind,given,named",
    [
        ("webchat", "{nonsense", "JSON"),
        ("webchat", "[1]", "JSON"),
        ("webchat", "", "JSON"),
        ("webchat", '{"site_nam": "Aurora"}', "site_nam"),
        ("webchat", '{"site_name": 3}', "Site name"),
        ("email", "{}", "Address"),
        ("pigeon", "{}", "pigeon"),
    ],
)
async def test_a_channel_that_cannot_be_added_is_one_line(
    served: tuple[Installation, Hub], kind: str, given: str, named: str
) -> None:
    assert named in only_line(await served[0].hub("channel", "add", kind, "New", "-", given=given))


@MODULE
async def test_a_file_of_settings_that_is_missing_or_no_text_is_one_line(served: tuple[Installation, Hub]) -> None:
    there, _ = served
    missing, image = there.folder / "missing.json", there.folder / "image.json"
    image.write_bytes(b"\xff\xd8\xff")
    assert "missing.json cannot be read" in only_line(await there.hub("channel", "add", "email", "New", str(missing)))
    assert "image.json" in only_line(await there.hub("channel", "add", "email", "New", str(image)))


# --- help --------------------------------------------------------------------------------------


COMMANDS = (
    *("", "up", "serve", "work", "migrate", "doctor", "settings", "reseal", "demo", "openapi"),
    *("agent", "agent add", "agent link", "channel", "channel add", "email", "email parse"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*command.split(), "--help"])
    assert left.value.code == 0
    assert f"usage: {f'hub {command}'.strip()}" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert (left.value.code, capsys.readouterr().out) == (0, f"hub {hub.__version__}\n")


async def test_help_leaves_with_0(installation: Installation) -> None:
    several = await asyncio.gather(installation.hub("--help"), installation.hub("up", "--help"))
    assert [(done.returncode, done.stderr) for done in several] == [(0, "")] * 2
