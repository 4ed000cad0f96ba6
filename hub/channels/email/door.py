"""Our own door for mail: a server may push to us by LMTP or SMTP, and hears 250 only once a mail is stored."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec import Struct
from msgspec.structs import replace

from hub.channels.email.connection import writable
from hub.channels.email.envelope import clean
from hub.errors import TooLarge

Knows = Callable[[str], Awaitable[bool]]
Accept = Callable[[tuple[str, ...], bytes], Awaitable[object]]

AGAIN = "451 4.3.0 This cannot be stored just now; try again"
TOO_LARGE = "552 5.3.4 This mail is too large"
REPEATED_BY_LMTP = ("552 Error: Too much", "500 Line too long")  # answers to DATA that aiosmtpd gives but once

log = logging.getLogger(__name__)


class Caps(Struct, frozen=True, kw_only=True):
    """What one caller may ask of the door: bytes a mail, recipients a mail, callers at a time, seconds a step."""

    mail_bytes: int = 50 * 2**20
    recipients: int = 100
    callers: int = 100
    patience: float = 300


class Door:
    """Listens for mail; knows whom it takes mail for, and relays nothing to anybody else."""

    def __init__(self, caps: Caps | None = None) -> None:
        """Listen nowhere yet."""
        self.caps = caps or Caps()
        self.lmtp_port: int | None = None
        self.smtp_port: int | None = None
        self._servers: list[asyncio.Server] = []
        self._lines: set[SMTP] = set()

    async def start(
        self,
        host: str,
        lmtp_port: int | None,
        smtp_port: int | None,
        accept: Accept,
        *,
        knows: Knows,
        mail_bytes: int | None = None,
    ) -> None:
        """Open the ports that are given; port 0 takes a free one, which `lmtp_port` and `smtp_port` then tell.

        `knows` says whether mail for an address is taken. `accept` stores a mail before it returns; when it
        raises, the caller is asked to come back. `mail_bytes` is the largest mail that is taken.
        """
        if mail_bytes is not None:
            self.caps = replace(self.caps, mail_bytes=mail_bytes)
        guard = _Guard(self.caps, accept, knows)
        if lmtp_port is not None:
            self.lmtp_port = await self._listen(host, lmtp_port, _LmtpLine, guard)
        if smtp_port is not None:
            self.smtp_port = await self._listen(host, smtp_port, _SmtpLine, guard)

    async def stop(self) -> None:
        """Close the door; a mail not yet answered will be brought again."""
        for server in self._servers:
            server.close()
        for line in list(self._lines):
            if line.transport is not None:
                line.transport.close()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _listen(self, host: str, port: int, kind: "type[_SmtpLine | _LmtpLine]", guard: "_Guard") -> int:
        loop = asyncio.get_running_loop()
        name = socket.gethostname()

        def answer() -> asyncio.BaseProtocol:
            if len(self._lines) >= self.caps.callers:
                return _Busy()
            made = kind(
                guard,
                data_size_limit=self.caps.mail_bytes,
                enable_SMTPUTF8=True,
                hostname=name,
                ident="hub",
                timeout=self.caps.patience,
                loop=loop,
            )
            made.lines = self._lines
            return made

        server = await loop.create_server(answer, host, port)
        self._servers.append(server)
        taken: int = server.sockets[0].getsockname()[1]
        return taken


class _Guard:
    """Decides about each recipient and each mail, for both protocols."""

    def __init__(self, caps: Caps, accept: Accept, knows: Knows) -> None:
        self._caps, self._accept, self._knows = caps, accept, knows

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        if len(envelope.rcpt_tos) >= self._caps.recipients:
            return "452 4.5.3 Too many recipients; send the rest in another mail"
        try:
            known = await self._knows(address)
        except Exception:
            log.exception("recipient_not_looked_up")
            return AGAIN
        if not known:
            return "550 5.1.1 No mail is taken for this address here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        answer = await self._store(envelope)
        answers = len(envelope.rcpt_tos) if isinstance(server, LMTP) else 1
        return "\r\n".join([answer] * answers)

    async def _store(self, envelope: Envelope) -> str:
        try:
            await self._accept(tuple(envelope.rcpt_tos), _as_delivered(envelope))
        except TooLarge:
            return TOO_LARGE
        except Exception:
            log.exception("mail_not_stored")
            return AGAIN
        return "250 2.0.0 Ok: stored"


class _Line(SMTP):
    """What both protocols share: long lines of old mailers are taken, and a fault of ours is no refusal."""

    line_length_limit = 2**20
    lines: "set[SMTP] | None" = None  # of the door; each is in it as long as it is connected

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.lines is not None:
            self.lines.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        if self.lines is not None:
            self.lines.discard(self)
        super().connection_lost(error)

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail_line_failed", exc_info=error)
        return AGAIN


class _SmtpLine(_Line):
    """A caller who speaks SMTP."""


class _LmtpLine(_Line, LMTP):
    """A caller who speaks LMTP, and hears of each recipient by itself."""

    async def push(self, status: str | bytes) -> None:
        text = status.decode() if isinstance(status, bytes) else status
        if text.startswith(REPEATED_BY_LMTP) and self.envelope is not None:
            text = "\r\n".join([text] * len(self.envelope.rcpt_tos))
        await super().push(text)


class _Busy(asyncio.Protocol):
    """Turns one caller too many away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        caller = writable(transport)
        if caller is not None:
            caller.write(b"421 4.3.2 Too many callers; try again\r\n")
            caller.close()


def _as_delivered(envelope: Envelope) -> bytes:
    """The mail with its envelope on top, as the last server writes it (RFC 5321 §4.4).

    Of the recipients only those with a key are written down: it may stand nowhere else.
    """
    raw = envelope.content if isinstance(envelope.content, bytes) else b""
    keyed = [f"Delivered-To: {_one_line(recipient)}\r\n" for recipient in envelope.rcpt_tos if "+" in recipient]
    if raw[:12].lower() != b"return-path:":
        keyed.insert(0, f"Return-Path: <{_one_line(envelope.mail_from or '')}>\r\n")
    return "".join(keyed).encode() + raw


def _one_line(written: str) -> str:
    return clean(written.encode("utf-8", "replace").decode()).strip("<>")
