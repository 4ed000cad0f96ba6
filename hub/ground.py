"""What every door stands on: settings, database, signals, files and seals, opened once and closed once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from hub.database import Sessions, make_engine, make_sessions, transaction
from hub.files import Files
from hub.sealed import Sealer
from hub.settings import Settings
from hub.signals import Signals, open_signals

BELL = "timeline"                     # rung after every commit that wrote to the log
RECORDED = "recorded"                 # in session.info: this transaction wrote to the log


@dataclass(frozen=True, kw_only=True)
class Ground:
    """The open parts, handed to whoever needs them."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    signals: Signals
    files: Files
    sealer: Sealer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction; after its commit the bell rings when it wrote to the log."""
        async with transaction(self.sessions) as session:
            yield session
        if session.info.get(RECORDED):
            await self.ring()

    async def ring(self) -> None:
        """Tell the readers of the log that there is something new; a lost bell costs a second or two."""
        await self.signals.publish(BELL, b"")


@asynccontextmanager
async def open_ground(settings: Settings, *, database_url: str, pool: int = 10) -> AsyncIterator[Ground]:
    """Open everything, and close it in the end."""
    engine = make_engine(database_url, size=pool)
    signals = await open_signals(settings.redis_url)
    try:
        yield Ground(
            settings=settings,
            engine=engine,
            sessions=make_sessions(engine),
            signals=signals,
            files=Files(settings.data_dir / "files"),
            sealer=Sealer.from_settings(settings),
        )
    finally:
        await signals.close()
        await engine.dispose()
