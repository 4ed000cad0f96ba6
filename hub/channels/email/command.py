"""The command `hub email parse`: prints mails as parsed, one JSON object on each line."""

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import msgspec

from hub.channels.email.parse.mail import Address, Attachment, Mail
from hub.channels.email.parse.sandbox import read_bounded
from hub.errors import HubError


def parse_files(paths: Iterable[str | Path], *, content: bool, output: TextIO) -> int:
    """Print each mail as a line of JSON; return 1 if any could not be read, else 0."""
    failed = False
    for path in paths:
        fields: dict[str, object] = {"path": str(path)}
        try:
            fields |= describe(read_bounded(Path(path).read_bytes()), content=content)
        except HubError as error:
            fields["error"] = error.detail
        except OSError as error:
            fields["error"] = f"The file cannot be read: {error.strerror or error}."
        failed = failed or "error" in fields
        output.write(_escape_line_ends(msgspec.json.encode(fields).decode()) + "\n")
        output.flush()
    return int(failed)


def _escape_line_ends(text: str) -> str:
    """Escape characters that JSON allows in a string but some programs take for a line end."""
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def describe(mail: Mail, *, content: bool) -> dict[str, object]:
    """Return the fields of a mail as plain values, for people and scripts."""
    return {
        "message_id": mail.message_id,
        "in_reply_to": " ".join(mail.in_reply_to) or None,
        "references": list(mail.references),
        "from": _person(mail.from_) if mail.from_ else None,
        "to": [_person(address) for address in mail.to],
        "cc": [_person(address) for address in mail.cc],
        "reply_to": [_person(address) for address in mail.reply_to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "text": mail.text,
        "html": mail.html,
        "reply_text": mail.reply_text,
        "automatic": mail.automatic,
        "bounce": mail.bounce,
        "attachments": [_file(attachment, content=content) for attachment in mail.attachments],
    }


def _person(address: Address) -> dict[str, object]:
    return {"name": address.name, "address": address.address}


def _file(file: Attachment, *, content: bool) -> dict[str, object]:
    fields: dict[str, object] = {
        "filename": file.filename,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
    }
    if content:
        fields["content_base64"] = base64.b64encode(file.content).decode("ascii")
    return fields
