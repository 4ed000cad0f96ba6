"""Columns that hold one value of a closed set: an enum in Python, text with a CHECK constraint in the database."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Dialect, Text
from sqlalchemy.types import TypeDecorator


class EnumText(TypeDecorator[StrEnum]):
    """Text that is read as a member of an enum; a value outside the enum raises ValueError before it is sent."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        """Keep the enum."""
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text that is stored."""
        del dialect
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member that was stored."""
        del dialect
        return None if value is None else self.kind(value)


def one_of(column: str, kind: type[StrEnum]) -> tuple[EnumText, CheckConstraint]:
    """Return the type and the constraint of a column, to be unpacked into `mapped_column`.

    A NULL passes the constraint, as with every CHECK; whether the column may be NULL is for the column to say.
    """
    return EnumText(kind), check_one_of(column, kind)


def check_one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds a value of an enum."""
    values = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} in ({values})", name=column)
