"""Any bytes can be parsed, and usual mails are parsed correctly."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.contract import LARGE_BODY
from hub.channels.email.errors import MailEmpty, MailTooComplex, MailTooSlow
from hub.channels.email.parse.reader import read
from hub.channels.email.parse.sandbox import MAX_IN_PROCESS, read_bounded

HEAD = b"From: Bo <bo@x.example>\nTo: help@shop.example\nSubject: Hi\nMIME-Version: 1.0\n"


def alternative(plain: bytes, html: bytes) -> bytes:
    return HEAD + (
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n" + plain
        + b"\n--b\nContent-Type: text/html\n\n" + html + b"\n--b--\n"
    )  # fmt: skip


def test_a_plain_mail_is_read() -> None:
    mail = read(HEAD + b"Date: Tue, 4 Mar 2025 10:00:00 +0100\nMessage-ID: <1@x>\nReferences: <a@x>\n <b@x>\n\nHello\n")
    assert mail.from_ is not None
    assert (mail.from_.name, mail.from_.address, mail.subject, mail.text.strip()) == (
        "Bo",
        "bo@x.example",
        "Hi",
        "Hello",
    )
    assert (mail.message_id, mail.references) == ("<1@x>", ("<a@x>", "<b@x>"))
    assert mail.date is not None
    assert mail.date.isoformat() == "2025-03-04T09:00:00+00:00"


def test_the_plain_form_is_the_text_and_the_rich_form_the_html() -> None:
    mail = read(alternative(b"Hello", b"<p>Hello</p>"))
    assert (mail.text, mail.html, mail.html_is_whole) == ("Hello", "<p>Hello</p>", True)


def test_html_alone_becomes_text() -> None:
    mail = read(
        HEAD + b"Content-Type: text/html\n\n<p>Dear all</p><ul><li>one<li>two</ul><a href='https://x.example/'>here</a>"
    )
    assert mail.text == "Dear all\n\n- one\n- two\n\nhere <https://x.example/>"


@pytest.mark.parametrize(
    "header, body, text",
    [
        (b"text/plain; charset=gb2312", "你好朋友镕".encode("gb18030"), "你好朋友镕"),
        (b"text/plain; charset=iso-8859-1", "“ok” €".encode("cp1252"), "“ok” €"),
        (b"text/plain; charset=no-such-thing", "héllo".encode(), "héllo"),
        (b"text/plain; charset=iso-2022-jp", "こんにちは".encode("iso2022_jp"), "こんにちは"),
        (b"text/plain; charset=utf-7", b"Hi Mom +Jjo-!", "Hi Mom ☺!"),
        (b"text/plain; charset=us-ascii", "grün".encode("latin-1"), "grün"),
        (b"text/plain", "naïve".encode(), "naïve"),
        (b"text/plain; format=flowed", b"one \ntwo\n> a \n> b", "one two\n> a b"),
    ],
)
def test_charsets_are_read_as_meant(header: bytes, body: bytes, text: str) -> None:
    assert read(HEAD + b"Content-Type: " + header + b"\n\n" + body).text == text


def test_raw_eight_bit_headers_are_read_with_the_charset_of_the_body() -> None:
    raw = b"Subject: " + "Привет".encode("koi8-r") + b"\nContent-Type: text/plain; charset=koi8-r\n\nx"
    assert read(raw).subject == "Привет"


@pytest.mark.parametrize("label", ["big5", "gb2312", "iso-8859-2", "shift_jis", "koi8-r"])
def test_a_label_older_than_the_text_does_not_garble_it(label: str) -> None:
    raw = HEAD + f"Content-Type: text/plain; charset={label}\n\n".encode() + "您好，你今天好吗？".encode()
    assert read(raw).text == "您好，你今天好吗？"


def test_raw_headers_in_utf8_are_read_though_the_body_is_older() -> None:
    raw = "From: Jürg <j@x.example>\nSubject: Grüße".encode() + b"\nContent-Type: text/plain; charset=gb2312\n\n"
    mail = read(raw + "你好".encode("gb2312"))
    assert mail.from_ is not None
    assert (mail.from_.name, mail.subject, mail.text) == ("Jürg", "Grüße", "你好")


def test_a_boundary_that_is_nowhere_gives_way_to_the_one_in_use() -> None:
    raw = (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=told\n\n--used\nContent-Type: text/html\n\n<p>Hi</p>\n--used--\n"
    )
    assert read(raw).text == "Hi"


def test_parts_below_the_last_boundary_line_are_not_lost() -> None:
    raw = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nHi\n--b--\n\n--b\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--b--\n"
    )
    assert [file.filename for file in read(raw).attachments] == ["a.pdf"]
    assert read(raw).text.strip() == "Hi"


def test_html_with_a_file_name_is_the_text_when_there_is_no_other() -> None:
    raw = HEAD + b"Content-Type: text/html; name=m.html\nContent-Disposition: inline; filename=m.html\n\n<p>Hello</p>"
    assert read(raw).text == "Hello"


def test_a_copy_of_the_page_for_certain_programs_is_no_attachment() -> None:
    raw = alternative(b"Hello", b"<p>Hello</p>").replace(
        b"--b--", b"--b\nContent-Type: text/x-amp-html\n\n<html amp4email>\n--b--"
    )
    assert read(raw).attachments == ()


def test_a_transfer_encoding_with_a_comment_is_undone() -> None:
    assert read(HEAD + b"Content-Transfer-Encoding: base64 (as always)\n\nSGVsbG8=\n").text == "Hello"


def test_a_plain_form_that_only_points_to_the_rich_one_gives_way_to_it() -> None:
    rich = b"<p>Your order has left our house. " + b"It will be with you soon. " * 20 + b"</p>"
    assert read(alternative(b"Please use a program that shows HTML.", rich)).text.startswith("Your order has left")
    assert read(alternative(b"Your order has left", rich)).text == "Your order has left"


def test_no_header_can_break_out_of_its_line() -> None:
    mail = read(b"Subject: =?utf-8?Q?a=0D=0ABcc:_x@y=E2=80=A8z?=\nFrom: =?utf-8?q?A=0AB?= <a@b.c>\n\nx")
    assert mail.from_ is not None
    assert not set("\r\n\u2028") & set(mail.subject + mail.from_.name)


def test_a_folded_header_has_one_space_where_it_was_folded() -> None:
    folded = b'Subject: Hello\n world\n =?utf-8?q?a?=\n =?utf-8?q?b?=\n\tc\nFrom: "Bo\r\n Berg" <bo@x.example>\n\nx'
    mail = read(folded)
    assert mail.from_ is not None
    assert (mail.subject, mail.from_.name) == ("Hello world ab c", "Bo Berg")


@pytest.mark.parametrize(
    "header, name, address",
    [
        ("Berg, Bo <bo@x.example>", "Berg, Bo", "bo@x.example"),
        ("'Bo' via Team <team@x.example>", "'Bo' via Team", "team@x.example"),
        ("'Bo Berg' <bo@x.example>", "Bo Berg", "bo@x.example"),
        ("<bo@x.example> (Bo)", "Bo", "bo@x.example"),
        ('"bo@x.example" bo@x.example', "", "bo@x.example"),
    ],
)
def test_malformed_sender_headers_are_understood(header: str, name: str, address: str) -> None:
    sender = read(f"From: {header}\n\nx".encode()).from_
    assert sender is not None
    assert (sender.name, sender.address) == (name, address)


def test_a_folded_boundary_is_found() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="a\n b"\n\n--a b\nContent-Type: text/plain\n\nHi\n--a b--\n'
    assert read(raw).text == "Hi"


def test_garbage_before_the_headers_is_stepped_over() -> None:
    assert read(b"some junk\n\nFrom: a@b.c\nSubject: s\n\nbody").subject == "s"


def test_a_message_id_with_a_space_is_kept_whole() -> None:
    assert read(b"Message-ID: <a b@c>\nFrom: x@y\n\nx").message_id == "<a b@c>"


def test_a_truncated_base64_part_is_read_up_to_the_cut() -> None:
    raw = HEAD + b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nSGVsbG8"
    assert read(raw).attachments[0].content == b"Hello"


@pytest.mark.parametrize(
    "name, safe",
    [("../../etc/passwd", "passwd"), ("C:\\\\a\\\\b.doc", "b.doc"), (".profile", "profile"), ("con.txt", "_con.txt"),
     ("a\u202egpj.exe", "agpj.exe"), ("x" * 400 + ".pdf", "x" * 172 + ".pdf")],
)  # fmt: skip
def test_file_names_are_harmless(name: str, safe: str) -> None:
    raw = HEAD + f'Content-Type: application/pdf\nContent-Disposition: attachment; filename="{name}"\n\nx'.encode()
    assert read(raw).attachments[0].filename == safe


def test_a_mail_within_a_mail_is_named_by_its_subject() -> None:
    raw = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nsee\n--b\n"
        b"Content-Type: message/rfc822\n\nSubject: Inner\n\nx\n--b--"
    )
    assert [(file.filename, file.media_type) for file in read(raw).attachments] == [("Inner.eml", "message/rfc822")]


def nested(depth: int) -> bytes:
    return (
        HEAD
        + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(depth))
        + b"\nx"
    )


@pytest.mark.parametrize(
    "raw",
    [
        nested(20_000),
        HEAD + b"".join(b"X-%d: y\n" % i for i in range(100_000)) + b"\nx",
        b"From: " + b"(" * 100_000 + b"\n\nx",
        b"From: a@b\nTo: " + b"a@b.cc,\n " * 1_000_000 + b"\n\nx",
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 50_000 + b"x",
        HEAD + b"Content-Type: text/html\n\n" + b"<ul><li>x" * 20_000,
        b"Subject: " + b"a\n " * 100_000 + b"\n\nx",
        b"From: " + b"=?x?q?" * 40_000 + b"\n\nx",
    ],
)
def test_a_mail_bomb_costs_little(raw: bytes) -> None:
    began = time.perf_counter()
    read(raw)
    assert time.perf_counter() - began < 2


def test_an_empty_mail_is_refused_in_one_sentence() -> None:
    with pytest.raises(MailEmpty):
        read(b" \n")


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_read(raw: bytes) -> None:
    if raw.strip():
        read(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + raw)
        read(raw + b"x")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([b"From: ", b"To: ", b"Content-Type: ", b"multipart/mixed; boundary=",
        b"text/html", b"\n", b"\n\n", b"--b", b"b", b"--",
                                 b'"', b"=?utf-7?q?+2AA-?=", b"charset=utf-16", b"; name*0*=x''%ff", b"<a@b>",
        b"\xff\xfe", b"Content-Transfer-Encoding: base64",
                                 b"message/delivery-status", b"Final-Recipient: rfc822;x", b"Date: 99 99 99",
                                 b"&#xD800;", b"(", b"\x1b$B"]), max_size=40))  # fmt: skip
def test_any_mixture_of_mail_is_read(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    if raw.strip():
        read(raw).text.encode()


def test_a_large_mail_is_read_in_a_process_of_its_own() -> None:
    body = b"QUJD" * 200_000
    raw = HEAD + b"Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n" + body
    assert read_bounded(raw).attachments[0].size == 600_000


def test_too_little_memory_gives_a_clear_sentence() -> None:
    with pytest.raises(MailTooComplex):
        read_bounded(HEAD + b"\n" + b"x" * 40_000_000, memory=20_000_000)


def test_too_little_time_gives_a_clear_sentence() -> None:
    with pytest.raises(MailTooSlow):
        read_bounded(HEAD + b"\n" + b"x" * 400_000, seconds=0.001)


def test_an_address_of_quotes_and_colons_is_read_in_no_time() -> None:
    raw = b"From: " + b'""' * 60_000 + b"@" + b":" * 60_000 + b"\n\nx"
    began = time.process_time()
    read(raw)
    assert time.process_time() - began < 1


def test_a_mail_that_is_parsed_on_the_event_loop_never_waits_for_a_process() -> None:
    assert MAX_IN_PROCESS >= LARGE_BODY
    largest = HEAD + b"\n" + b"x" * (LARGE_BODY - len(HEAD) - 1)
    assert read_bounded(largest, seconds=0).subject == "Hi"
