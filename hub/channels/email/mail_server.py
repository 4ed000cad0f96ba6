"""A mail server (SMTP and LMTP) for mail pushed to us; it answers 250 only when a mail is stored."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec import Struct
from msgspec.structs import replace

from hub.channels.email.connection import writable
from hub.channels.email.header_values import clean
from hub.errors import TooLarge

IsKnown = Callable[[str], Awaitable[bool]]
Accept = Callable[[tuple[str, ...], bytes], Awaitable[object]]

TRY_AGAIN = "451 4.3.0 This cannot be stored just now; try again"
TOO_LARGE = "552 5.3.4 This mail is too large"
GIVEN_ONCE = ("552 Error: Too much", "500 Line too long")  # replies to DATA that aiosmtpd gives only once

log = logging.getLogger(__name__)


class Limits(Struct, frozen=True, kw_only=True):
    """Limits for a client: bytes per mail, recipients per mail, simultaneous connections, seconds per step."""

    mail_bytes: int = 50 * 2**20
    recipients: int = 100
    connections: int = 100
    timeout: float = 300


class MailServer:
    """Receives mail for known recipients only; it never relays."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Create a server that is not listening yet."""
        self.limits = limits or Limits()
        self.lmtp_port: int | None = None
        self.smtp_port: int | None = None
        self._servers: list[asyncio.Server] = []
        self._connections: set[SMTP] = set()

    async def start(
        self,
        host: str,
        lmtp_port: int | None,
        smtp_port: int | None,
        accept: Accept,
        *,
        has_mailbox: IsKnown,
        mail_bytes: int | None = None,
    ) -> None:
        """Listen on the given ports; None opens no port, 0 any free one, then stored in `lmtp_port` and `smtp_port`.

        `has_mailbox` returns whether mail for an address is accepted. `accept` must have stored a mail when it returns;
        if it raises, the client is told to try again later. `mail_bytes` is the size limit of a mail.
        """
        if mail_bytes is not None:
            self.limits = replace(self.limits, mail_bytes=mail_bytes)
        handler = _Handler(self.limits, accept, has_mailbox)
        if lmtp_port is not None:
            self.lmtp_port = await self._listen(host, lmtp_port, _LmtpConnection, handler)
        if smtp_port is not None:
            self.smtp_port = await self._listen(host, smtp_port, _SmtpConnection, handler)

    async def stop(self) -> None:
        """Close all connections; a client sends a mail that was not answered again."""
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            if connection.transport is not None:
                connection.transport.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _listen(
        self, host: str, port: int, protocol: "type[_SmtpConnection | _LmtpConnection]", handler: "_Handler"
    ) -> int:
        loop = asyncio.get_running_loop()
        name = socket.gethostname()

        def connect() -> asyncio.BaseProtocol:
            if len(self._connections) >= self.limits.connections:
                return _Refuser()
            connection = protocol(
                handler,
                data_size_limit=self.limits.mail_bytes,
                enable_SMTPUTF8=True,
                hostname=name,
                ident="hub",
                timeout=self.limits.timeout,
                loop=loop,
            )
            connection.connections = self._connections
            return connection

        server = await loop.create_server(connect, host, port)
        self._servers.append(server)
        bound_port: int = server.sockets[0].getsockname()[1]
        return bound_port


class _Handler:
    """Accepts or refuses each recipient and each mail, for both protocols."""

    def __init__(self, limits: Limits, accept: Accept, has_mailbox: IsKnown) -> None:
        self._limits, self._accept, self._is_known = limits, accept, has_mailbox

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if len(envelope.rcpt_tos) >= self._limits.recipients:
            return "452 4.5.3 Too many recipients; send the rest in another mail"
        try:
            known = await self._is_known(address)
        except Exception:
            log.exception("recipient_not_looked_up")
            return TRY_AGAIN
        if not known:
            return "550 5.1.1 No mail is taken for this address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        reply = await self._store(envelope)
        replies = len(envelope.rcpt_tos) if isinstance(server, LMTP) else 1
        return "\r\n".join([reply] * replies)

    async def _store(self, envelope: Envelope) -> str:
        try:
            await self._accept(tuple(envelope.rcpt_tos), _as_delivered(envelope))
        except TooLarge:
            return TOO_LARGE
        except Exception:
            log.exception("mail_not_stored")
            return TRY_AGAIN
        return "250 2.0.0 Ok: stored"


class _Connection(SMTP):
    """Common to both protocols: long lines of old clients are accepted; our own errors are temporary to a client."""

    line_length_limit = 2**20
    connections: "set[SMTP] | None" = None  # the server's open connections, to which this one adds itself

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.connections is not None:
            self.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self.connections is not None:
            self.connections.discard(self)
        super().connection_lost(error)

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail_connection_failed", exc_info=error)
        return TRY_AGAIN


class _SmtpConnection(_Connection):
    """A connection with a client that speaks SMTP (RFC 5321)."""


class _LmtpConnection(_Connection, LMTP):
    """A connection with a client that speaks LMTP (RFC 2033): one reply to DATA for each recipient."""

    async def push(self, status: str | bytes) -> None:
        text = status.decode() if isinstance(status, bytes) else status
        if text.startswith(GIVEN_ONCE) and self.envelope is not None:
            text = "\r\n".join([text] * len(self.envelope.rcpt_tos))
        await super().push(text)


class _Refuser(asyncio.Protocol):
    """Refuses a connection beyond the limit."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        caller = writable(transport)
        if caller is not None:
            caller.write(b"421 4.3.2 Too many callers; try again\r\n")
            caller.close()


def _as_delivered(envelope: Envelope) -> bytes:
    """Return the mail with its envelope on top, as the final server writes it (RFC 5321 §4.4).

    Only recipients with a reply key are recorded, as the key may stand in no other header.
    """
    raw = envelope.content if isinstance(envelope.content, bytes) else b""
    headers = [f"Delivered-To: {_one_line(recipient)}\r\n" for recipient in envelope.rcpt_tos if "+" in recipient]
    if raw[:12].lower() != b"return-path:":
        headers.insert(0, f"Return-Path: <{_one_line(envelope.mail_from or '')}>\r\n")
    return "".join(headers).encode() + raw


def _one_line(value: str) -> str:
    return clean(value.encode("utf-8", "replace").decode()).strip("<>")
