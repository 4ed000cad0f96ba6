"""Engine, sessions and transactions of the database; the base of all mapped classes; new ids and times."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import BigInteger, DateTime, MetaData, Text, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass
from sqlalchemy.types import UserDefinedType

from hub.errors import Unavailable
from hub.storage.clock import CLOCK
from hub.storage.errors import DatabaseUnavailable, DatabaseUnreachable

CONNECTION_LIFETIME = 900  # seconds; each new connection also reads the database's clock

NAMING_CONVENTION = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def new_id() -> UUID:
    """Return a UUID of version 7: 48 bits of milliseconds, then random bits (RFC 9562 §5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (random_bits >> 68) << 64 | 0b10 << 62
    return UUID(int=value | random_bits & 0x3FFF_FFFF_FFFF_FFFF)


def now() -> datetime:
    """Return the time by the database's clock, aware and in UTC."""
    return CLOCK.now()


class Xid(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction number (`xid8`), as an int."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """Return the SQL name of the type."""
        return "xid8"


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """The base of every mapped class."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        str: Text(),
        int: BigInteger(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


Sessions = async_sessionmaker[AsyncSession]


def make_engine(url: str, *, size: int = 10) -> AsyncEngine:
    """Return a pool of at most `size` connections; none is open yet."""
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=15,
        pool_recycle=CONNECTION_LIFETIME,
        pool_pre_ping=False,
        pool_use_lifo=True,
        hide_parameters=True,  # a logged error must not contain the values
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        connect_args={"timeout": 10, "server_settings": {"application_name": "hub", "jit": "off"}},
    )
    event.listen(engine.sync_engine, "connect", _read_clock)
    return engine


def _read_clock(connection: DBAPIConnection, _: object) -> None:
    """Read the database's clock with every connection that is opened."""
    cursor = connection.cursor()
    cursor.execute("select clock_timestamp()")
    [(at,)] = cursor.fetchall()
    cursor.close()
    connection.rollback()
    CLOCK.set(at)


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Return the factory of sessions; objects do not expire, so that no attribute loads by itself."""
    return async_sessionmaker(engine, expire_on_commit=False)


UNREACHABLE = (OperationalError, InterfaceError, asyncpg.InterfaceError, ConnectionError, OSError, TimeoutError)


def is_outage(error: BaseException) -> bool:
    """Return whether an error means that the database or a disk is unreachable or full; true for any `Unavailable`."""
    if isinstance(error, (Unavailable, *UNREACHABLE)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return True
    return _is_protocol_broken(error) or _sqlstate(error)[:2] in {"08", "53", "57", "58"}


def unreachable(url: str, error: BaseException) -> DatabaseUnreachable:
    """Return the error for a database at `url` that does not answer, without its password."""
    where = url.rpartition("@")[2].partition("?")[0]
    cause = getattr(error, "orig", None) or error
    problem = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return DatabaseUnreachable(where=where, problem=problem)


def _is_protocol_broken(error: BaseException) -> bool:
    """Return whether a connection broke in the middle of a protocol message, so that the driver lost its state."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, asyncpg.InternalClientError) or isinstance(
        getattr(cause, "__cause__", None), asyncpg.InternalClientError
    )


def _sqlstate(error: BaseException) -> str:
    """Return the SQLSTATE of an error of SQLAlchemy or of the driver; empty when it has none."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""


def is_conflict(error: BaseException) -> bool:
    """Return whether two transactions conflicted, so that a retry may succeed."""
    return _sqlstate(error) in {"40001", "40P01", "23505"}


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Open a transaction, which commits at the end; raises Unavailable on an outage."""
    with _outages_as_unavailable():
        async with sessions.begin() as session:
            yield session


@asynccontextmanager
async def bare_transaction(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """Open a transaction on asyncpg itself, for the few hot statements that SQLAlchemy slows down."""
    with _outages_as_unavailable():
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if not isinstance(driver, asyncpg.Connection):
                raise TypeError(f"{driver!r} is no connection of asyncpg.")
            try:
                async with driver.transaction():
                    yield driver
            finally:
                if driver.is_closed():
                    await connection.invalidate()


@contextmanager
def _outages_as_unavailable() -> Iterator[None]:
    try:
        yield
    except Unavailable:
        raise
    except Exception as error:
        if is_outage(error):
            raise DatabaseUnavailable from error
        raise


async def reachable(engine: AsyncEngine) -> bool:
    """Return whether the database answers."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
    except UNREACHABLE:
        return False
    return True
