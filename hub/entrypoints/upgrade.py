"""Migrates the database schema; loads Alembic only when needed."""


async def migrate(url: str) -> None:
    """Migrate the database at `url` to the newest schema; raises SetupError when it cannot be reached."""
    from hub.storage import migrate as alembic

    await alembic.migrate(url)
