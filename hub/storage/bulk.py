"""Insert or update any number of rows in one statement: columns are sent as arrays, which PostgreSQL unnests."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, Boolean, DateTime, LargeBinary, Table, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from hub.storage.closed_sets import EnumText
from hub.storage.database import Base

Rows = Sequence[Mapping[str, Any]]


def _array_type(kind: TypeEngine[Any]) -> tuple[str, TypeEngine[Any]]:
    for known_type, name in (
        (Uuid, "uuid"),
        (Text, "text"),
        (EnumText, "text"),
        (DateTime, "timestamptz"),
        (BigInteger, "bigint"),
        (Boolean, "boolean"),
        (LargeBinary, "bytea"),
    ):
        if isinstance(kind, known_type):
            return name, kind
    if _is_json(kind):
        return "jsonb", Text()
    message = f"no bulk form for {kind!r}"
    raise TypeError(message)


def _is_json(kind: TypeEngine[Any]) -> bool:
    """Return whether values are sent as JSON: PostgreSQL cannot unnest an array of arrays into arrays."""
    return isinstance(kind, JSONB) or (isinstance(kind, ARRAY) and isinstance(kind.item_type, Text))


def _column_sql(name: str, kind: TypeEngine[Any]) -> str:
    """Return the SQL that reads a column of the unnested rows."""
    if isinstance(kind, ARRAY):
        return f"array(select jsonb_array_elements_text(v.{name}::jsonb))"
    return f"v.{name}::jsonb" if isinstance(kind, JSONB) else f"v.{name}"


def _unnest(table: Table, names: tuple[str, ...]) -> tuple[str, str, list[Any]]:
    """Return the unnest call, the select list and the bind parameters for some columns of a table."""
    arrays, selected, binds = [], [], []
    for name in names:
        sql, kind = _array_type(table.c[name].type)
        arrays.append(f"cast(:{name} as {'text' if sql == 'jsonb' else sql}[])")
        selected.append(_column_sql(name, table.c[name].type))
        binds.append(bindparam(name, type_=ARRAY(kind)))
    return f"unnest({', '.join(arrays)}) as v({', '.join(names)})", ", ".join(selected), binds


@lru_cache(maxsize=256)
def _insert(table: Table, names: tuple[str, ...], tail: str) -> TextClause:
    source, selected, binds = _unnest(table, names)
    columns = ", ".join(names)
    return text(f"insert into {table.name} ({columns}) select {selected} from {source} {tail}").bindparams(*binds)


@lru_cache(maxsize=64)
def _update(table: Table, names: tuple[str, ...], key: str, extra: str) -> TextClause:
    source, _, binds = _unnest(table, names)
    assigned = ", ".join(f"{name} = {_column_sql(name, table.c[name].type)}" for name in names if name != key)
    return text(f"update {table.name} t set {assigned}{extra} from {source} where t.{key} = v.{key}").bindparams(*binds)


def _column_arrays(table: Table, rows: Rows, names: tuple[str, ...]) -> dict[str, list[Any]]:
    return {
        name: [msgspec.json.encode(row[name]).decode() for row in rows]
        if _is_json(table.c[name].type)
        else [row[name] for row in rows]
        for name in names
    }


def table_of(entity: type[Base]) -> Table:
    """Return the table of a mapped class."""
    table = entity.__table__
    if not isinstance(table, Table):
        message = f"{entity.__name__} is mapped to no table"
        raise TypeError(message)
    return table


async def insert_many(session: AsyncSession, entity: type[Base], rows: Rows, *, tail: str = "") -> Sequence[Any]:
    """Insert rows that all have the same keys; `tail` is a trusted ON CONFLICT or RETURNING clause.

    Columns left out get the server's default, so every NOT NULL column without one must be named.
    """
    if not rows:
        return ()
    table, names = table_of(entity), tuple(rows[0])
    result = await session.execute(_insert(table, names, tail), _column_arrays(table, rows, names))
    return result.all() if " returning " in f" {tail} " else ()


async def insert_objects(session: AsyncSession, objects: Sequence[Base]) -> None:
    """Insert new objects of one class without adding them to the session; other columns get the server's defaults."""
    if objects:
        entity = type(objects[0])
        names = [field.name for field in fields(entity) if field.init]
        await insert_many(session, entity, [{name: getattr(item, name) for name in names} for item in objects])


async def update_many(
    session: AsyncSession, entity: type[Base], rows: Rows, *, key: str = "id", extra: str = ""
) -> None:
    """Set the given columns of the rows with these keys; `extra` adds assignments (", version = t.version + 1")."""
    if rows:
        table, names = table_of(entity), tuple(rows[0])
        await session.execute(_update(table, names, key, extra), _column_arrays(table, rows, names))
