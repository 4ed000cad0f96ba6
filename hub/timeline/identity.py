"""Normalise addresses, so that equal addresses are equal text. Pure."""

import unicodedata


def normalise(scheme: str, value: str) -> str:
    """Return the normal form of an address: e-mail in lower case with an IDNA domain, numbers in E.164.

    An address that cannot be parsed is returned trimmed: a malformed address must not lose its message.
    """
    trimmed = unicodedata.normalize("NFC", value).strip()
    if scheme == "mailto":
        return _mail(trimmed)
    if scheme == "tel":
        return _number(trimmed)
    return trimmed


def _mail(value: str) -> str:
    local, at, domain = value.rpartition("@")
    if not at:
        return value.lower()
    try:
        domain = domain.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        domain = domain.rstrip(".")
    return f"{local.lower()}@{domain.lower()}"


def _number(value: str) -> str:
    """Return a telephone number in E.164; the library is loaded for the first one, as many installations have none."""
    import phonenumbers

    try:
        number = phonenumbers.parse(value if value.startswith("+") else f"+{value.lstrip('0')}", None)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
