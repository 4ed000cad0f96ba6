"""Folder names on the IMAP line: modified UTF-7 (RFC 3501 §5.1.3)."""

import base64
import binascii
import re


def encode_folder(name: str) -> str:
    """Write a folder's name as the server keeps it."""
    return re.sub(r"[^\x20-\x7e]+|&", _shift, name)


def decode_folder(name: str) -> str:
    """Read a folder's name as people write it; what is malformed stays as it is."""
    return re.sub(r"&([A-Za-z0-9+,]*)-", _unshift, name)


def _shift(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    packed = base64.b64encode(match[0].encode("utf-16-be", "surrogatepass")).decode()
    return "&" + packed.rstrip("=").replace("/", ",") + "-"


def _unshift(match: re.Match[str]) -> str:
    packed = match[1].replace(",", "/")
    if not packed:
        return "&"
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return match[0]
