"""Decode bytes to text, whatever charset the mail claims, without raising."""

import re
from encodings.aliases import aliases
from functools import lru_cache

from hub.channels.email.parse.charset_guess import guess_codec

ALIASES = {
    "ascii": "cp1252", "us_ascii": "cp1252", "ansi_x3.4_1968": "cp1252", "latin1": "cp1252", "latin_1": "cp1252",
    "iso_8859_1": "cp1252", "iso8859_1": "cp1252", "iso_8859_1_windows_1252": "cp1252", "x_ansi": "cp1252",
    "iso_8859_9": "cp1254", "iso_8859_11": "cp874", "tis_620": "cp874", "windows_874": "cp874",
    "iso_8859_8_i": "cp1255", "iso_8859_8_e": "cp1255", "iso_8859_6_i": "iso8859_6",
    "gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "x_gbk": "gb18030", "euc_cn": "gb18030",
    "big5": "big5hkscs", "x_x_big5": "big5hkscs", "cn_big5": "big5hkscs",
    "ks_c_5601_1987": "cp949", "ks_c_5601": "cp949", "euc_kr": "cp949", "ksc5601": "cp949", "x_windows_949": "cp949",
    "shift_jis": "cp932", "x_sjis": "cp932", "sjis": "cp932", "windows_31j": "cp932", "ms_kanji": "cp932",
    "iso_2022_jp": "iso2022_jp_ext", "iso_2022_jp_1": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "unicode_1_1_utf_7": "utf_7", "unicode_1_1_utf_8": "utf_8", "utf8": "utf_8", "utf_8mb4": "utf_8",
    "utf_7": "utf_7",
    "unicode": "utf_16", "ucs_2": "utf_16", "iso_10646_ucs_2": "utf_16_be", "macintosh": "mac_roman",
    "x_mac_roman": "mac_roman", "x_cp1250": "cp1250", "x_cp1251": "cp1251", "x_cp1252": "cp1252",
    "cp_850": "cp850", "win_1251": "cp1251", "win1251": "cp1251", "cyrillic": "iso8859_5",
}  # fmt: skip
"""Labels found in mails, and for each the widest encoding that contains it (WHATWG Encoding, and more)."""

_NOT_TEXT = {
    "base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs", "idna",
    "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "palmos", "oem",
}  # fmt: skip
_CODECS = frozenset(aliases.values()) - _NOT_TEXT | {"utf_8", "utf_16", "utf_32", "utf_7", "cp874", "mac_roman"}
_UNPRINTABLE = re.compile("[\ud800-\udfff\x00]")


@lru_cache(maxsize=512)
def find_codec(charset: str) -> str | None:
    """Return Python's codec for a charset label; None if there is none."""
    label = charset[:64].strip("\"' \t").lower().replace("-", "_").replace(" ", "_")
    label = label.split("*", 1)[0]
    label = ALIASES.get(label, label)
    label = aliases.get(label, label)
    label = aliases.get(label.replace("windows_", "cp"), label.replace("windows_", "cp"))
    return label if label in _CODECS else None


def decode(data: bytes, charset: str | None = None) -> str:
    """Decode by the label if it fits, else as UTF-8, else by the likeliest guess; NUL and surrogates are removed."""
    if data.isascii() and b"\x1b" not in data and not _is_not_ascii_based(charset):
        return data.decode("ascii").replace("\x00", "")
    text = _decode(data, find_codec(charset) if charset else None).removeprefix("\ufeff")
    return _UNPRINTABLE.sub("", text)


def _is_not_ascii_based(charset: str | None) -> bool:
    return charset is not None and find_codec(charset) not in _ASCII_BASED


def _decode(data: bytes, name: str | None) -> str:
    if name is None and b"\x1b$" in data:
        name = "iso2022_jp_ext"
    if name in _ASCII_BASED and _is_utf8(data):
        name = "utf_8"  # text in UTF-8 often carries an older label
    for candidate in (name, "utf_8") if name and name != "cp1252" else ("utf_8",):
        try:
            return data.decode(candidate)
        except (UnicodeError, ValueError):
            continue
    return _guess(data, name)


def _is_utf8(data: bytes) -> bool:
    """Return whether so much of the bytes is UTF-8 that it cannot be chance."""
    if not (_UTF8_TRIPLE.search(data) or len(_UTF8_PAIR.findall(data[:2_000])) >= MIN_PAIRS):
        return False
    try:
        data.decode("utf-8")
    except UnicodeError:
        return False
    return True


def _guess(data: bytes, name: str | None) -> str:
    """Decode with the labelled codec if it fits most bytes, else with a guessed one, else as Western European."""
    if name and name != "cp1252":
        text = data.decode(name, "replace")
        errors = text.count("\ufffd")
        if errors * 2 <= sum(map(len, _HIGH.findall(text))) + 1 or errors <= 1 < len(text) // 200:
            return text
    guessed = guess_codec(data)
    if guessed:
        return data.decode(guessed, "replace")
    try:
        return data.decode("cp1252")
    except UnicodeError:
        return data.decode("latin_1")


MIN_PAIRS = 6
_UTF8_PAIR = re.compile(rb"[\xc2-\xdf][\x80-\xbf]")
_UTF8_TRIPLE = re.compile(rb"[\xe1-\xef][\x80-\xbf][\x80-\xbf]")
_HIGH = re.compile("[^\x00-\x7f]+")
_ASCII_BASED = frozenset(
    name
    for name in _CODECS
    if not name.startswith(
        ("utf_16", "utf_32", "utf_7", "hz", "iso2022", "cp037", "cp500", "cp1026", "cp1140", "cp273", "cp424")
    )
) | {None}
