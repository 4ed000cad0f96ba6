"""Bounces and automatic mails are recognised, by the standard and by their wording."""

import time

import pytest

from hub.channels.email.parse.reader import read

DSN = b"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: help@shop.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

I'm sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; gone@x.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--b
Content-Type: message/rfc822

Message-ID: <ours@shop.example>
Subject: Hi

x
--b--
"""


def test_a_standard_bounce_is_read_whole() -> None:
    mail = read(DSN)
    assert mail.automatic
    assert mail.bounce is not None
    assert (mail.bounce.recipient, mail.bounce.action, mail.bounce.status) == ("gone@x.example", "failed", "5.1.1")
    assert mail.bounce.diagnostic == "550 5.1.1 No such user"
    assert mail.bounce.original_message_id == "<ours@shop.example>"


@pytest.mark.parametrize(
    "body",
    [
        (
            "This message was created automatically by mail delivery software.\n\n  gone@x.example\n"
            "    550 5.1.1 unknown user\n"
        ),
        (
            "Hi. This is the qmail-send program at mx.example.\n\n<gone@x.example>:\n"
            "Sorry, no mailbox here by that name. (#5.1.1)\n"
        ),
        "Delivery has failed to these recipients or groups:\n\ngone@x.example\nThe address was not found. 550 5.1.1\n",
        "Your message wasn't delivered to gone@x.example because the address couldn't be found. 550-5.1.1\n",
    ],
)
def test_a_bounce_in_the_words_of_a_server_is_recognised(body: str) -> None:
    raw = f"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n{body}\nMessage-ID: <ours@shop.example>\n"
    bounce = read(raw.encode()).bounce
    assert bounce is not None
    assert (bounce.recipient, bounce.status, bounce.original_message_id) == (
        "gone@x.example",
        "5.1.1",
        "<ours@shop.example>",
    )


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied", "Precedence: bulk", "X-Auto-Response-Suppress: All", "Return-Path: <>",
        "List-Id: <x.example>",
        "Subject: Away until May 5\nIn-Reply-To: <ours@shop.example>",
        "Subject: Automatyczna odpowiedź: x", "Subject: 自动答复: x",
        "Return-Path: <MAILER-DAEMON@x.example>", "Subject: Automatische Antwort: Hallo",
        "Subject: Respuesta automática: hola", "X-Autoreply: yes",
    ],
)  # fmt: skip
def test_an_automatic_mail_is_recognised(header: str) -> None:
    assert read(f"From: bo@x.example\n{header}\n\nI am away.".encode()).automatic


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Subject: Delivery problem",
        "Subject: Absence of parts",
        "Return-Path: <bo@x.example>",
        "Precedence: first-class",
        "Subject: Away until Friday - please hold my order",
        "Subject: Re: Away until Friday\nIn-Reply-To: <ours@shop.example>",
        "Subject: Out of office chairs",
    ],
)
def test_a_persons_mail_is_not_automatic(header: str) -> None:
    mail = read(f"From: bo@x.example\n{header}\n\nThe parcel could not be delivered, why?".encode())
    assert not mail.automatic
    assert mail.bounce is None


@pytest.mark.parametrize(
    "sender, subject, body",
    [
        ("virus-gate@mx.example", "Mail could not be delivered",
         "Sent <<< RCPT TO:<gone@x.example>\nReceived >>> 550 5.1.1 unknown user.\n\nUnable to deliver message."),
        ("noreply@phone.example", "Mail",
         "Your mail of Monday\n  could not be delivered to: <gone@x.example>\n550 5.1.1 x\n"),
        ("post_master@sms.example", "Re: Hi",
         "Error: Invalid user address\n550 5.1.1 no such user here\nRCPT TO: gone@x.example"),
        ("gate@mx.example", "RE: Hi: non remis (delivery failed)",
         "Votre message n'a pas pu être délivré à\ngone@x.example\n5.1.1\n"
         "Your message could not be delivered to\ngone@x.example"),
        ("MAILER-DAEMON@mx.example", "Undeliverable: Hi",
         "Your message\n\n  To: list@elsewhere.example\n\n"
         "did not reach the following recipient(s):\n\ngone@x.example 5.1.1"),
    ],
)  # fmt: skip
def test_a_bounce_of_an_odd_server_is_recognised_by_all_it_says(sender: str, subject: str, body: str) -> None:
    bounce = read(f"From: {sender}\nTo: help@shop.example\nSubject: {subject}\n\n{body}\n".encode()).bounce
    assert bounce is not None
    assert (bounce.recipient, bounce.status, bounce.action) == ("gone@x.example", "5.1.1", "failed")


@pytest.mark.parametrize(
    "subject, body",
    [
        ("Mail delivery failed", "Hello,\nmy mail to gone@x.example could not be delivered: 550 5.1.1. Can you help?"),
        ("Fwd: Undeliverable: Hi", "Your message could not be delivered to gone@x.example\n550 5.1.1 unknown user"),
        ("Re: Undeliverable: Hi", "Send it again.\n\n> Your message could not be delivered to gone@x.example\n> 550 x"),
        ("Delivery problem, order 4711",
         "The parcel was not delivered and returned to sender. Send it to 12 High Street, flat 450 - A.\nbo@x.example"),
        ("Lieferung nicht zugestellt",
         "Message returned: mailbox unavailable on 5.11.25, order total 499 EUR. Answer to bo@home.example please."),
        ("Rejected payment", "It said: mailbox unavailable. Your message said 500 - bo@home.example"),
        ("Delivery failed for order 550 ", "The parcel could not be delivered to Bo. This is message 5.1.1."),
    ],
)  # fmt: skip
def test_a_mail_from_a_person_about_a_bounce_is_not_a_bounce(subject: str, body: str) -> None:
    assert read(f"From: Bo <bo@x.example>\nSubject: {subject}\n\n{body}\n".encode()).bounce is None


@pytest.mark.parametrize(
    "words",
    [
        "has not yet been delivered. Delivery attempts will continue for some time.",
        "could not be delivered yet. This is a warning only.",
        "could not be delivered. We will continue to attempt delivery for 5 days.",
    ],
)
def test_a_delay_is_distinguished_from_a_failure(words: str) -> None:
    raw = (
        f"From: MAILER-DAEMON@mx.example\nSubject: Warning: message delayed\n\nYour message to gone@x.example {words}\n"
    )
    bounce = read(raw.encode()).bounce
    assert bounce is not None
    assert bounce.action == "delayed"


def test_the_recipient_who_was_not_reached_counts_among_several() -> None:
    blocks = (
        b"Final-Recipient: rfc822; here@x.example\nAction: relayed\nStatus: 2.0.0\n\n"
        b"Final-Recipient: rfc822; gone@x.example\n"
    )
    bounce = read(DSN.replace(b"Final-Recipient: rfc822; gone@x.example\n", blocks)).bounce
    assert bounce is not None
    assert (bounce.recipient, bounce.action, bounce.status) == ("gone@x.example", "failed", "5.1.1")


@pytest.mark.parametrize("final", [b"rfc822; box@local", b"X400; /S=gone/C=GB/", b"rfc822; <gone@x.example>"])
def test_a_recipient_that_is_no_address_gives_way_to_the_original_one(final: bytes) -> None:
    recipient = b"Final-Recipient: " + final + b"\nOriginal-Recipient: rfc822;gone@x.example"
    bounce = read(DSN.replace(b"Final-Recipient: rfc822; gone@x.example", recipient)).bounce
    assert bounce is not None
    assert bounce.recipient == "gone@x.example"


def test_the_text_of_a_bounce_is_kept_whole() -> None:
    body = "Delivery failed.\n\n-----Original Message-----\nFrom: Ana\nSubject: Hi\n"
    mail = read(f"From: MAILER-DAEMON@mx.example\nSubject: Undeliverable\n\n{body}".encode())
    assert mail.reply_text.endswith("Subject: Hi")


@pytest.mark.parametrize("piece", ["gone@x.example ", "not ", "a@", "<x@y.zz>:\n", "550 ", "1.1.", "delivery a "])
def test_a_large_bounce_is_read_in_time(piece: str) -> None:
    raw = b"From: MAILER-DAEMON@mx.example\nSubject: Undeliverable\n\n" + (piece * (3_000_000 // len(piece))).encode()
    began = time.perf_counter()
    assert read(raw).bounce
    assert time.perf_counter() - began < 2


def test_a_recipient_of_dots_is_read_in_no_time() -> None:
    report = (
        b"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@" + b"." * 60_000 + b"@\nAction: failed\nStatus: 5.1.1\n"
    )
    raw = (
        b"From: MAILER-DAEMON@mx.example\nSubject: failure\nContent-Type: multipart/report; boundary=b\n\n"
        b"--b\nContent-Type: message/delivery-status\n\n" + report + b"\n--b--\n"
    )
    began = time.process_time()
    bounce = read(raw).bounce
    assert time.process_time() - began < 1
    assert bounce is not None
    assert bounce.status == "5.1.1"
