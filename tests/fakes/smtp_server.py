"""A well-behaved SMTP server on loopback, with STARTTLS and sign-in; for a bad one see `tests.fakes.script`.

with SmtpServer.running(certificates, users={"me": "secret"}) as server:
    ...                                   # server.port; server.mails holds the accepted mails
"""

import asyncio
import base64
import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, auth_mechanism

from tests.fakes.certificates import Certificates
from tests.fakes.ports import free_port


@dataclass(frozen=True)
class Accepted:
    """A mail that the server accepted."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


class _Protocol(SMTP):
    """Signs in by password or by XOAUTH2, with the error challenge that real servers give."""

    tokens: Mapping[str, str] = {}

    @auth_mechanism("XOAUTH2")
    async def auth_xoauth2(self, _: SMTP, arguments: list[str]) -> AuthResult:
        proof = base64.b64decode(arguments[1]).decode()
        user, __, token = proof.removeprefix("user=").rstrip("\x01").partition("\x01auth=Bearer ")
        if self.tokens.get(user) == token:
            return AuthResult(success=True)
        await self.push("334 " + base64.b64encode(b'{"status":"401"}').decode())
        await self._reader.readline()
        return AuthResult(success=False, handled=False)


class SmtpServer(Controller):
    """A server that accepts mail from signed-in clients, keeps it, and can relay it by LMTP."""

    def __init__(
        self,
        certificates: Certificates,
        *,
        users: Mapping[str, str],
        tokens: Mapping[str, str] | None = None,
        relay_to: int | None = None,
    ) -> None:
        """Prepare a server; `relay_to` is an LMTP port on loopback to which accepted mails are relayed."""
        self.mails: list[Accepted] = []
        self.connections = 0
        self.refuse: dict[str, str] = {}  # recipient -> response
        self._users, self._relay_to = users, relay_to
        self._protocol = type("Protocol", (_Protocol,), {"tokens": tokens or {}})
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates.certificate, certificates.key)
        super().__init__(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            tls_context=context,
            require_starttls=True,
            auth_required=True,
            authenticator=self._knows,
            data_size_limit=40 * 2**20,
        )

    @classmethod
    @contextlib.contextmanager
    def running(
        cls,
        certificates: Certificates,
        *,
        users: Mapping[str, str],
        tokens: Mapping[str, str] | None = None,
        relay_to: int | None = None,
    ) -> Iterator[Self]:
        """Run the server in a thread of its own until the block ends."""
        server = cls(certificates, users=users, tokens=tokens, relay_to=relay_to)
        server.start()
        try:
            yield server
        finally:
            server.stop()

    def factory(self) -> SMTP:
        """Create the protocol of one connection."""
        self.connections += 1
        made: SMTP = self._protocol(self.handler, **self.SMTP_kwargs)
        return made

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = Accepted(envelope.mail_from or "", tuple(envelope.rcpt_tos), content)
        if self._relay_to is not None:
            await asyncio.to_thread(self._relay, mail)
        self.mails.append(mail)
        return "250 2.0.0 queued"

    def _relay(self, mail: Accepted) -> None:
        with smtplib.LMTP("127.0.0.1", self._relay_to or 0) as client:
            for recipient in mail.recipients:  # smtplib reads only one response per mail
                client.sendmail(mail.sender, [recipient], mail.content)

    def _knows(self, _: SMTP, __: Session, ___: Envelope, ____: str, proof: object) -> AuthResult:
        known = isinstance(proof, LoginPassword) and self._users.get(proof.login.decode()) == proof.password.decode()
        return AuthResult(success=known, handled=False)
