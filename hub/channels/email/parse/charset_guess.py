"""Guess the charset of bytes that have no label and are not UTF-8."""

import re
from collections.abc import Callable

MAX_BYTES = 4_000
MIN_HIGH_BYTES = 10  # bytes beyond ASCII needed for a guess
MIN_HIGH_SHARE = 0.4  # of the bytes that are not white space
MIN_LETTER_SHARE = 0.75  # of the characters beyond ASCII, in the letters of the language
_HIGH = re.compile(rb"[\x80-\xff]")
_BLANK = re.compile(rb"\s")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CYRILLIC_LOWERCASE = re.compile("[а-яё]")
_UNCOMMON = re.compile("[^\x00-\x7f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\u2010-\u2030а-яёА-ЯЁ«»№]")


def _share_of(pattern: re.Pattern[str]) -> Callable[[str], float]:
    return lambda text: len(pattern.findall(text)) / max(1, sum(not character.isascii() for character in text))


def _common_chinese(codec: str, first: int, last: int) -> Callable[[str], float]:
    """Return a function for the share of characters in the range where a charset has its most common ones."""

    def share(text: str) -> float:
        leads = [character.encode(codec, "replace")[0] for character in text if "\u4e00" <= character <= "\u9fff"]
        return sum(first <= lead <= last for lead in leads) / max(1, len(leads)) if leads else 0.0

    return share


_MULTIBYTE: tuple[tuple[str, Callable[[str], float], float], ...] = (
    ("cp932", _share_of(_KANA), 0.2),
    ("euc_jp", _share_of(_KANA), 0.2),
    ("cp949", _share_of(_HANGUL), MIN_LETTER_SHARE),
    ("gb18030", _common_chinese("gb18030", 0xB0, 0xD7), MIN_LETTER_SHARE),
    ("big5hkscs", _common_chinese("big5hkscs", 0xA4, 0xC6), MIN_LETTER_SHARE),
)


def guess_codec(data: bytes) -> str | None:
    """Return the codec of text in a non-Latin alphabet; None if the text may be Latin."""
    head = data[:MAX_BYTES]
    high_bytes = len(_HIGH.findall(head))
    if high_bytes < MIN_HIGH_BYTES or high_bytes < MIN_HIGH_SHARE * (len(head) - len(_BLANK.findall(head))):
        return None
    for codec, share, min_share in _MULTIBYTE:
        text = _decode_head(head, codec)
        if text and share(text) >= min_share and len(_UNCOMMON.findall(text)) * 10 <= len(text):
            return codec
    return (
        max(("cp1251", "koi8_r", "cp866"), key=lambda codec: _count_lowercase(head, codec))
        if _is_cyrillic(head, high_bytes)
        else None
    )


def _decode_head(head: bytes, codec: str) -> str | None:
    """Decode the bytes, without a character cut in two at the end; None if they are invalid."""
    for end in (len(head), len(head) - 1):
        try:
            return head[:end].decode(codec)
        except UnicodeError:
            continue
    return None


def _count_lowercase(head: bytes, codec: str) -> int:
    return len(_CYRILLIC_LOWERCASE.findall(head.decode(codec, "replace")))


def _is_cyrillic(head: bytes, high_bytes: int) -> bool:
    return (
        max(_count_lowercase(head, codec) for codec in ("cp1251", "koi8_r", "cp866")) >= MIN_LETTER_SHARE * high_bytes
    )
