"""What every door stands on: settings, database, signals, files and seals, opened once and closed once."""

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

BELL = "timeline"  # rung after every commit that wrote to the log
RECORDED = "recorded"  # in session.info: this transaction wrote to the log
TOLD = "told"  # in session.info: what is published once this transaction has committed


def publish_on_commit(session: AsyncSession, topic: str, payload: bytes) -> None:
    """Publish `payload` on `topic` after the commit; nothing is said when the transaction fails."""
    session.info.setdefault(TOLD, []).append((topic, payload))


class Shared(Protocol):
    """Something of which each process has one, with a life of its own."""

    def __init__(self, context: "AppContext") -> None:
        """Begin, without waiting."""

    async def close(self) -> None:
        """Finish what was begun."""


T = TypeVar("T", bound=Shared)


@dataclass(frozen=True, kw_only=True)
class AppContext:
    """The open parts, handed to whoever needs them."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    signals: Signals
    files: Files
    sealer: Encryptor
    _shared: dict[type[Shared], Shared] = field(default_factory=dict, repr=False)

    def one(self, kind: type[T]) -> T:
        """Give the one object of this kind that this process has, made on first use."""
        found = self._shared.get(kind)
        if not isinstance(found, kind):
            found = self._shared[kind] = kind(self)
        return found

    async def close(self) -> None:
        """Let the shared objects finish, the youngest first."""
        while self._shared:
            _, last = self._shared.popitem()
            await last.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction; after its commit the bell rings when it wrote to the log."""
        async with transaction(self.sessions) as session:
            yield session
        if session.info.get(RECORDED):
            await self.ring()
        for topic, payload in session.info.get(TOLD, ()):
            await self.signals.publish(topic, payload)

    async def ring(self) -> None:
        """Tell the readers of the log that there is something new; a lost bell costs a second or two."""
        await self.signals.publish(BELL, b"")


@asynccontextmanager
async def open_context(settings: Settings, *, database_url: str, pool: int = 10) -> AsyncIterator[AppContext]:
    """Open everything, and close it in the end."""
    engine = make_engine(database_url, size=pool)
    try:
        async with connect(settings.redis_url) as signals:
            context = AppContext(
                settings=settings,
                engine=engine,
                sessions=make_sessions(engine),
                signals=signals,
                files=Files(settings.data_dir / "files"),
                sealer=Encryptor.from_settings(settings),
            )
            try:
                yield context
            finally:
                await context.close()
    finally:
        await engine.dispose()
