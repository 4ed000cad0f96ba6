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


def main(argv: Sequence[str] | None = None) -> None:
    """Run one subcommand and exit with its status; an expected error is printed in one line."""
    arguments = parser().parse_args(argv)
    try:
        status = arguments.run(arguments)
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
    _installation(subcommands)
    _people(subcommands)
    _tools(subcommands)
    return top


def _command(subcommands: "Commands", name: str, run: object, help_: str) -> argparse.ArgumentParser:
    parser_ = subcommands.add_parser(name, help=help_, description=help_)
    parser_.set_defaults(run=run)
    parser_.add_argument("--data", metavar="DIR", help="data folder (HUB_DATA_DIR)")
    return parser_


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


def _installation(subcommands: "Commands") -> None:
    _command(subcommands, "migrate", _migrate, "Migrate the database to the newest schema.")
    _command(
        subcommands, "doctor", _doctor, "Check everything that the hub needs, and say how to repair what is wrong."
    )
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
        parser_ = subcommands.add_parser(kind, help=f"Tools for the channel {kind}.")
        add_verbs(partial(_command, parser_.add_subparsers(required=True, metavar="VERB")))


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Read the settings; options of the command line override the environment."""
    environ = dict(os.environ)
    for option, name in (("data", "HUB_DATA_DIR"), ("host", "HUB_HOST"), ("port", "HUB_PORT")):
        value = getattr(arguments, option, None)
        if value is not None:
            environ[name] = str(value)
    return Settings.load(environ)


def _up(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import up

    up.main(settings_of(arguments), with_demo=arguments.demo)
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import server

    server.main(settings_of(arguments))
    return 0


def _work(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import worker

    worker.main(settings_of(arguments))
    return 0


def _migrate(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_database(settings_of(arguments), commands.migrate_database)
    sys.stdout.write("The database is up to date.\n")
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import doctor, process

    settings = settings_of(arguments)
    return doctor.report(asyncio.run(doctor.examine(settings, process.known_database(settings))))


def _settings(arguments: argparse.Namespace) -> int:
    del arguments
    for setting in describe():
        sys.stdout.write(f"{setting.variable}  (default: {setting.default})\n    {setting.help}\n")
    return 0


def _reseal(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_context(settings_of(arguments), commands.reseal)
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from hub.demo import commands as demo
    from hub.entrypoints import commands

    commands.with_context(settings_of(arguments), demo.fill if arguments.what == "fill" else demo.clear)
    return 0


def _agent_add(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_context(settings_of(arguments), lambda context: commands.add_agent(context, arguments))
    return 0


def _agent_link(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    commands.with_context(settings_of(arguments), commands.print_owner_link)
    return 0


def _channel_add(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import commands

    settings = _read_channel_settings(arguments.settings)
    commands.with_context(settings_of(arguments), lambda context: commands.add_channel(context, arguments, settings))
    return 0


def _read_channel_settings(source: str) -> dict[str, object]:
    """Read a channel's settings from a file, or from standard input for "-"."""
    name = "Standard input" if source == "-" else source
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return msgspec.json.decode(raw, type=dict[str, object])
    except OSError as error:
        raise SettingsFileUnreadable(source=source, problem=error.strerror or str(error)) from error
    except ValueError as error:
        raise SettingsFileMalformed(source=name, problem=str(error)) from error


def _openapi(arguments: argparse.Namespace) -> int:
    from hub.entrypoints import app

    del arguments
    sys.stdout.write(app.openapi_json())
    return 0


if __name__ == "__main__":
    main()
