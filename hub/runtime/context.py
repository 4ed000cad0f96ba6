"""The context of a process: its settings, database, signals, files and encryption, opened once and closed once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from hub.settings import Settings
from hub.signals import Signals, connect
from hub.storage.database import Sessions, make_engine, make_sessions, transaction
from hub.storage.encryption import Encryptor
from hub.storage.files import Files

LOG_TOPIC = "timeline"  # signalled after every commit that wrote to the event log
RECORDED = "recorded"  # in session.info: this transaction wrote to the event log
TO_PUBLISH = "to_publish"  # in session.info: (topic, payload) to publish once this transaction has committed


def publish_on_commit(session: AsyncSession, topic: str, payload: bytes) -> None:
    """Publish `payload` on `topic` after the commit; nothing is published when the transaction fails."""
    session.info.setdefault(TO_PUBLISH, []).append((topic, payload))


class SharedPart(Protocol):
    """A class with one instance in each process, which is closed with the context."""

    def __init__(self, context: "AppContext") -> None:
        """Create the instance without waiting."""

    async def close(self) -> None:
        """Finish work under way and stop."""


T = TypeVar("T", bound=SharedPart)


@dataclass(frozen=True, kw_only=True)
class AppContext:
    """The settings and open resources of a process, passed to all code that needs more than one of them."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    signals: Signals
    files: Files
    encryptor: Encryptor
    _shared: dict[type[SharedPart], SharedPart] = field(default_factory=dict, repr=False)

    def shared(self, kind: type[T]) -> T:
        """Return this process's only instance of a class, created on first use.

        Only entry points and dependency providers call it: all other code gets its parts as arguments.
        """
        part = self._shared.get(kind)
        if not isinstance(part, kind):
            part = self._shared[kind] = kind(self)
        return part

    async def close(self) -> None:
        """Close the shared parts, the last created first."""
        while self._shared:
            _, part = self._shared.popitem()
            await part.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction; after its commit publish its queued signals, and one more if it wrote to the event log.

        Raises Unavailable when the database does not answer.
        """
        async with transaction(self.sessions) as session:
            yield session
        if session.info.get(RECORDED):
            await self.signals.publish(LOG_TOPIC, b"")
        for topic, payload in session.info.get(TO_PUBLISH, ()):
            await self.signals.publish(topic, payload)


@asynccontextmanager
async def open_context(settings: Settings, *, database_url: str, pool: int = 10) -> AsyncIterator[AppContext]:
    """Open the context of a process with at most `pool` database connections, and close it after the block."""
    engine = make_engine(database_url, size=pool)
    try:
        async with connect(settings.redis_url) as signals:
            context = AppContext(
                settings=settings,
                engine=engine,
                sessions=make_sessions(engine),
                signals=signals,
                files=Files(settings.data_dir / "files"),
                encryptor=Encryptor.from_settings(settings),
            )
            try:
                yield context
            finally:
                await context.close()
    finally:
        await engine.dispose()
