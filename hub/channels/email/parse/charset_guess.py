"""The likeliest charset of bytes that nobody labelled and that are not UTF-8."""

import re
from collections.abc import Callable

MAX_LOOKED_AT = 4_000
ENOUGH = 10  # bytes beyond ASCII
MUCH = 0.4
MOST = 0.75
_HIGH = re.compile(rb"[\x80-\xff]")
_BLANK = re.compile(rb"\s")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_CYRILLIC_SMALL = re.compile("[а-яё]")
_RARE = re.compile("[^\x00-\x7f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef\u2010-\u2030а-яёА-ЯЁ«»№]")


def _share(pattern: re.Pattern[str]) -> Callable[[str], float]:
    return lambda text: len(pattern.findall(text)) / max(1, sum(not mark.isascii() for mark in text))


def _common_chinese(codec: str, first: int, last: int) -> Callable[[str], float]:
    """Tell which share stands where a charset keeps its everyday characters."""

    def share(text: str) -> float:
        leads = [mark.encode(codec, "replace")[0] for mark in text if "\u4e00" <= mark <= "\u9fff"]
        return sum(first <= lead <= last for lead in leads) / max(1, len(leads)) if leads else 0.0

    return share


_MANY_BYTES: tuple[tuple[str, Callable[[str], float], float], ...] = (
    ("cp932", _share(_KANA), 0.2),
    ("euc_jp", _share(_KANA), 0.2),
    ("cp949", _share(_HANGUL), MOST),
    ("gb18030", _common_chinese("gb18030", 0xB0, 0xD7), MOST),
    ("big5hkscs", _common_chinese("big5hkscs", 0xA4, 0xC6), MOST),
)


def guess(data: bytes) -> str | None:
    """Name the codec of text in an alphabet other than the Latin one; None where it may well be Latin."""
    head = data[:MAX_LOOKED_AT]
    high = len(_HIGH.findall(head))
    if high < ENOUGH or high < MUCH * (len(head) - len(_BLANK.findall(head))):
        return None
    for codec, share, enough in _MANY_BYTES:
        text = _try(head, codec)
        if text and share(text) >= enough and len(_RARE.findall(text)) * 10 <= len(text):
            return codec
    return (
        max(("cp1251", "koi8_r", "cp866"), key=lambda codec: _small(head, codec)) if _small_most(head, high) else None
    )


def _try(head: bytes, codec: str) -> str | None:
    """Decode, but for a character torn in two at the end."""
    for end in (len(head), len(head) - 1):
        try:
            return head[:end].decode(codec)
        except UnicodeError:
            continue
    return None


def _small(head: bytes, codec: str) -> int:
    return len(_CYRILLIC_SMALL.findall(head.decode(codec, "replace")))


def _small_most(head: bytes, high: int) -> bool:
    return max(_small(head, codec) for codec in ("cp1251", "koi8_r", "cp866")) >= MOST * high
