"""Check an installation and say how to repair it: the command `hub doctor`."""

import asyncio
import shutil
import socket
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from hub.access.cookies import is_local, is_local_http
from hub.errors import HubError
from hub.settings import Settings
from hub.storage.data_folder import prepare
from hub.storage.encryption import master_key
from hub.storage.migrate import head

OLDEST_POSTGRES = 150000
CLOCK_TOLERANCE = timedelta(seconds=5)
MIN_FREE_BYTES = 1 << 30
TIMEOUT = 5.0  # seconds for the database or Redis to answer


class Finding(Struct, frozen=True, kw_only=True):
    """The result of one check; `remedy` says how to repair a failure, or gives advice."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


async def examine(settings: Settings, database_url: str | None) -> list[Finding]:
    """Check the data folder, keys, database, Redis, port and address; `database_url` is None when it is not known."""
    checks: list[Callable[[], Awaitable[list[Finding]]]] = [
        lambda: asyncio.to_thread(_folder, settings),
        lambda: asyncio.to_thread(_key, settings),
        lambda: _database(database_url),
        lambda: _redis(settings.redis_url),
        lambda: asyncio.to_thread(_port, settings),
        lambda: asyncio.to_thread(_address, settings),
    ]
    return [finding for check in checks for finding in await check()]


def report(findings: list[Finding]) -> int:
    """Print the findings as a table; returns the exit status: 0 when all are in order."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:<{width}}  {finding.detail}")
        if finding.remedy:
            print(f"{'':<{width + 6}}  → {finding.remedy}")
    return 0 if all(finding.ok for finding in findings) else 1


def _folder(settings: Settings) -> list[Finding]:
    try:
        prepare(settings.data_dir)
        free = shutil.disk_usage(settings.data_dir).free
    except HubError as error:
        return [Finding(name="data folder", ok=False, detail=error.detail, remedy="Set HUB_DATA_DIR.")]
    detail = f"{free / (1 << 30):.1f} GB free"
    remedy = "" if free >= MIN_FREE_BYTES else "Make room; mail is refused for the time being once the disk is full."
    return [
        Finding(name="data folder", ok=True, detail=f"{settings.data_dir} can be written to"),
        Finding(name="disk", ok=free >= MIN_FREE_BYTES, detail=detail, remedy=remedy),
    ]


def _key(settings: Settings) -> list[Finding]:
    try:
        master_key(settings)
    except HubError as error:
        return [Finding(name="secret key", ok=False, detail=error.detail)]
    except OSError as error:
        return [Finding(name="secret key", ok=False, detail=f"It cannot be kept: {error.strerror}.")]
    return [Finding(name="secret key", ok=True, detail="present")]


async def _database(url: str | None) -> list[Finding]:
    if url is None:
        remedy = "Start it with `hub up`, or name a server in HUB_DATABASE_URL."
        return [Finding(name="database", ok=False, detail="The embedded PostgreSQL is not running.", remedy=remedy)]
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with asyncio.timeout(TIMEOUT), engine.connect() as connection:
            return [await check(connection) for check in (_version, _migrations, _clock)] + await _channels(connection)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__]
        remedy = "Check HUB_DATABASE_URL, and that PostgreSQL runs and lets this machine in."
        return [Finding(name="database", ok=False, detail=reason[0], remedy=remedy)]
    finally:
        await engine.dispose()


async def _version(connection: AsyncConnection) -> Finding:
    number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    ok = number >= OLDEST_POSTGRES
    detail = f"PostgreSQL {number // 10000}.{number % 10000}"
    return Finding(name="database", ok=ok, detail=detail, remedy="" if ok else "PostgreSQL 15 or newer is needed.")


async def _migrations(connection: AsyncConnection) -> Finding:
    table = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
    current = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() if table else None
    newest = head()
    detail = f"at {current or 'nothing'}" + ("" if current == newest else f", and this hub needs {newest}")
    return Finding(
        name="migrations", ok=current == newest, detail=detail, remedy="" if current == newest else "Run `hub migrate`."
    )


async def _clock(connection: AsyncConnection) -> Finding:
    database_time: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    difference = abs(database_time - datetime.now(UTC))
    ok = difference <= CLOCK_TOLERANCE
    remedy = "" if ok else "Set both clocks by NTP; timers and sessions depend on them."
    return Finding(name="clock", ok=ok, detail=f"{difference.total_seconds():.1f} s from the database's", remedy=remedy)


async def _channels(connection: AsyncConnection) -> list[Finding]:
    table = (await connection.execute(text("SELECT to_regclass('channel')"))).scalar_one()
    if table is None:
        return []
    query = "SELECT name, kind, error, paused_at FROM channel WHERE archived_at IS NULL ORDER BY name"
    rows = (await connection.execute(text(query))).all()
    return [
        Finding(
            name=f"channel {row.name}",
            ok=not row.error,
            detail=row.error or f"{row.kind}, {'paused' if row.paused_at else 'working'}",
            remedy="Open its settings in the web app and test it." if row.error else "",
        )
        for row in rows
    ]


async def _redis(url: str | None) -> list[Finding]:
    if url is None:
        return [Finding(name="redis", ok=True, detail="not set: one process only")]
    client = Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
    try:
        began = time.perf_counter()
        await client.get("hub:doctor")
        return [Finding(name="redis", ok=True, detail=f"answers in {(time.perf_counter() - began) * 1000:.1f} ms")]
    except (RedisError, OSError) as error:
        remedy = "Check HUB_REDIS_URL, and that Redis runs; until then live updates reach one process only."
        return [Finding(name="redis", ok=False, detail=str(error), remedy=remedy)]
    finally:
        await client.aclose()


def _port(settings: Settings) -> list[Finding]:
    name = f"port {settings.port}"
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            detail = f"{settings.host}:{settings.port} is taken or barred: {error.strerror}"
            return [Finding(name=name, ok=True, detail=f"{detail} (as it should be while the hub runs)")]
    return [Finding(name=name, ok=True, detail="free")]


def _address(settings: Settings) -> list[Finding]:
    """Check the address where agents sign in: with TLS from anywhere, without it on this machine only."""
    name, url = "address", settings.base_url
    if not settings.secure and not is_local_http(settings):
        detail = f"{url} is not protected, and browsers keep no sign-in cookie that comes from there"
        return [Finding(name=name, ok=False, detail=detail, remedy="Put TLS in front; set HUB_PUBLIC_URL=https://….")]
    if settings.secure and not settings.trusted_proxies:
        detail = f"{url}: TLS ends in front of the hub, and everybody seems to come from the address of what ends it"
        remedy = "Set HUB_TRUSTED_PROXIES to that address, or one person's wrong guesses shut everybody out."
        return [Finding(name=name, ok=False, detail=detail, remedy=remedy)]
    if settings.public_url is None and not is_local(settings.host):
        detail = f"{url}: people sign in on this machine alone"
        return [Finding(name=name, ok=True, detail=detail, remedy="For others, put TLS in front; set HUB_PUBLIC_URL.")]
    return [Finding(name=name, ok=True, detail=url)]
