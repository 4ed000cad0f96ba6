"""Load the tables of all rooms and compare them with a database, for `make migration` and a test."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Column, Index, MetaData
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import TypeDecorator

import hub
from hub.storage.database import Base, Xid

ischema_names["xid8"] = Xid  # SQLAlchemy does not know this type of PostgreSQL


def module_names() -> Iterator[str]:
    """Yield the name of every module `hub.*.models` in alphabetical order, without loading it."""
    root = Path(hub.__path__[0])
    for file in sorted(root.rglob("models.py")):
        yield ".".join((hub.__name__, *file.relative_to(root).with_suffix("").parts))


def all_tables() -> MetaData:
    """Load every `models` module and return the metadata with all their tables."""
    for name in module_names():
        import_module(name)
    return Base.metadata


def comparable(item: object, _name: str | None, kind: str, _reflected: object, other: object) -> bool:
    """Return whether Alembic compares an object: not an index of expressions, which PostgreSQL rewrites."""
    if kind == "index" and isinstance(item, Index) and other is not None:
        return all(isinstance(part, Column) for part in item.expressions)
    return True


def render(kind: str, item: object, context: AutogenContext) -> str | Literal[False]:
    """Return the source of one of our own types for a migration; False for a type that Alembic can write itself.

    A decorated type is written as the stored type: its Python side may change later.
    """
    if kind != "type" or not type(item).__module__.startswith("hub."):
        return False
    if isinstance(item, TypeDecorator):
        return f"sa.{type(item.impl_instance).__name__}()"
    name = type(item).__name__
    context.imports.add(f"from hub.database import {name}")
    return f"{name}()"


# Alembic compares the values of defaults: two of clock_timestamp() always differ, and an identity has none.
COMPARISON: dict[str, Any] = {"compare_type": True, "compare_server_default": False, "include_object": comparable}
