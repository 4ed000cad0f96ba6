"""Bytes without a label are decoded by the likeliest charset."""

import time

import pytest

from hub.channels.email.parse.charsets import decode


@pytest.mark.parametrize(
    "text, codec",
    [
        ("Здравствуйте, где мой заказ?", "cp1251"),
        ("Здравствуйте, где мой заказ?", "koi8_r"),
        ("Здравствуйте, где мой заказ?", "cp866"),
        ("こんにちは、注文はどこですか", "cp932"),
        ("こんにちは、注文はどこですか", "euc_jp"),
        ("您好，我的订单在哪里？", "gb18030"),
        ("您好，我的訂單在哪裡？", "big5"),
        ("안녕하세요 주문은 어디에", "cp949"),
        ("Grüße aus Köln, où est ma commande ? ¿Dónde está?", "cp1252"),
        ("Ærø øl på å", "cp1252"),
    ],
)
def test_unlabelled_text_is_read_in_its_alphabet(text: str, codec: str) -> None:
    assert decode(text.encode(codec)) == text
    assert decode(text.encode(codec), "us-ascii") == text
    assert decode(text.encode(codec), "iso-8859-1") == text


@pytest.mark.parametrize("piece", [b"\xe4", b"\x81\x40", b"\xa4\xa2", b"\xff\xfe", b"\xb0\xa1 "])
def test_megabytes_of_anything_are_decoded_in_time(piece: bytes) -> None:
    began = time.perf_counter()
    decode(piece * (5_000_000 // len(piece)) + b"\xff")
    assert time.perf_counter() - began < 1
