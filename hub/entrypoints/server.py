"""Run the doors: the web server, the worker, or both in one process with the embedded database."""

import asyncio
import ctypes
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
import uvloop
from sqlalchemy import text

from hub.entrypoints import worker
from hub.entrypoints.app import create_app
from hub.entrypoints.errors import DatabaseNotSet, PortUnusable
from hub.errors import Unavailable
from hub.intake import pipeline
from hub.intake.pipeline import Intake
from hub.runtime.context import AppContext, open_context
from hub.runtime.loops import cancel
from hub.runtime.websocket import FrameProtocol, wired
from hub.settings import Settings
from hub.storage.data_folder import held, prepare
from hub.storage.database import is_outage
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.migrate import migrate, unreachable

PATIENCE = 8  # seconds that requests under way have to finish
BACKLOG = 2048


ARENAS, LARGE = (-8, 2), (-3, 256 * 1024)  # glibc's M_ARENA_MAX and M_MMAP_THRESHOLD


def give_back_memory() -> None:
    """Have what large mails and files took go back to the system at once.

    Left alone, glibc raises the size from which it does so to that of the largest one freed, and keeps an arena for
    each thread: the heap of a process that runs for weeks is then full of holes. Other C libraries have no such habit.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option in (ARENAS, LARGE):
            mallopt(*option)


def run(main: Awaitable[None]) -> None:
    """Run something on uvloop."""
    give_back_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_awaited(main))


async def _awaited(main: Awaitable[None]) -> None:
    await main


def stopper() -> asyncio.Event:
    """Make an event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    return stop


def listen(settings: Settings) -> socket.socket:
    """Open the web server's port before anything else; raises SetupError when it is taken.

    It listens at once: two sockets may be bound to one port until one of them does.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((settings.host, settings.port))
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise PortUnusable(port=settings.port, host=settings.host, problem=error.strerror or str(error)) from error
    door.set_inheritable(True)
    return door


def check_alone(settings: Settings) -> None:
    """Raise DataFolderHeld where another hub runs on the data folder: it likely holds the port too."""
    if settings.embedded:
        prepare(settings.data_dir)
        with held(settings.data_dir):
            pass


@contextmanager
def embedded(settings: Settings) -> Iterator[EmbeddedPostgres | None]:
    """Hold the data folder, and run the embedded database where no other is named."""
    prepare(settings.data_dir)
    if not settings.embedded:
        yield None
        return
    with held(settings.data_dir, settings.base_url):
        server = EmbeddedPostgres(settings.data_dir)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def database_of(settings: Settings, server: EmbeddedPostgres | None) -> str:
    """Name the database: the one that is set, or the embedded one."""
    if settings.database_url:
        return settings.database_url
    if server is None:
        raise DatabaseNotSet
    return server.url


@asynccontextmanager
async def context_for(settings: Settings, url: str) -> AsyncIterator[AppContext]:
    """Open the context and make sure that the database answers and has the right shape."""
    async with open_context(settings, database_url=url, pool=settings.database_connections) as context:
        try:
            async with context.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except Exception as error:
            if not is_outage(error):
                raise
            raise unreachable(url, error) from error
        yield context


async def serve(context: AppContext, door: socket.socket, stop: asyncio.Event) -> None:
    """Serve the web until told to stop."""
    config = uvicorn.Config(
        wired(create_app(context)),
        ws=FrameProtocol,
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        ws_ping_interval=None,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=PATIENCE,
        lifespan="off",
        backlog=BACKLOG,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    stop.set()
    stopping.cancel()


class _Server(uvicorn.Server):
    """Leaves the signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_alone(settings: Settings, door: socket.socket, database_url: str) -> None:
    """`hub serve`: the web server alone."""
    async with context_for(settings, database_url) as context:
        context.one(Intake).store.hands_over = True
        await serve(context, door, stopper())


async def work_alone(settings: Settings, database_url: str) -> None:
    """`hub work`: the worker alone."""
    async with context_for(settings, database_url) as context:
        await worker.run(context, stopper())


Ready = Callable[[AppContext], Awaitable[None]]


async def _told(ready: Ready, context: AppContext, stop: asyncio.Event) -> None:
    """Say that all runs; a database that dies just then is on its way back and ends nothing."""
    while not stop.is_set():
        try:
            await ready(context)
        except Unavailable:
            await asyncio.sleep(0.5)
        else:
            break


async def up(
    settings: Settings, door: socket.socket, database_url: str, ready: Ready, server: EmbeddedPostgres | None = None
) -> None:
    """`hub up`: both in one process; `ready` is called once all runs, and `server` is started again when it dies."""
    await migrate(database_url)
    async with context_for(settings, database_url) as context:
        stop = stopper()
        if server is not None:
            await pipeline.resume(context, context.one(Intake).readers)
        async with asyncio.TaskGroup() as group:
            if server is not None:
                group.create_task(_watch(server, stop))
            group.create_task(worker.run(context, stop))
            group.create_task(serve(context, door, stop))
            await _told(ready, context, stop)


async def _watch(server: EmbeddedPostgres, stop: asyncio.Event) -> None:
    watching = asyncio.create_task(server.watch())
    await stop.wait()
    await cancel(watching)
