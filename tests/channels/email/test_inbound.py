"""A mail is converted to the values of the channel contract."""

import io
import json
from pathlib import Path

from hub.channels.contract import DeliveryReceipt, InboundMessage
from hub.channels.email.command import parse_files
from hub.channels.email.inbound import to_inbound
from hub.channels.email.parse.reader import read

KEY = "abcdefghij0123456789klmnop"
OWN = frozenset({"help@shop.example"})
RAW = (
    f"From: Bo <bo@x.example>\nTo: help+{KEY}@shop.example\n"
    f"Cc: help@shop.example, Al <al@x.example>\nSubject: Hi\nMessage-ID: <1@x>\n"
    "In-Reply-To: <b@s>\nReferences: <a@s> <b@s>\nContent-Type: text/html\n\n<p>Hello<script>x</script></p>"
)


def test_a_message_carries_keys_answers_and_clean_html() -> None:
    (message,) = to_inbound(read(RAW.encode()), own_addresses=OWN, external_id="<1@x>")
    assert isinstance(message, InboundMessage)
    assert (message.sender.value, message.reply_keys) == ("bo@x.example", (KEY,))
    assert message.references == ("<b@s>", "<a@s>")
    assert [point.value for point in message.cc] == ["al@x.example"]
    assert (message.text, message.html) == ("Hello", "<p>Hello</p>")


def test_a_key_at_a_strangers_address_is_no_key() -> None:
    raw = f"From: bo@x.example\nTo: help+{KEY}@evil.example\n\nx"
    (message,) = to_inbound(read(raw.encode()), own_addresses=OWN, external_id="1")
    assert isinstance(message, InboundMessage)
    assert message.reply_keys == ()


def test_a_bounce_gives_a_receipt_beside_the_message() -> None:
    raw = (
        "From: MAILER-DAEMON@x.example\nSubject: failure notice\n\n"
        "<gone@x.example>: user unknown 550 5.1.1\n\nMessage-ID: <ours@shop.example>\n"
    )
    message, receipt = to_inbound(read(raw.encode()), own_addresses=OWN, external_id="2")
    assert isinstance(message, InboundMessage)
    assert message.automatic
    assert isinstance(receipt, DeliveryReceipt)
    assert (receipt.external_id, receipt.status, receipt.recipient) == (
        "<ours@shop.example>",
        "failed",
        "gone@x.example",
    )


def test_the_command_prints_a_line_for_each_file_and_says_what_failed(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(RAW)
    out = io.StringIO()
    assert parse_files([tmp_path / "a.eml", tmp_path / "missing.eml"], content=False, output=out) == 1
    first, second = (json.loads(line) for line in out.getvalue().splitlines())
    assert (first["from"], first["message_id"]) == ({"name": "Bo", "address": "bo@x.example"}, "<1@x>")
    assert set(second) == {"path", "error"}


def test_every_mail_is_one_line_whatever_it_says(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes("From: bo@x.example\n\none\u2028two\u2029three\x85four\n".encode())
    out = io.StringIO()
    parse_files([tmp_path / "a.eml"], content=False, output=out)
    assert len(out.getvalue().splitlines()) == 1
    assert "one\u2028two" in json.loads(out.getvalue())["text"]
