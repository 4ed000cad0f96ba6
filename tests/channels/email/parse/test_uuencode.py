"""Files written into the words of a mail are taken out of them."""

import binascii
import time

import pytest

from hub.channels.email.parse.reader import read
from hub.channels.email.parse.uuencode import take_out

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
    assert take_out(raw) == (b"See.\n\nBye\n", [(b"cup.bin", CONTENT)])


@pytest.mark.parametrize(
    "words", [b"begin 644 of them today\nand go on\nend\n", b"begin 644 x\n", b"begin 644 x\nend\n", b"the end\n"]
)
def test_words_that_look_like_a_file_stay_words(words: bytes) -> None:
    assert take_out(words) == (words, [])


def test_what_is_escaped_mark_by_mark_stays_words() -> None:
    words = b"=ybegin line=128 size=512 name=x\n" + b"=A" * 100_000 + b"\n=yend size=512\n"
    assert take_out(words) == (words, [])


@pytest.mark.parametrize("piece", [b"begin 644 x\n", b"begin 644 x\nend\n", UU, b"=ybegin name=x\n", b"=yend\n"])
def test_megabytes_are_searched_in_time(piece: bytes) -> None:
    began = time.perf_counter()
    take_out(piece * (5_000_000 // len(piece)))
    assert time.perf_counter() - began < 1
