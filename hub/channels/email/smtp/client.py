"""Handing mail in by SMTP over one line that is kept, knowing at every step what may have gone out."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPHeloError, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse
from msgspec import Struct

from hub.channels.contract import Doubtful, Misconfigured, SendError, Unreachable
from hub.channels.email import connection
from hub.channels.email.account import Account
from hub.channels.email.envelope import domain_of
from hub.channels.email.smtp.errors import refusal

GO_AHEAD = 354
PERMANENT = 500
ACCEPTED = range(200, 300)
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class Limits(Struct, frozen=True, kw_only=True):
    """How long each step may take, in seconds; RFC 5321 §4.5.3.2 asks for ten minutes after the final dot.

    A body slower than `slowest` bytes a second is given up. A line unused for longer than `fresh` is tried out
    before it is used again.
    """

    turn: float = 120
    connect: float = 15
    command: float = 60
    body: float = 180
    slowest: float = 64 * 2**10
    final: float = 600
    fresh: float = 20


class Outgoing:
    """One account's line to its SMTP server: one mail at a time, connected again when it went stale."""

    def __init__(self, account: Account, limits: Limits | None = None) -> None:
        """Connect to nothing yet."""
        self.account = account
        self.limits = limits or Limits()
        self._where = f"{account.smtp_host}:{account.smtp_port}"
        self._client: SMTP | None = None
        self._used_at = 0.0
        self._lock = asyncio.Lock()

    async def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Hand the mail in for all recipients or for none.

        `Doubtful` from the moment the final dot may have left until the server's answer; before that
        nothing can have gone, whatever happened.
        """
        async with self._turn():
            try:
                with self._told_plainly():
                    client = await self._begin(sender, len(raw))
                    for recipient in recipients:
                        await client.rcpt(recipient)
                    await self.hand_over(client, raw)
                self._used_at = asyncio.get_running_loop().time()
            except BaseException:
                self._drop()
                raise

    async def check(self) -> None:
        """Connect and sign in."""
        async with self._turn():
            try:
                with self._told_plainly():
                    await (await self._ready()).noop(timeout=self.limits.command)
            except BaseException:
                self._drop()
                raise

    async def close(self) -> None:
        """Say goodbye and free the line at once, without waiting for the server to close TLS."""
        async with self._lock:
            try:
                if self._client is not None and self._client.is_connected:
                    with suppress(SMTPException, OSError):
                        await self._client.execute_command(b"QUIT", timeout=2)
            finally:
                self._drop()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for the line, not for ever: who has not had it has sent nothing."""
        try:
            async with asyncio.timeout(self.limits.turn):
                await self._lock.acquire()
        except TimeoutError:
            raise Unreachable(f"{self._where} is still busy with another mail. It is tried again by itself.") from None
        try:
            yield
        finally:
            self._lock.release()

    async def _begin(self, sender: str, size: int) -> SMTP:
        """Open an envelope; a kept line that turns out to be dead is replaced once."""
        kept = self._client is not None
        try:
            return await self._mail_from(sender, size)
        except (SMTPException, OSError) as error:
            refused_for_good = isinstance(error, SMTPResponseException) and error.code >= PERMANENT
            if not kept or refused_for_good:
                raise
        self._drop()
        return await self._mail_from(sender, size)

    async def _mail_from(self, sender: str, size: int) -> SMTP:
        client = await self._ready()
        options = [f"size={size}"] if client.supports_extension("size") else []
        await client.mail(sender, options=options)
        return client

    async def _ready(self) -> SMTP:
        """The kept line if it still answers, or a new one."""
        idle = asyncio.get_running_loop().time() - self._used_at
        if self._client is not None and (not self._client.is_connected or idle > self.limits.fresh):
            await self._try_out(self._client)
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def _try_out(self, client: SMTP) -> None:
        try:
            await client.noop(timeout=min(10, self.limits.command))
        except (SMTPException, OSError):
            self._drop()

    async def _connect(self) -> SMTP:
        account = self.account
        if account.smtp_host is None:
            raise Misconfigured("This mailbox has no SMTP server to send by. Fill in its name.")
        client = SMTP(
            hostname=account.smtp_host,
            port=account.smtp_port,
            use_tls=account.smtp_security == "tls",
            start_tls=False,
            tls_context=None if account.smtp_security == "none" else connection.trust(account),
            local_hostname=domain_of(account.address),
            timeout=self.limits.command,
        )
        try:
            await client.connect(timeout=self.limits.connect)
            if account.smtp_security == "starttls":
                await client.starttls()
            await _greet(client)
            await self._sign_in(client)
        except BaseException:
            _abort(client)
            raise
        return client

    async def _sign_in(self, client: SMTP) -> None:
        account = self.account
        if account.auth == "xoauth2":
            if "xoauth2" not in client.server_auth_methods:
                raise Misconfigured("The SMTP server takes no OAuth tokens. Choose sign-in by password.")
            await client.auth_xoauth2(account.smtp_user or account.address, account.oauth_token)
        elif account.smtp_user:
            await client.login(account.smtp_user, account.smtp_password)

    async def hand_over(self, client: SMTP, raw: bytes) -> None:
        """Give the body of a mail whose envelope the server has taken; `Doubtful` once the final dot may have left."""
        go_ahead = await client.execute_command(b"DATA")
        if go_ahead.code != GO_AHEAD:
            raise SMTPDataError(go_ahead.code, go_ahead.message)
        protocol = _protocol(client)
        answer = asyncio.ensure_future(protocol.read_response())
        try:
            await asyncio.sleep(0)  # the library drops what it hears before somebody listens, however fast it is said
            protocol.write(_stuffed(raw))
            await self._flushed(protocol, answer, len(raw))
            if not answer.done():
                protocol.write(b".\r\n")
            response = await self._final(answer)
        finally:
            answer.cancel()
        if response.code not in ACCEPTED:
            raise SMTPDataError(response.code, response.message)

    async def _flushed(self, protocol: SMTPProtocol, answer: "asyncio.Future[SMTPResponse]", size: int) -> None:
        """Wait until the body has left this process, without its final dot; fail when the line breaks before."""
        async with asyncio.timeout(self.limits.body + size / self.limits.slowest):
            while not answer.done() and _waiting(protocol):
                await asyncio.wait({answer}, timeout=0.005)
        if answer.done():
            early = answer.result()
            if early.code in ACCEPTED:
                raise SMTPServerDisconnected("Answered before the end")
        elif protocol.transport is None or protocol.transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")

    async def _final(self, answer: "asyncio.Future[SMTPResponse]") -> SMTPResponse:
        try:
            return await asyncio.wait_for(answer, self.limits.final)
        except (SMTPException, OSError) as error:
            raise Doubtful(
                f"{self._where} took the whole message and then gave no answer. It may have been sent."
            ) from error

    @contextmanager
    def _told_plainly(self) -> Iterator[None]:
        try:
            yield
        except SendError:
            raise
        except SMTPResponseException as error:
            raise refusal(error, self.account) from error
        except OSError as error:
            raise connection.fault(_root(error), self._where) from error
        except SMTPException as error:
            raise refusal(error, self.account) from error
        except ValueError as error:
            raise Unreachable(f"{self._where} cannot be understood.") from error

    def _drop(self) -> None:
        if self._client is not None:
            _abort(self._client)
        self._client = None


async def _greet(client: SMTP) -> None:
    """Say hello, so that the server's limits are known; old servers know but the old greeting."""
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


def _stuffed(raw: bytes) -> bytes:
    """The body as DATA wants it: dots doubled at the start of lines, a line end at the end."""
    stuffed = _LEADING_DOT.sub(b"..", raw)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"


def _waiting(protocol: SMTPProtocol) -> bool:
    transport = connection.writable(protocol.transport)
    return transport is not None and not transport.is_closing() and transport.get_write_buffer_size() > 0


def _protocol(client: SMTP) -> SMTPProtocol:
    if client.protocol is None:
        raise SMTPServerDisconnected("Connection lost")
    return client.protocol


def _abort(client: SMTP) -> None:
    """Close at once: what still waits to be written must not go out later."""
    transport = connection.writable(client.transport)
    if transport is not None:
        transport.abort()
    client.close()


def _root(error: OSError) -> OSError:
    """The fault of the connection itself beneath the client's wording."""
    return error.__cause__ if isinstance(error.__cause__, OSError) else error
