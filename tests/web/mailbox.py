"""Real mail around the hub: a shop's mailbox and a customer's in one Dovecot, and the server that relays to it."""

import email.policy
import imaplib
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import formatdate, make_msgid
from typing import Self

from tests.fakes.dovecot import Dovecot
from tests.fakes.dovecot import User
from tests.fakes.smtp_server import SmtpServer

SHOP, CUSTOMER, OTHER = "support@shop.test", "ana@customers.test", "dora@customers.test"
PATIENCE = 30.0


class Post:
    """A mail server for both sides."""

    def __init__(self, dovecot: Dovecot, smtp: SmtpServer) -> None:
        self.dovecot, self.smtp = dovecot, smtp
        self.shop: User = dovecot.users[SHOP]

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Self]:
        """Run both servers until the block ends."""
        with Dovecot.running() as dovecot:
            users = {one: dovecot.add_user(one).password for one in (SHOP, CUSTOMER, OTHER)}
            with SmtpServer.running(dovecot.certificates, users=users, relay_to=dovecot.lmtp_port) as smtp:
                yield cls(dovecot, smtp)

    @property
    def account(self) -> dict[str, object]:
        """Return the settings that an administrator enters for the shop's mailbox."""
        return {
            "address": SHOP,
            "display_name": "Aurora Coffee",
            "imap_host": "localhost",
            "imap_port": self.dovecot.imaps_port,
            "imap_password": self.shop.password,
            "smtp_host": "localhost",
            "smtp_port": self.smtp.port,
            "smtp_user": SHOP,
            "smtp_password": self.shop.password,
            "ca_file": str(self.dovecot.certificates.authority),
        }

    def write(self, text: str, *, subject: str, sender: str = f"Ana García <{CUSTOMER}>") -> str:
        """Put a customer's mail into the shop's mailbox; return its Message-ID."""
        mail = _mail(text, subject=subject, sender=sender, to=SHOP)
        self.dovecot.deliver(SHOP, mail.as_bytes())
        return str(mail["Message-ID"])

    def answer(self, mail: EmailMessage, text: str) -> None:
        """Reply as the customer's mail program does: to Reply-To, by the customer's mail server."""
        to = str(mail["Reply-To"] or mail["From"])
        reply = _mail(text, subject=f"Re: {mail['Subject']}", sender=f"Ana García <{CUSTOMER}>", to=to)
        reply["In-Reply-To"] = mail["Message-ID"]
        reply["References"] = f"{mail['References'] or ''} {mail['Message-ID']}".strip()
        with smtplib.SMTP("localhost", self.smtp.port) as client:
            client.starttls(context=self._trust())
            client.login(CUSTOMER, self.dovecot.users[CUSTOMER].password)
            client.send_message(reply)

    def read(self, user: str = CUSTOMER) -> list[EmailMessage]:
        """Return all mails in the mailbox, as the customer's program fetches them."""
        with imaplib.IMAP4_SSL("localhost", self.dovecot.imaps_port, ssl_context=self._trust()) as box:
            box.login(user, self.dovecot.users[user].password)
            box.select("INBOX", readonly=True)
            numbers = box.search(None, "ALL")[1][0].split()
            fetched = [box.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        parser = BytesParser(EmailMessage, policy=email.policy.default)
        return [parser.parsebytes(one[1]) for one in fetched if isinstance(one, tuple)]

    def wait(self, count: int) -> list[EmailMessage]:
        """Wait until this many mails have reached the customer."""
        wait_until(lambda: len(self.read()) >= count, f"{count} mails for the customer")
        return self.read()

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.dovecot.certificates.authority))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def wait_until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait until a condition is true; fail with its description."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)


def _mail(text: str, *, subject: str, sender: str, to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain="customers.test")
    mail.set_content(text)
    return mail
