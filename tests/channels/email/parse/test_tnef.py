"""Outlook's winmail.dat is opened, and a broken one does no harm."""

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.email.parse.reader import read
from hub.channels.email.parse.tnef import SIGNATURE, unpack


def attribute(number: int, content: bytes, level: int = 2) -> bytes:
    return struct.pack("<BII", level, number, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def properties(*fields: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<I", len(fields))
    for kind, name, content in fields:
        padded = content + b"\x00" * (-len(content) % 4)
        out += struct.pack("<HHII", kind, name, 1, len(content)) + padded
    return out


def file(title: bytes, content: bytes, *fields: tuple[int, int, bytes]) -> bytes:
    return (
        attribute(0x69002, b"\x00" * 14)
        + attribute(0x18010, title + b"\x00")
        + attribute(0x6800F, content)
        + (attribute(0x69005, properties(*fields)) if fields else b"")
    )


LONG_NAME = (0x1F, 0x3707, "Rechnung für Bo.pdf\x00".encode("utf-16-le"))
KIND = (0x1E, 0x370E, b"application/pdf\x00")
TNEF = SIGNATURE + b"\x01\x00" + attribute(0x69007, struct.pack("<II", 1252, 0), 1)
MAIL = (
    b"From: bo@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nHello\n--b\n"
    b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: binary\n\n"
)


def test_the_files_take_the_place_of_the_wrapping() -> None:
    wrapped = TNEF + file(b"RECHNU~1.PDF", b"%PDF-1.4", LONG_NAME, KIND) + file(b"gr\xfcn.txt", b"words")
    mail = read(MAIL + wrapped + b"\n--b--\n")
    assert [(found.filename, found.media_type, found.content) for found in mail.attachments] == [
        ("Rechnung für Bo.pdf", "application/pdf", b"%PDF-1.4"),
        ("grün.txt", "text/plain", b"words"),
    ]
    assert mail.text.strip() == "Hello"


def test_a_wrapping_without_files_is_kept() -> None:
    assert [found.filename for found in read(MAIL + TNEF + b"\n--b--\n").attachments] == ["winmail.dat"]


def test_text_that_stands_only_in_the_winmail_dat_is_read() -> None:
    page = properties((0x102, 0x1013, b"<p>Good <b>day</b></p>"))
    raw = b"From: bo@x.example\nContent-Type: application/ms-tnef\n\n" + TNEF + attribute(0x69003, page, 1)
    mail = read(raw)
    assert (mail.text, mail.html, mail.attachments) == ("Good day", "<p>Good <b>day</b></p>", ())


def test_text_in_the_winmail_dat_is_read_where_the_mail_has_blank_text() -> None:
    blank = MAIL.replace(b"Hello", b" ")
    wrapped = TNEF + attribute(0x2800C, b"The real words.\x00", 1) + file(b"a.txt", b"x")
    mail = read(blank + wrapped + b"\n--b--\n")
    assert (mail.text.strip(), [found.filename for found in mail.attachments]) == ("The real words.", ["a.txt"])


def test_a_winmail_dat_with_unreadable_text_is_kept_beside_its_files() -> None:
    mail = read(MAIL.replace(b"Hello", b" ") + TNEF + file(b"a.txt", b"x") + b"\n--b--\n")
    assert [found.filename for found in mail.attachments] == ["a.txt", "winmail.dat"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.integers(min_value=0, max_value=200))
def test_any_bytes_are_survived(noise: bytes, cut: int) -> None:
    whole = TNEF + file(b"a.txt", b"words", LONG_NAME)
    unpack(whole[:cut] + noise)
    unpack(TNEF + attribute(0x69003, noise, 1) + attribute(0x69002, b"") + attribute(0x69005, noise))
