"""The provider's side of mail: a real SMTP server whose ledger holds every mail it has ever accepted."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

from tests.fakes.certificates import make_certificates
from tests.fakes.smtp_server import SmtpServer

USERS = {"help": "secret"}
NUMBER = re.compile(r"number (\S+)")


@contextmanager
def provider(folder: Path) -> Iterator[SmtpServer]:
    """A server that accepts mail from us."""
    certificates = make_certificates(folder)
    with SmtpServer.running(certificates, users=USERS) as server:
        yield server


def account(address: str, port: int, folder: Path, **more: object) -> dict[str, object]:
    """Return the channel settings with which the hub sends through this server."""
    settings = {"address": address, "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_user": "help"}
    return settings | {"smtp_password": "secret", "ca_file": str(folder / "authority.pem")} | more


def accepted(server: SmtpServer) -> Counter[str]:
    """Return the numbers of all accepted mails, each as often as it was accepted."""
    return Counter(number for _, number in _read(server))


def by_recipient(server: SmtpServer) -> dict[str, list[str]]:
    """Return the numbers that were sent to each recipient, in the order of acceptance."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for recipient, number in _read(server):
        found[recipient].append(number)
    return dict(found)


def _read(server: SmtpServer) -> Iterator[tuple[str, str]]:
    for mail in list(server.mails):
        parsed = message_from_bytes(mail.content, policy=policy.default)
        body = parsed.get_body(("plain",))
        text = body.get_content() if body else ""
        found = NUMBER.search(text)
        yield mail.recipients[0], found.group(1) if found else f"?{parsed['Message-ID']}"
