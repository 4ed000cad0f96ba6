"""Columns that hold one value of a closed set."""

from enum import StrEnum

import pytest
from sqlalchemy.engine.default import DefaultDialect

from hub.storage.closed_sets import EnumText, one_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


DIALECT = DefaultDialect()


def test_a_value_is_stored_as_text_and_read_as_a_member() -> None:
    kind = EnumText(Colour)
    assert kind.process_bind_param(Colour.RED, DIALECT) == "red"
    assert kind.process_bind_param("blue", DIALECT) == "blue"
    assert kind.process_result_value("red", DIALECT) is Colour.RED
    assert kind.process_bind_param(None, DIALECT) is kind.process_result_value(None, DIALECT) is None


def test_a_value_outside_the_set_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match="green"):
        EnumText(Colour).process_bind_param("green", DIALECT)


def test_the_database_checks_the_same_set() -> None:
    _, check = one_of("paint", Colour)
    assert str(check.sqltext) == "paint in ('red', 'blue')"
