"""Clean and shorten text before it is stored. Pure."""

PREVIEW = 160


def preview(text: str) -> str:
    """Return a message as one line of a list, at most 160 characters."""
    return (clean(" ".join(text[: PREVIEW * 4].split())) or "")[:PREVIEW]


def clean(text: str | None) -> str | None:
    """Remove what PostgreSQL cannot store in a text: NUL and lone surrogates."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
