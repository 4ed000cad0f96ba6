"""What the `hub` command does: open what is needed, run it, say what happened."""

import argparse
import json
import socket
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec
from litestar.serialization import encode_json
from sqlalchemy import select

from hub.access import commands
from hub.access.errors import TeamNameUnknown
from hub.access.models import Team
from hub.admin.channels import NewChannel, create_channel
from hub.channels import accounts
from hub.demo import commands as demo
from hub.demo.company import point_to_door
from hub.entrypoints.app import described
from hub.entrypoints.server import check_alone, context_for, database_of, embedded, listen, run, serve_alone, work_alone
from hub.entrypoints.server import up as both
from hub.runtime import logs
from hub.runtime.context import AppContext
from hub.settings import Settings
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.errors import DataFolderHeld
from hub.storage.migrate import migrate

SMTP_PORT, LMTP_PORT = 2525, 2424


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def up(settings: Settings, *, demo_too: bool) -> None:
    """Run everything; prints each step with its time, and in the end where to go."""
    began = time.monotonic()
    logs.set_up(settings)
    settings = with_ports(settings)
    check_alone(settings)
    door = listen(settings)
    with embedded(settings) as server:
        where = "embedded PostgreSQL" if server else "PostgreSQL of HUB_DATABASE_URL"
        _say(f"  database      {where}, {time.monotonic() - began:.1f} s")
        url = database_of(settings, server)
        run(both(settings, door, url, lambda context: _ready(context, began, demo_too=demo_too), server))
    _say("Stopped.")


async def _ready(context: AppContext, began: float, *, demo_too: bool) -> None:
    """Say that all runs, and how to get in."""
    if demo_too and context.settings.embedded and await demo.is_empty(context):
        await demo.fill(context)
    await point_to_door(context)
    async with context.transaction() as session:
        owner, link = await commands.owner_link(session, context.settings)
    if not context.settings.redis_url:
        _say("  signals       in this process alone; set HUB_REDIS_URL to run several")
    mail = context.settings
    _say(f"  mail door     smtp://{mail.mail_host}:{mail.smtp_port}  lmtp://{mail.mail_host}:{mail.lmtp_port}")
    _say(f"  ready         {time.monotonic() - began:.1f} s\n")
    _say(f"  The inbox     {context.settings.base_url}")
    _say(f"  Sign in       {link}")
    _say(f"                as {owner.email}; the link works once. A new one: hub agent link")
    if await demo.is_present(context):
        _say(f"  Demo shop     {context.settings.base_url}/demo/shop")
        _say(f"  Demo mailbox  {context.settings.base_url}/demo/mailbox")
        _say("                Remove all demo data under Settings, or: hub demo clear")
    _say("\n  Ctrl-C stops everything.")


def with_ports(settings: Settings) -> Settings:
    """Choose the mail door's ports where nobody has: the usual ones, or any that are free."""
    return msgspec.structs.replace(
        settings,
        smtp_port=_free(settings.mail_host, SMTP_PORT) if settings.smtp_port is None else settings.smtp_port,
        lmtp_port=_free(settings.mail_host, LMTP_PORT) if settings.lmtp_port is None else settings.lmtp_port,
    )


def _free(host: str, wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0


def serve(settings: Settings) -> None:
    """Run the web server alone."""
    logs.set_up(settings)
    door = listen(settings)
    run(serve_alone(settings, door, database_of(settings, None)))


def work(settings: Settings) -> None:
    """Run the worker alone."""
    logs.set_up(settings)
    run(work_alone(settings, database_of(settings, None)))


def with_database(settings: Settings, act: Callable[[Settings, str], Awaitable[None]]) -> None:
    """Do something with the database; the embedded one is started for it, unless a hub runs on it already."""
    try:
        with embedded(settings) as server:
            run(act(settings, database_of(settings, server)))
    except DataFolderHeld as running:
        url = known_database(settings)
        if url is None:
            raise
        run(act(msgspec.structs.replace(settings, public_url=settings.public_url or running.address or None), url))


async def migrated(_: Settings, url: str) -> None:
    """Bring the database up to date."""
    await migrate(url)


def with_context(settings: Settings, act: Callable[[AppContext], Awaitable[object]]) -> None:
    """Do something on open context, with the database up to date."""

    async def on_context(known: Settings, url: str) -> None:
        await migrate(url)
        async with context_for(known, url) as context:
            await act(context)

    with_database(settings, on_context)


def known_database(settings: Settings) -> str | None:
    """Name the database that is set, or the embedded one while it runs."""
    if settings.database_url:
        return settings.database_url
    server = EmbeddedPostgres(settings.data_dir)
    return server.url if (server.data / "postmaster.pid").exists() else None


async def add_agent(context: AppContext, chosen: argparse.Namespace) -> None:
    """Add a person or a bot."""
    async with context.transaction() as session:
        agent, link = await commands.add_agent(
            session,
            context.settings,
            name=chosen.name,
            email=chosen.email,
            role=chosen.role,
            teams=chosen.team,
            language=chosen.language,
        )
    _say(f"Added {agent.name} ({agent.role}).")
    if link:
        _say(f"They choose a password here, once: {link}")


async def print_owner_link(context: AppContext) -> None:
    """Print a link that signs the owner in, once."""
    async with context.transaction() as session:
        owner, link = await commands.owner_link(session, context.settings)
    _say(f"{owner.email}: {link}")


async def reseal(context: AppContext) -> None:
    """Let go of retired keys."""
    async with context.transaction() as session:
        number = await accounts.reseal(session, context.sealer)
    _say(f"Sealed anew: {number}. No stored secret needs a retired key; HUB_PREVIOUS_SECRET_KEYS can go.")


async def add_channel(context: AppContext, chosen: argparse.Namespace, filled_in: dict[str, object]) -> None:
    """Add a channel."""
    async with context.transaction() as session:
        team_id = await session.scalar(select(Team.id).where(Team.name == chosen.team)) if chosen.team else None
        if chosen.team and team_id is None:
            raise TeamNameUnknown(name=chosen.team)
        new = NewChannel(
            kind=chosen.kind, name=chosen.name, settings=filled_in, address=chosen.address, team_id=team_id
        )
        channel = await create_channel(session, context, new, by=None)
    _say(f"Added {channel.name} ({channel.kind}, {channel.address}).")


def openapi() -> str:
    """Write the description of the HTTP interface, as JSON."""
    document = json.loads(encode_json(described().to_schema()))
    return json.dumps(document, sort_keys=True, ensure_ascii=False) + "\n"  # the same document, the same bytes
