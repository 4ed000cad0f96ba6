"""The database: engine, sessions, transactions, the base of all mapped classes, ids and times."""

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

CLOCK_EVERY = 900  # seconds after which a connection is replaced, and the clock read again

type_names = {
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "pk": "%(table_name)s_pkey",
}


def new_id() -> UUID:
    """Return a UUID of version 7: 48 bits of milliseconds, then random bits (RFC 9562 §5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10))
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (chance >> 68) << 64 | 0b10 << 62
    return UUID(int=value | chance & 0x3FFF_FFFF_FFFF_FFFF)


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

    metadata = MetaData(naming_convention=type_names)
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
        pool_recycle=CLOCK_EVERY,
        pool_pre_ping=False,
        pool_use_lifo=True,
        hide_parameters=True,  # a logged error must not contain what was written
        json_serializer=lambda value: msgspec.json.encode(value).decode(),
        json_deserializer=msgspec.json.decode,
        connect_args={"timeout": 10, "server_settings": {"application_name": "hub", "jit": "off"}},
    )
    event.listen(engine.sync_engine, "connect", _read_clock)
    return engine


def _read_clock(line: DBAPIConnection, _: object) -> None:
    """Read the database's clock with every connection that is opened."""
    cursor = line.cursor()
    cursor.execute("select clock_timestamp()")
    [(at,)] = cursor.fetchall()
    cursor.close()
    line.rollback()
    CLOCK.set(at)


def make_sessions(engine: AsyncEngine) -> Sessions:
    """Return the factory of sessions; objects do not expire, so that no attribute loads by itself."""
    return async_sessionmaker(engine, expire_on_commit=False)


UNREACHABLE = (OperationalError, InterfaceError, asyncpg.InterfaceError, ConnectionError, OSError, TimeoutError)


def is_outage(error: BaseException) -> bool:
    """Return whether the database or a disk is away or full, rather than a statement wrong; so is any `Unavailable`."""
    if isinstance(error, (Unavailable, *UNREACHABLE)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return True
    return _is_torn(error) or _code(error)[:2] in {"08", "53", "57", "58"}


def unreachable(url: str, error: BaseException) -> DatabaseUnreachable:
    """Return the error for a database at `url` that does not answer, without its password."""
    where = url.rpartition("@")[2].partition("?")[0]
    cause = getattr(error, "orig", None) or error
    problem = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return DatabaseUnreachable(where=where, problem=problem)


def _is_torn(error: BaseException) -> bool:
    """Return whether a connection broke within a step of the protocol, so that the driver lost its state."""
    own = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(own, asyncpg.InternalClientError) or isinstance(
        getattr(own, "__cause__", None), asyncpg.InternalClientError
    )


def _code(error: BaseException) -> str:
    """Return PostgreSQL's code of an error of SQLAlchemy or of the driver; an empty text when it has none."""
    own = error.orig if isinstance(error, DBAPIError) else error
    return getattr(own, "sqlstate", None) or ""


def is_conflict(error: BaseException) -> bool:
    """Return whether two transactions were in conflict, so that a repetition may succeed."""
    return _code(error) in {"40001", "40P01", "23505"}


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """Open one transaction, which commits at the end; an outage becomes `Unavailable`."""
    with _outages():
        async with sessions.begin() as session:
            yield session


@asynccontextmanager
async def bare_transaction(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """Open one transaction on the driver itself, for the few frequent statements that the layers above slow down."""
    with _outages():
        async with engine.connect() as line:
            driver = (await line.get_raw_connection()).driver_connection
            if not isinstance(driver, asyncpg.Connection):
                raise TypeError(f"{driver!r} is no connection of asyncpg.")
            try:
                async with driver.transaction():
                    yield driver
            finally:
                if driver.is_closed():
                    await line.invalidate()


@contextmanager
def _outages() -> Iterator[None]:
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
