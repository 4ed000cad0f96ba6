"""Reading the responses of an IMAP server."""

import time

import pytest

from hub.channels.email.errors import ImapNotUnderstood
from hub.channels.email.imap import protocol


def test_responses_are_read_into_strings_and_lists() -> None:
    lines = (rb'1 FETCH (UID 5 FLAGS (\Seen "a \"b\" * c") X NIL "NIL" BODY[HEADER.FIELDS (TO)] ', b" BODY[] ", b")")
    tokens = protocol.tokenise(lines, (b"literal (", b'"'))
    flags: list[protocol.Token] = [rb"\Seen", b'a "b" * c']
    inner: list[protocol.Token] = [
        b"UID", b"5", b"FLAGS", flags, b"X", None, b"NIL", b"BODY[HEADER.FIELDS (TO)]", b"literal (", b"BODY[]", b'"',
    ]  # fmt: skip
    assert tokens == [b"1", b"FETCH", inner]


def test_a_megabyte_of_anything_is_read_in_no_time() -> None:
    for nasty in (b"[" * 2**20, b'"' + b"\\" * (2**20 - 1), b"((" * 2**19, b"a[" * 2**19, b" " * 2**20):
        started = time.monotonic()
        with pytest.raises(ImapNotUnderstood):
            protocol.tokenise((nasty + b"(",))
        assert time.monotonic() - started < 1
