"""Encode folder names for IMAP: modified UTF-7 (RFC 3501 §5.1.3)."""

import base64
import binascii
import re


def encode_folder(name: str) -> str:
    """Encode a folder name for the server."""
    return re.sub(r"[^\x20-\x7e]+|&", _encode_run, name)


def decode_folder(name: str) -> str:
    """Decode a folder name from the server; malformed parts stay as they are."""
    return re.sub(r"&([A-Za-z0-9+,]*)-", _decode_run, name)


def _encode_run(match: re.Match[str]) -> str:
    if match[0] == "&":
        return "&-"
    encoded = base64.b64encode(match[0].encode("utf-16-be", "surrogatepass")).decode()
    return "&" + encoded.rstrip("=").replace("/", ",") + "-"


def _decode_run(match: re.Match[str]) -> str:
    encoded = match[1].replace(",", "/")
    if not encoded:
        return "&"
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError):
        return match[0]
