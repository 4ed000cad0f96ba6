"""Which errors mean that the database is unavailable, rather than that a statement is wrong."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, InternalError, ProgrammingError

from hub.storage.database import is_outage


def wrapped(kind: type[DBAPIError], cause: BaseException) -> DBAPIError:
    """Return an error as SQLAlchemy's driver raises it."""
    own = Exception(str(cause))
    own.__cause__ = cause
    return kind("select 1", None, own)


TORN = asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress")


@pytest.mark.parametrize(
    "error", [TORN, wrapped(InternalError, TORN), ConnectionResetError(), TimeoutError(), asyncpg.DiskFullError()]
)
def test_a_connection_that_breaks_off_anywhere_is_an_outage(error: BaseException) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error", [wrapped(ProgrammingError, asyncpg.UndefinedColumnError("no such column")), ValueError("x")]
)
def test_a_statement_that_is_wrong_is_none(error: BaseException) -> None:
    assert not is_outage(error)
