"""The open parts of a process: settings, database, signals, files and encryption, opened once and closed once."""

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


class Shared(Protocol):
    """A part of which each process has exactly one, and which is closed with the context."""

    def __init__(self, context: "AppContext") -> None:
        """Make the part; must not wait."""

    async def close(self) -> None:
        """Finish work under way and stop."""


T = TypeVar("T", bound=Shared)


@dataclass(frozen=True, kw_only=True)
class AppContext:
    """The open parts of a process, given to everything that needs more than one of them."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    signals: Signals
    files: Files
    encryptor: Encryptor
    _shared: dict[type[Shared], Shared] = field(default_factory=dict, repr=False)

    def one(self, kind: type[T]) -> T:
        """Return the one part of this kind that this process has, made on first use.

        For entry points and the providers of handlers' dependencies only: everything else is given its parts.
        """
        found = self._shared.get(kind)
        if not isinstance(found, kind):
            found = self._shared[kind] = kind(self)
        return found

    async def close(self) -> None:
        """Close the shared parts, the youngest first."""
        while self._shared:
            _, last = self._shared.popitem()
            await last.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction; after its commit publish what it asked to publish, and whether it wrote to the log.

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
    """Open every part of a process with at most `pool` database connections, and close them after the block."""
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
