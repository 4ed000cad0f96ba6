"""Files encoded in the text of a mail are extracted from it."""

import binascii
import time

import pytest

from hub.channels.email.parse.reader import read
from hub.channels.email.parse.uuencode import extract_files

CONTENT = bytes(range(256)) * 2
LINES = b"".join(binascii.b2a_uu(CONTENT[at : at + 45]) for at in range(0, len(CONTENT), 45))
UU = b"begin 644 cup picture.jpg\n" + LINES + b"`\nend\n"


def yenc(content: bytes) -> bytes:
    marks = ((mark + 42) % 256 for mark in content)
    return b"".join(b"=" + bytes([(mark + 64) % 256]) if mark in b"\x00\n\r=" else bytes([mark]) for mark in marks)


def test_a_uuencoded_file_becomes_an_attachment() -> None:
    mail = read(b"From: bo@x.example\n\nSee the cup.\n\n" + UU + b"\nBye\n")
    assert [(file.filename, file.media_type) for file in mail.attachments] == [("cup picture.jpg", "image/jpeg")]
    assert mail.attachments[0].content == CONTENT
    assert "See the cup." in mail.reply_text
    assert mail.reply_text.endswith("Bye")
    assert "begin" not in mail.text


def test_a_yenc_file_becomes_an_attachment() -> None:
    raw = b"See.\n=ybegin line=128 size=512 name=cup.bin\n" + yenc(CONTENT) + b"\n=yend size=512\nBye\n"
    assert extract_files(raw) == (b"See.\n\nBye\n", [(b"cup.bin", CONTENT)])


@pytest.mark.parametrize(
    "words", [b"begin 644 of them today\nand go on\nend\n", b"begin 644 x\n", b"begin 644 x\nend\n", b"the end\n"]
)
def test_text_that_looks_like_a_file_stays_text(words: bytes) -> None:
    assert extract_files(words) == (words, [])


def test_text_with_too_many_escapes_stays_text() -> None:
    words = b"=ybegin line=128 size=512 name=x\n" + b"=A" * 100_000 + b"\n=yend size=512\n"
    assert extract_files(words) == (words, [])


@pytest.mark.parametrize("piece", [b"begin 644 x\n", b"begin 644 x\nend\n", UU, b"=ybegin name=x\n", b"=yend\n"])
def test_megabytes_are_searched_in_time(piece: bytes) -> None:
    began = time.perf_counter()
    extract_files(piece * (5_000_000 // len(piece)))
    assert time.perf_counter() - began < 1
