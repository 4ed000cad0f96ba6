from datetime import timedelta
from typing import Any

import pytest

from hub.errors import BadInput, CodedText, Reason, SetupError, TooLarge, TooMany, concrete_subclasses, reason_to_json


class UploadTooLargeHere(TooLarge):
    """{file} has {size_bytes}.

    A file can have up to {limit_mb} MB.
    """

    field = "file"
    file: str
    size_bytes: int
    limit_mb: int


class Hurried(TooMany):
    """Try again in {retry_after}: {cause}"""

    cause: CodedText


ERROR = UploadTooLargeHere(file="a.txt", size_bytes=3 << 20, limit_mb=2)


def test_the_class_gives_code_and_sentence() -> None:
    assert (ERROR.code, ERROR.status, ERROR.field) == ("upload_too_large_here", 413, "file")
    assert ERROR.detail == str(ERROR) == "a.txt has 3.0 MB. A file can have up to 2 MB."


def test_the_parameters_travel_as_they_are() -> None:
    assert ERROR.reason.params == {"file": "a.txt", "size_bytes": 3 << 20, "limit_mb": 2}


@pytest.mark.parametrize(
    "wait, seconds, words",
    [
        (timedelta(), 1, "1 second"),
        (timedelta(seconds=29.2), 30, "30 seconds"),
        (timedelta(seconds=61), 61, "2 minutes"),
        (timedelta(hours=3), 10_800, "3 hours"),
    ],
)
def test_a_wait_is_rounded_up(wait: timedelta, seconds: int, words: str) -> None:
    error = Hurried(retry_after=wait, cause=ERROR)
    assert error.reason.params["retry_after"] == seconds
    assert error.detail == f"Try again in {words}: {ERROR.detail}"


def test_a_cause_is_a_reason_within_the_reason() -> None:
    stored = reason_to_json(Hurried(retry_after=timedelta(seconds=1), cause=ERROR).reason)
    assert stored is not None
    assert stored["params"] == {"retry_after": 1, "cause": reason_to_json(ERROR.reason)}


@pytest.mark.parametrize("size, words", [(11, "11 bytes"), (2048, "2 KB"), (3 << 19, "1.5 MB")])
def test_a_size_is_shown_in_its_unit(size: int, words: str) -> None:
    assert f"has {words}." in UploadTooLargeHere(file="a", size_bytes=size, limit_mb=1).detail


def test_an_error_names_its_field() -> None:
    class Wrong(BadInput):
        """This is wrong."""

    assert (Wrong().field, Wrong().at("name").field) == (None, "name")


@pytest.mark.parametrize("params", [{}, {"file": "a"}, {**ERROR.reason.params, "more": 1}])
def test_a_parameter_too_few_or_too_many_is_a_mistake(params: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="limit_mb"):
        UploadTooLargeHere(**params)


def test_a_kind_cannot_be_raised_itself() -> None:
    with pytest.raises(TypeError, match="BadInput"):
        BadInput()


def test_concrete_errors_are_found_below_their_kinds() -> None:
    assert UploadTooLargeHere in concrete_subclasses(TooLarge)
    assert SetupError not in concrete_subclasses(SetupError)
    assert reason_to_json(None) is None
    assert isinstance(ERROR.reason, Reason)
