"""Normalise an address, so that one person's address is written in one way."""

import unicodedata


def normalise(scheme: str, value: str) -> str:
    """Write an address in its one form: e-mail in lower case with an IDNA domain, numbers in E.164.

    What cannot be read as such is kept, trimmed: a strange address must not lose its message.
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


def shown(scheme: str, value: str) -> str:
    """Name an address for people who have no name to go by."""
    return f"Visitor {value[-4:]}" if scheme == "webchat" else value
