from typing import Annotated

import msgspec
import pytest
from msgspec import Meta, Struct

from hub.errors import BadInput
from hub.runtime.errors import FieldInvalid, FieldMissing, FieldTooLong, FieldTooShort, FieldUnknown
from hub.runtime.field_errors import field_error


class Form(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2, max_length=4)]
    age: Annotated[int, Meta(ge=1)] = 1


@pytest.mark.parametrize(
    "body, error",
    [
        ({}, FieldMissing(name="name")),
        ({"name": "Ana", "colour": 1}, FieldUnknown(name="colour")),
        ({"name": "Anabel"}, FieldTooLong(most=4)),
        ({"name": "A"}, FieldTooShort(least=2)),
        ({"name": 3}, FieldInvalid(problem="expected str, got int")),
        ({"name": "Ana", "age": 0}, FieldInvalid(problem="expected int >= 1")),
    ],
)
def test_errors_found_by_msgspec_have_a_code(body: dict[str, object], error: BadInput) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(body, Form)
    assert field_error(str(refused.value), None).reason == error.reason


def test_the_field_is_named() -> None:
    assert (field_error("Expected `str`", "name").field, field_error("Expected `str`", None).field) == ("name", None)
