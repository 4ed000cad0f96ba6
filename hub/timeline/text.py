"""Clean and shorten text before it is stored."""

PREVIEW = 160


def preview(text: str) -> str:
    """Shorten a message to one line of a list."""
    return (clean(" ".join(text[: PREVIEW * 4].split())) or "")[:PREVIEW]


def clean(text: str | None) -> str | None:
    """Take out what PostgreSQL cannot keep in a text: NUL and lone surrogates."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
