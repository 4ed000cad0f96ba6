"""Run everything in one process, the embedded database included: the command `hub up`."""

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec

from hub.access import commands
from hub.demo import commands as demo
from hub.demo.company import use_own_mail_server
from hub.entrypoints import worker
from hub.entrypoints.process import context_for, database_url, embedded, refuse_second_hub, run, stop_event
from hub.entrypoints.server import listen, serve
from hub.entrypoints.upgrade import migrate
from hub.errors import Unavailable
from hub.intake import pipeline
from hub.intake.pipeline import Intake
from hub.runtime import logs
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel
from hub.settings import Settings
from hub.storage.embedded_postgres import EmbeddedPostgres

SMTP_PORT, LMTP_PORT = 2525, 2424
Ready = Callable[[AppContext], Awaitable[None]]


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(settings: Settings, *, with_demo: bool) -> None:
    """Run everything; prints each step with its time, then the inbox's address and a sign-in link."""
    began = time.monotonic()
    logs.set_up(settings)
    settings = with_ports(settings)
    refuse_second_hub(settings)
    listener = listen(settings)
    with embedded(settings) as server:
        database = "embedded PostgreSQL" if server else "PostgreSQL of HUB_DATABASE_URL"
        _print(f"  database      {database}, {time.monotonic() - began:.1f} s")
        url = database_url(settings, server)
        run(up(settings, listener, url, lambda context: _announce(context, began, with_demo=with_demo), server))
    _print("Stopped.")


async def _announce(context: AppContext, began: float, *, with_demo: bool) -> None:
    """Fill in the demo data if asked for, then print that the hub runs and how to sign in."""
    if with_demo and context.settings.embedded and await demo.is_empty(context):
        await demo.fill(context)
    await use_own_mail_server(context)
    async with context.transaction() as session:
        owner, link = await commands.owner_link(session, context.settings)
    if not context.settings.redis_url:
        _print("  signals       in this process alone; set HUB_REDIS_URL to run several")
    settings = context.settings
    _print(f"  mail server   {mail_servers(settings)}")
    _print(f"  ready         {time.monotonic() - began:.1f} s\n")
    _print(f"  The inbox     {context.settings.base_url}")
    _print(f"  Sign in       {link}")
    _print(f"                as {owner.email}; the link works once. A new one: hub agent link")
    if await demo.is_present(context):
        _print(f"  Demo shop     {context.settings.base_url}/demo/shop")
        _print(f"  Demo mailbox  {context.settings.base_url}/demo/mailbox")
        _print("                Remove all demo data under Settings, or: hub demo clear")
    _print("\n  Ctrl-C stops everything.")


def with_ports(settings: Settings) -> Settings:
    """Return the settings with ports for incoming mail: the usual ones, or free ones when those are taken."""
    return msgspec.structs.replace(
        settings,
        smtp_port=_free_port(settings.mail_host, SMTP_PORT) if settings.smtp_port is None else settings.smtp_port,
        lmtp_port=_free_port(settings.mail_host, LMTP_PORT) if settings.lmtp_port is None else settings.lmtp_port,
    )


def mail_servers(settings: Settings) -> str:
    """Return the addresses of the mail servers that run; a port of 0 means none."""
    ports = {"smtp": settings.smtp_port, "lmtp": settings.lmtp_port}
    return "  ".join(f"{name}://{settings.mail_host}:{port}" for name, port in ports.items() if port) or "none"


def _free_port(host: str, wanted: int) -> int:
    """Return `wanted` or any other free port; 0 when none is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0


async def up(
    settings: Settings, listener: socket.socket, url: str, ready: Ready, server: EmbeddedPostgres | None = None
) -> None:
    """Run the web server and the worker until stopped.

    `ready` is called once everything runs. `server` is the embedded database, which is started again when it dies.
    """
    await migrate(url)
    async with context_for(settings, url) as context:
        stop = stop_event()
        if server is not None:
            await pipeline.resume(context, context.shared(Intake).parser)
        async with asyncio.TaskGroup() as group:
            if server is not None:
                group.create_task(_watch_database(server, stop))
            group.create_task(worker.run(context, stop))
            group.create_task(serve(context, listener, stop))
            await _call_ready(ready, context, stop)


async def _call_ready(ready: Ready, context: AppContext, stop: asyncio.Event) -> None:
    """Call `ready`, again while the database does not answer: the embedded one may be restarting."""
    while not stop.is_set():
        try:
            await ready(context)
        except Unavailable:
            await asyncio.sleep(0.5)
        else:
            break


async def _watch_database(server: EmbeddedPostgres, stop: asyncio.Event) -> None:
    watching = asyncio.create_task(server.watch())
    await stop.wait()
    await cancel(watching)
