"""Upgrade the database's shape; Alembic is loaded only when that is asked for."""


async def migrate(url: str) -> None:
    """Bring the database at `url` up to date; raises SetupError when it cannot be reached."""
    from hub.storage import migrate as alembic

    await alembic.migrate(url)
