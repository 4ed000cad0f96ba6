import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.visitors.protocol import (
    MAX_FRAME_BYTES,
    ChatMessage,
    Code,
    Hello,
    Refused,
    SendMessage,
    frame,
    offered_token,
    read_frame,
)

ID = UUID("018f2f6e-0000-7000-8000-000000000001")
TOKEN = "t" * 43


def test_a_message_is_read() -> None:
    raw = json.dumps({"type": "say", "id": str(ID), "text": "hi", "attachment_ids": []})
    assert read_frame(raw) == SendMessage(id=ID, text="hi")


def test_hello_names_the_last_cursor() -> None:
    assert read_frame('{"type":"hello","cursor":"12.34"}') == Hello(cursor="12.34")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":"welcome"}',
        '{"type":"say"}',
        '{"type":"say","id":"1"}',
        '{"type":"say","id":"018f2f6e-0000-7000-8000-000000000001","text":7}',
        '{"type":"say","id":"018f2f6e-0000-7000-8000-000000000001","agent":true}',
        '{"type":"hello","cursor":"1.1; drop table"}',
        '{"type":"hello","cursor":""}',
        '{"type":"hello","locale":"../../etc"}',
        '{"type":"seen","upto":null}',
        "\ud800",
        b"\xff\xfe",
        b'{"type":"say","id":"018f2f6e-0000-7000-8000-000000000001","text":"\xff"}',
        "[" * 60_000,
        json.dumps({"type": "say", "id": str(ID), "text": "x" * 10_001}),
    ],
)
def test_anything_else_is_refused_as_a_bad_frame(raw: str | bytes) -> None:
    assert read_frame(raw) == Refused(code=Code.BAD_FRAME)


def test_a_frame_over_64_kib_is_too_large() -> None:
    assert read_frame(b" " * (MAX_FRAME_BYTES + 1)) == Refused(code=Code.TOO_LARGE)


@given(st.binary(max_size=2000))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    read_frame(raw)


def test_a_message_names_its_side_as_the_browser_expects_it() -> None:
    message = ChatMessage(
        id=ID, from_="agent", author="Marina", text="hi", at=datetime(2026, 1, 1, tzinfo=UTC), cursor="1.2"
    )
    decoded = json.loads(frame(message))
    assert (decoded["type"], decoded["from"], decoded["cursor"]) == ("message", "agent", "1.2")


def test_a_refusal_is_a_code_without_a_sentence() -> None:
    assert json.loads(frame(Refused(code=Code.TOO_FAST, id=ID, retry_after=1.5))) == {
        "type": "refused",
        "code": "too_fast",
        "id": str(ID),
        "retry_after": 1.5,
    }


@pytest.mark.parametrize(
    "offer",
    [[], ["hub.chat.v1"], [f"token.{TOKEN}"], ["hub.chat.v2", f"token.{TOKEN}"], ["hub.chat.v1", "token.a", "token.b"]],
)
def test_exactly_one_token_beside_the_protocol_is_an_offer(offer: list[str]) -> None:
    assert offered_token(offer) is None


def test_the_token_is_found_in_the_subprotocol() -> None:
    assert offered_token(["hub.chat.v1", f"token.{TOKEN}"]) == TOKEN
