"""Set up what every process of the hub needs: the event loop, stop signals, the data folder and the database."""

import asyncio
import ctypes
import signal
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvloop
from sqlalchemy import text

from hub.entrypoints.errors import DatabaseNotSet
from hub.runtime.context import AppContext, open_context
from hub.settings import Settings
from hub.storage.data_folder import locked, prepare
from hub.storage.database import is_outage, unreachable
from hub.storage.embedded_postgres import EmbeddedPostgres

MALLOC_OPTIONS = ((-8, 2), (-3, 256 * 1024))  # glibc's M_ARENA_MAX, and M_MMAP_THRESHOLD in bytes


def return_freed_memory() -> None:
    """Make glibc return freed memory to the system at once.

    By default glibc raises the size from which it does so to the size of the largest block freed, and keeps an arena
    for each thread: the heap of a process that runs for weeks is then full of holes. Other C libraries do not.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for option in MALLOC_OPTIONS:
            mallopt(*option)


def run(main: Awaitable[None]) -> None:
    """Run a coroutine on a new uvloop event loop until it ends."""
    return_freed_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_as_coroutine(main))


async def _as_coroutine(main: Awaitable[None]) -> None:
    await main


def stop_event() -> asyncio.Event:
    """Create an event that Ctrl-C and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def refuse_second_hub(settings: Settings) -> None:
    """Raise DataFolderHeld when another hub runs on the data folder: it likely holds the port too."""
    if settings.embedded:
        prepare(settings.data_dir)
        with locked(settings.data_dir):
            pass


@contextmanager
def embedded(settings: Settings) -> Iterator[EmbeddedPostgres | None]:
    """Hold the data folder and run the embedded PostgreSQL; None when the settings name another database."""
    prepare(settings.data_dir)
    if not settings.embedded:
        yield None
        return
    with locked(settings.data_dir, settings.base_url):
        server = EmbeddedPostgres(settings.data_dir)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def database_url(settings: Settings, server: EmbeddedPostgres | None) -> str:
    """Return the URL of the database in the settings, or of `server`; raises DatabaseNotSet when there is neither."""
    if settings.database_url:
        return settings.database_url
    if server is None:
        raise DatabaseNotSet
    return server.url


def known_database(settings: Settings) -> str | None:
    """Return the URL of the database in the settings, or of the embedded one while it runs."""
    if settings.database_url:
        return settings.database_url
    server = EmbeddedPostgres(settings.data_dir)
    return server.url if (server.data / "postmaster.pid").exists() else None


@asynccontextmanager
async def context_for(settings: Settings, url: str) -> AsyncIterator[AppContext]:
    """Open the context on the database at `url`; raises SetupError when the database does not answer."""
    async with open_context(settings, database_url=url, pool=settings.database_connections) as context:
        try:
            async with context.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except Exception as error:
            if not is_outage(error):
                raise
            raise unreachable(url, error) from error
        yield context
