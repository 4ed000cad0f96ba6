"""A forwarded mail is kept whole."""

import pytest

from hub.channels.email.parse.forwards import is_forward
from hub.channels.email.parse.reader import read

BLOCK = (
    "Von: Cem <cem@x.example>\nGesendet: Dienstag, 4. März 2025 09:12\nAn: Bo\nBetreff: Bestellung\n\n"
    "Die Tasse fehlt.\n"
)


@pytest.mark.parametrize("subject", ["WG: Bestellung", "Fwd: x", "FW: x", "TR : x", "RV: x", "[EXT] Fw: x", "转发: x"])
def test_the_subject_tells_a_forwarded_mail(subject: str) -> None:
    mail = read(f"From: bo@x.example\nSubject: {subject}\n\nBitte ansehen.\n\n{BLOCK}".encode())
    assert "Bitte ansehen." in mail.reply_text
    assert "Die Tasse fehlt." in mail.reply_text


@pytest.mark.parametrize("subject", ["AW: Bestellung", "Re: WG: Bestellung", "I have a question", "Truck: x", ""])
def test_any_other_subject_leaves_history_folded(subject: str) -> None:
    mail = read(f"From: bo@x.example\nSubject: {subject}\n\nDanke.\n\n{BLOCK}".encode())
    assert mail.reply_text == "Danke."


def test_an_answer_in_finnish_is_no_forwarded_mail() -> None:
    assert is_forward("VS: Ordre", "Fra: Ana")
    assert not is_forward("VS: Tilaus", "Lähettäjä: Ana")
