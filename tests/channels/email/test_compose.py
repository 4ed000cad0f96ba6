"""Composed mails: recipients, references, and that no header can be injected."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.channels.contract import OutboundFile, OutboundMessage, Point
from hub.channels.email.account import Account
from hub.channels.email.compose import compose, message_id, recipients
from hub.channels.send_errors import Rejected

ACCOUNT = Account(address="help@shop.test", display_name="The Shop")
MESSAGE = OutboundMessage(
    id="0190-abc",
    to=Point(scheme="mailto", value="anna@customer.test", name="Anna"),
    text="Your parcel is on its way.",
    created_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
)


def read(raw: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def addresses(raw: bytes) -> dict[str, list[str]]:
    """Return each address of each header that can carry recipients, as a strict and as an old parser read it."""
    strict = read(raw)
    old = email.message_from_bytes(raw, policy=email.policy.compat32)
    found = {}
    for name in ("To", "Cc", "Bcc", "Resent-To", "Resent-Cc", "Resent-Bcc"):
        by_strict = [str(each.addr_spec) for value in strict.get_all(name, []) for each in value.addresses]
        by_old = [address for _, address in getaddresses(old.get_all(name, []))]
        assert by_strict == by_old
        found[name] = by_strict
    return found


def test_a_reply_carries_its_names_its_date_and_the_thread() -> None:
    message = replace(MESSAGE, subject="Your order", author="Ben", references=("<1@a.test>", "<2@b.test>"))
    mail = read(compose(message, ACCOUNT))
    assert mail["From"] == '"Ben (The Shop)" <help@shop.test>'
    assert mail["To"] == "Anna <anna@customer.test>"
    assert mail["Subject"] == "Your order"
    assert mail["Message-ID"] == "<0190-abc@shop.test>" == message_id(message, ACCOUNT)
    assert mail["In-Reply-To"] == "<2@b.test>"
    assert mail["References"].split() == ["<1@a.test>", "<2@b.test>"]
    assert mail["Date"].datetime == MESSAGE.created_at
    assert mail["Auto-Submitted"] is None
    assert mail.get_content().strip() == "Your parcel is on its way."


def test_every_attempt_sends_the_same_bytes() -> None:
    file = OutboundFile(filename="a.pdf", media_type="application/pdf", content=b"%PDF")
    message = replace(MESSAGE, html="<p>On its way</p>", files=(file,), reply_key="k3y", quoted="Where is it?")
    assert compose(message, ACCOUNT) == compose(message, ACCOUNT)


def test_replies_are_asked_for_at_the_conversations_own_address() -> None:
    message = replace(MESSAGE, reply_key="k3y")
    assert read(compose(message, ACCOUNT))["Reply-To"] == "The Shop <help+k3y@shop.test>"
    assert "Reply-To" not in read(compose(message, replace(ACCOUNT, subaddressing=False)))


def test_only_messages_written_by_no_person_are_marked_automatic() -> None:
    generated = replace(MESSAGE, automatic=True)
    assert read(compose(generated, ACCOUNT))["Auto-Submitted"] == "auto-generated"
    assert read(compose(replace(generated, references=("<1@a.test>",)), ACCOUNT))["Auto-Submitted"] == "auto-replied"


def test_text_html_and_files_keep_their_places() -> None:
    files = (
        OutboundFile(filename="Größe “M”.pdf", media_type="application/pdf", content=b"\x00\xff" * 500),
        OutboundFile(filename="mail.eml", media_type="message/rfc822", content=b"Subject: x\r\n\r\n"),
        OutboundFile(filename="..\r\nBcc: x@evil.test", media_type="bad\r\ntype", content=b""),
    )
    mail = read(compose(replace(MESSAGE, html="<p>Grüße</p>", files=files, quoted="Wo ist es?\nAnna"), ACCOUNT))
    assert mail.get_content_type() == "multipart/mixed"
    plain, marked_up = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert marked_up is not None
    assert plain.get_content() == "Your parcel is on its way.\r\n\r\n> Wo ist es?\r\n> Anna\r\n"
    quoted = '<blockquote type="cite">Wo ist es?<br>\r\nAnna</blockquote>'
    assert marked_up.get_content() == f"<p>Grüße</p>\r\n{quoted}\r\n"
    attached = list(mail.iter_attachments())
    assert [part.get_filename() for part in attached] == ["Größe “M”.pdf", "mail.eml", ".. Bcc: x@evil.test"]
    assert [part.get_content_type() for part in attached] == ["application/pdf", *["application/octet-stream"] * 2]
    assert [part.get_content() for part in attached] == [file.content for file in files]


def test_a_quoted_mail_cannot_break_out_of_the_markup() -> None:
    mail = compose(replace(MESSAGE, html="<p>x</p>", quoted="</blockquote><script>1</script>"), ACCOUNT)
    marked_up = read(mail).get_body(("html",))
    assert marked_up is not None
    assert "<script>" not in marked_up.get_content()


def test_an_encoded_line_end_in_a_name_makes_no_recipient() -> None:
    name = "=?utf-8?q?Anna=0D=0ABcc:_thief@evil.test?="
    message = replace(MESSAGE, to=Point(scheme="mailto", value="anna@customer.test", name=name), subject=name)
    raw = compose(message, replace(ACCOUNT, display_name=name))
    assert addresses(raw)["Bcc"] == []
    assert addresses(raw)["To"] == ["anna@customer.test"]
    assert read(raw)["Subject"] == name


@pytest.mark.parametrize(
    "written",
    [
        "", "anna", "@customer.test", "anna@", "anna@customer.test\r\nBcc: x@evil.test", "a b@customer.test",
        "anna@customer..test", "<anna@customer.test>", "anna@customer.test,x@evil.test", "änna@customer.test",
        'a"b@customer.test', "anna@-customer.test", "a" * 65 + "@customer.test", "anna@" + "a." * 130 + "test",
    ],
)  # fmt: skip
def test_an_invalid_address_is_refused(written: str) -> None:
    with pytest.raises(Rejected):
        compose(replace(MESSAGE, to=Point(scheme="mailto", value=written)), ACCOUNT)


def test_a_domain_of_any_script_goes_out_in_ascii() -> None:
    message = replace(MESSAGE, to=Point(scheme="mailto", value="anna@bücher.test", name="Ännä"))
    assert recipients(message) == ("anna@xn--bcher-kva.test",)
    assert addresses(compose(message, ACCOUNT))["To"] == ["anna@xn--bcher-kva.test"]


def test_a_local_part_with_odd_dots_is_quoted() -> None:
    message = replace(MESSAGE, to=Point(scheme="mailto", value="a..b@customer.test"))
    assert recipients(message) == ('"a..b"@customer.test',)
    assert b'To: <"a..b"@customer.test>\r\n' in compose(message, ACCOUNT)


def test_everybody_gets_one_copy() -> None:
    twice = Point(scheme="mailto", value="anna@CUSTOMER.test")
    other = Point(scheme="mailto", value="carl@customer.test")
    message = replace(MESSAGE, cc=(twice, other, other))
    assert recipients(message) == ("anna@customer.test", "carl@customer.test")
    assert addresses(compose(message, ACCOUNT))["Cc"] == ["carl@customer.test"]


def test_malformed_ids_are_left_out_and_a_long_thread_keeps_its_ends() -> None:
    many = tuple(f"<{number}@a.test>" for number in range(100))
    answers = ("<bad\r\nBcc: x@evil.test>", "no brackets", *many, "<two words@a.test>")
    references = read(compose(replace(MESSAGE, references=answers), ACCOUNT))["References"].split()
    assert references == ["<0@a.test>", *(f"<{number}@a.test>" for number in range(81, 100))]


nasty = st.text(
    st.one_of(st.characters(), st.sampled_from('\r\n\t,;:<>@"\\()=?\x00\x0b\x0c\x85\u2028\u2029 .')), max_size=120
)


@given(name=nasty, other=nasty, subject=nasty, text=nasty, filename=nasty, reference=nasty)
@example(
    "=?utf-8?q?a=0D=0ABcc:x@evil.test?=", "\r\nBcc: x@evil.test", "\r\n\r\nx", "\r\n.\r\n", "\r\nBcc: x", "<\r\nBcc>"
)
def test_whatever_is_written_reaches_exactly_the_intended(
    name: str, other: str, subject: str, text: str, filename: str, reference: str
) -> None:
    message = replace(
        MESSAGE,
        to=Point(scheme="mailto", value="anna@customer.test", name=name),
        cc=(Point(scheme="mailto", value="carl@customer.test", name=other),),
        subject=subject,
        text=text,
        author=other,
        references=(reference,),
        files=(OutboundFile(filename=filename, media_type=name, content=b"x"),),
    )
    raw = compose(message, replace(ACCOUNT, display_name=name))
    intended = {"To": ["anna@customer.test"], "Cc": ["carl@customer.test"]}
    assert {header: found for header, found in addresses(raw).items() if found} == intended
    head = raw.split(b"\r\n\r\n")[0]
    assert head.replace(b"\r\n", b"").translate(None, bytes(range(0x20, 0x7F))) == b""
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))


@given(name=st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60))
def test_a_name_and_a_subject_arrive_as_they_were_written(name: str) -> None:
    message = replace(MESSAGE, subject=name, to=Point(scheme="mailto", value="anna@customer.test", name=name))
    raw = compose(message, ACCOUNT)
    old = email.message_from_bytes(raw, policy=email.policy.compat32)
    shown, _ = parseaddr(old["To"])
    assert str(make_header(decode_header(shown))).split() == name.split()
    assert str(read(raw)["Subject"]).split() == name.split()


def lines(text: str) -> list[str]:
    """Return the lines up to the last non-empty one, because a mail ends with a line end of its own."""
    found = text.splitlines()
    while found and not found[-1]:
        found.pop()
    return found


@given(text=st.text(max_size=400))
def test_a_text_arrives_as_it_was_written(text: str) -> None:
    content = read(compose(replace(MESSAGE, text=text), ACCOUNT)).get_content()
    assert lines(content) == lines(text)
