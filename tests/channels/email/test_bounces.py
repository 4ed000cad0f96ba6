"""Bounces and automatic mails are recognised, by the standard and by their words."""

import pytest

from hub.channels.email.reader import read

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
def test_a_bounce_in_a_servers_own_words_is_recognised(body: str) -> None:
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
        "Subject: Automatische Antwort: Hallo", "Subject: Respuesta automática: hola", "X-Autoreply: yes",
    ],
)  # fmt: skip
def test_an_automatic_mail_is_recognised(header: str) -> None:
    assert read(f"From: bo@x.example\n{header}\n\nI am away.".encode()).automatic


@pytest.mark.parametrize(
    "header",
    ["Auto-Submitted: no", "Subject: Delivery problem", "Return-Path: <bo@x.example>", "Precedence: first-class"],
)
def test_a_persons_mail_is_not_automatic(header: str) -> None:
    mail = read(f"From: bo@x.example\n{header}\n\nThe parcel could not be delivered, why?".encode())
    assert not mail.automatic
    assert mail.bounce is None
