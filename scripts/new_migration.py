"""Write the migration that brings the tables up to date with the models: `make migration m="what changes"`.

The migrations before the new one count as landed: their digests are stored, and a test compares them.
"""

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import uvloop
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import hub
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.storage.migrate import config, head, migrate

VERSIONS = Path(hub.__path__[0]) / "migrations" / "versions"
DIGESTS = Path(hub.__path__[0]).parent / "tests" / "storage" / "landed_migrations.json"
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def revise(connection: Connection, message: str) -> Path:
    """Write the migration from the tables of `connection` to the models; return its file."""
    settings = config(connection)
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    made = command.revision(settings, message=message, autogenerate=True, rev_id=f"{int(head()) + 1:04}")
    return Path(made.path)


async def write(url: str, message: str) -> Path:
    """Migrate the empty database at `url` to the newest version and write the next migration; return its file."""
    await migrate(url)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        file = await connection.run_sync(revise, message)
    await engine.dispose()
    return file


def pin_landed(new: Path) -> None:
    """Store the digest of every migration but the new one."""
    landed = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        for file in sorted(VERSIONS.glob("*.py"))
        if file != new
    }
    DIGESTS.write_text(json.dumps(landed, indent=4) + "\n")


def main() -> None:
    """Write the migration that the command line names."""
    message = " ".join(sys.argv[1:]).strip()
    if not re.search(r"\w", message):
        sys.exit('Say what changes: make migration m="add a table of notes"')
    with tempfile.TemporaryDirectory(prefix="hub-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        server = EmbeddedPostgres(Path(folder), tuning=HASTY)
        server.start()
        try:
            file = uvloop.run(write(server.url, message))
        finally:
            server.stop()
    ruff = Path(sys.executable).with_name("ruff")
    subprocess.run([ruff, "check", "--quiet", "--fix", "--select", "I,F401", file], check=True)
    subprocess.run([ruff, "format", "--quiet", file], check=True)
    pin_landed(file)
    print(f"Written: {file.relative_to(VERSIONS.parents[2])}. Read it, and add what the data need.")
    if "op." not in file.read_text():
        print("It is empty: the tables are already as the models say.")


if __name__ == "__main__":
    main()
