"""Folder names as IMAP encodes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.email.imap.folder_names import decode_folder, encode_folder


@pytest.mark.parametrize(
    "name,written",
    [
        ("INBOX", "INBOX"),
        ("Zürich & Co", "Z&APw-rich &- Co"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("a\r\nb", "a&AA0ACg-b"),
    ],
)
def test_a_name_is_written_as_the_standard_has_it(name: str, written: str) -> None:
    assert encode_folder(name) == written
    assert decode_folder(written) == name


@given(name=st.text())
def test_a_name_is_read_as_it_was_written_and_is_plain_ascii_between(name: str) -> None:
    written = encode_folder(name)
    assert decode_folder(written) == name
    assert all(0x20 <= ord(character) <= 0x7E for character in written)


@given(written=st.text("&-A,b1="))
def test_a_malformed_name_is_read_somehow(written: str) -> None:
    assert isinstance(decode_folder(written), str)
