"""The `hub` command: parses the arguments and loads only the code of the subcommand."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import msgspec

import hub
from hub.channels import registry
from hub.entrypoints.errors import SettingsFileMalformed, SettingsFileUnreadable
from hub.errors import HubError
from hub.settings import Settings, describe


class Commands(Protocol):
    """The part of argparse to which subcommands are added."""

    def add_parser(self, name: str, *, help: str, description: str = "") -> argparse.ArgumentParser:
        """Add a subcommand."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one subcommand and exit with its status; an expected error is printed in one line."""
    chosen = parser().parse_args(arguments)
    try:
        status = chosen.run(chosen)
    except HubError as error:
        sys.stderr.write(f"hub: {error.detail}\n")
        status = 1
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    top = argparse.ArgumentParser(
        prog="hub", description="Every customer conversation, on every channel, in one inbox."
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {hub.__version__}")
    subcommands = top.add_subparsers(required=True, metavar="COMMAND")
    _processes(subcommands)
    _setting_up(subcommands)
    _people(subcommands)
    _tools(subcommands)
    return top


def _command(subcommands: "Commands", name: str, run: object, help_: str) -> argparse.ArgumentParser:
    made = subcommands.add_parser(name, help=help_, description=help_)
    made.set_defaults(run=run)
    made.add_argument("--data", metavar="DIR", help="data folder (HUB_DATA_DIR)")
    return made


def _processes(subcommands: "Commands") -> None:
    up = _command(
        subcommands, "up", _up, "Run everything in one process, with a database of its own unless one is set."
    )
    up.add_argument("--demo", action="store_true", help="fill an empty embedded database with demo data")
    up.add_argument("--host", help="address to listen on (HUB_HOST)")
    up.add_argument("--port", type=int, help="port to listen on (HUB_PORT)")
    serve = _command(subcommands, "serve", _serve, "Run the web server alone; any number of them share a database.")
    serve.add_argument("--host", help="address to listen on (HUB_HOST)")
    serve.add_argument("--port", type=int, help="port to listen on (HUB_PORT)")
    _command(subcommands, "work", _work, "Run the worker alone; any number of them share a database.")


def _setting_up(subcommands: "Commands") -> None:
    _command(subcommands, "migrate", _migrate, "Bring the database's shape up to date.")
    _command(subcommands, "doctor", _doctor, "Look at everything the hub stands on, and say how to mend what is wrong.")
    _command(subcommands, "settings", _settings, "List every setting with its default and its help.")
    _command(subcommands, "reseal", _reseal, "Seal stored secrets with the current key, so that retired keys can go.")
    demo = _command(subcommands, "demo", _demo, "Fill in demo data, or remove all of it.")
    demo.add_argument("what", choices=["fill", "clear"])


def _people(subcommands: "Commands") -> None:
    agent = subcommands.add_parser("agent", help="People and bots who answer.").add_subparsers(
        required=True, metavar="VERB"
    )
    add = _command(agent, "add", _agent_add, "Add somebody; prints the link by which they choose a password.")
    add.add_argument("name")
    add.add_argument("--email")
    add.add_argument("--role", default="agent", help="owner, admin, supervisor, agent, auditor or bot")
    add.add_argument("--team", action="append", default=[], help="a team they belong to; may be repeated")
    add.add_argument("--language", choices=["en", "es"], default="en")
    _command(agent, "link", _agent_link, "Print a one-time sign-in link for the owner.")
    channel = subcommands.add_parser("channel", help="Our own addresses.").add_subparsers(required=True, metavar="VERB")
    add = _command(
        channel, "add", _channel_add, "Add a channel from a JSON file of its settings (- for standard input)."
    )
    add.add_argument("kind", help="email, webchat, …")
    add.add_argument("name")
    add.add_argument("settings", metavar="FILE.json")
    add.add_argument("--team", help="the team that answers")
    add.add_argument("--address", help="where customers reach it, for kinds whose settings name no address")


def _tools(subcommands: "Commands") -> None:
    _command(subcommands, "openapi", _openapi, "Print the description of the HTTP interface.")
    for kind, add_verbs in registry.verbs():
        own = subcommands.add_parser(kind, help=f"Tools for the channel {kind}.")
        add_verbs(partial(_command, own.add_subparsers(required=True, metavar="VERB")))


def settings_of(chosen: argparse.Namespace) -> Settings:
    """Read the settings; options of the command line override the environment."""
    environ = dict(os.environ)
    for option, name in (("data", "HUB_DATA_DIR"), ("host", "HUB_HOST"), ("port", "HUB_PORT")):
        value = getattr(chosen, option, None)
        if value is not None:
            environ[name] = str(value)
    return Settings.load(environ)


def _up(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import up

    up.main(settings_of(chosen), demo_too=chosen.demo)
    return 0


def _serve(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import server

    server.main(settings_of(chosen))
    return 0


def _work(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import worker

    worker.main(settings_of(chosen))
    return 0


def _migrate(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_database(settings_of(chosen), commands.migrated)
    sys.stdout.write("The database is up to date.\n")
    return 0


def _doctor(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import doctor, process

    settings = settings_of(chosen)
    return doctor.report(asyncio.run(doctor.examine(settings, process.known_database(settings))))


def _settings(chosen: argparse.Namespace) -> int:
    del chosen
    for one in describe():
        sys.stdout.write(f"{one.variable}  (default: {one.default})\n    {one.help}\n")
    return 0


def _reseal(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_context(settings_of(chosen), commands.reseal)
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from hub.demo import commands as demo
    from hub.entrypoints import commands

    commands.with_context(settings_of(chosen), demo.fill if chosen.what == "fill" else demo.clear)
    return 0


def _agent_add(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_context(settings_of(chosen), lambda context: commands.add_agent(context, chosen))
    return 0


def _agent_link(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_context(settings_of(chosen), commands.print_owner_link)
    return 0


def _channel_add(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    settings = _filled_in(chosen.settings)
    commands.with_context(settings_of(chosen), lambda context: commands.add_channel(context, chosen, settings))
    return 0


def _filled_in(source: str) -> dict[str, object]:
    """Read a channel's settings from a file, or from standard input for "-"."""
    name = "Standard input" if source == "-" else source
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return msgspec.json.decode(raw, type=dict[str, object])
    except OSError as error:
        raise SettingsFileUnreadable(source=source, problem=error.strerror or str(error)) from error
    except ValueError as error:
        raise SettingsFileMalformed(source=name, problem=str(error)) from error


def _openapi(chosen: argparse.Namespace) -> int:
    from hub.entrypoints import app

    del chosen
    sys.stdout.write(app.openapi_json())
    return 0


if __name__ == "__main__":
    main()
