"""Migrate the database, in one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.storage.database import is_outage, unreachable
from hub.storage.errors import MigrationsMissing

LOCK = 7_251_990_113  # key of the advisory lock that one process at a time holds while it migrates


def config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for our migrations on `connection`."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    configuration.attributes["connection"] = connection
    return configuration


def head() -> str:
    """Return the id of the newest migration."""
    newest = ScriptDirectory.from_config(config()).get_current_head()
    if newest is None:
        raise MigrationsMissing
    return newest


async def migrate(url: str) -> None:
    """Bring the database up to date; raises SetupError when it cannot be reached."""
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": 10})
    try:
        async with engine.connect() as connection:
            await connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})
            await connection.commit()
            await connection.run_sync(lambda sync_connection: command.upgrade(config(sync_connection), "head"))
            await connection.commit()
    except Exception as error:
        if is_outage(error):
            raise unreachable(url, error) from error
        raise
    finally:
        await engine.dispose()
