"""Run the web server: its port, uvicorn, and the command `hub serve`."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from hub.entrypoints.app import create_app
from hub.entrypoints.errors import PortUnusable
from hub.entrypoints.process import context_for, database_url, run, stop_event
from hub.intake.pipeline import Intake
from hub.runtime import logs
from hub.runtime.context import AppContext
from hub.runtime.websocket import FrameProtocol, with_server_send
from hub.settings import Settings

GRACE = 8  # seconds that requests in progress have to finish
BACKLOG = 2048  # connections that wait to be accepted


def main(settings: Settings) -> None:
    """Run the web server alone: `hub serve`."""
    logs.set_up(settings)
    listener = listen(settings)
    run(_serve_alone(settings, listener, database_url(settings, None)))


async def _serve_alone(settings: Settings, listener: socket.socket, url: str) -> None:
    async with context_for(settings, url) as context:
        context.shared(Intake).store.for_other_processes = True
        await serve(context, listener, stop_event())


def listen(settings: Settings) -> socket.socket:
    """Open the web server's port and return its socket; raises SetupError when the port is taken.

    The socket listens at once: two sockets may be bound to one port until one of them listens.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortUnusable(port=settings.port, host=settings.host, problem=error.strerror or str(error)) from error
    listener.set_inheritable(True)
    return listener


async def serve(context: AppContext, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve the web on `listener` until `stop` is set; sets `stop` when the server ends by itself."""
    config = uvicorn.Config(
        with_server_send(create_app(context)),
        ws=FrameProtocol,
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        ws_ping_interval=None,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE,
        lifespan="off",
        backlog=BACKLOG,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    stop.set()
    stopping.cancel()


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: `stop_event` handles the signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
