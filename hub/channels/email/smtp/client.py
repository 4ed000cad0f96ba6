"""Send mail by SMTP over a connection that stays open, and report at each step whether a mail may have been sent."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPHeloError, SMTPResponseException, SMTPServerDisconnected
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse
from msgspec import Struct

from hub.channels.email import connection
from hub.channels.email.account import Account
from hub.channels.email.errors import (
    MessageUnconfirmed,
    ServerBusy,
    ServerNotUnderstood,
    SmtpHostMissing,
    SmtpWithoutOauth,
)
from hub.channels.email.header_values import domain_of
from hub.channels.email.smtp.errors import to_send_error
from hub.channels.send_errors import SendError

START_MAIL_INPUT = 354
PERMANENT_ERROR = 500
ACCEPTED = range(200, 300)
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class Limits(Struct, frozen=True, kw_only=True):
    """Timeouts of each step in seconds; RFC 5321 §4.5.3.2 asks for ten minutes after the final dot.

    `queue` is the wait for mails before this one. Mail data slower than `min_bytes_per_second` times out. A connection
    unused for longer than `idle` is tested before it is used again.
    """

    queue: float = 120
    connect: float = 15
    command: float = 60
    body: float = 180
    min_bytes_per_second: float = 64 * 2**10
    final: float = 600
    idle: float = 20


class SmtpClient:
    """A connection to an account's SMTP server: sends one mail at a time and reconnects when needed."""

    def __init__(self, account: Account, limits: Limits | None = None) -> None:
        """Create the client without connecting."""
        self.account = account
        self.limits = limits or Limits()
        self._server = f"{account.smtp_host}:{account.smtp_port}"
        self._client: SMTP | None = None
        self._last_used_at = 0.0
        self._lock = asyncio.Lock()

    async def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Send a mail to all recipients or to none; raises a `SendError`.

        `Doubtful` is raised only from the moment the final dot may have left until the response of the server: before
        that, nothing can have been sent.
        """
        async with self._exclusive():
            try:
                with self._translate_errors():
                    client = await self._start_envelope(sender, len(raw))
                    for recipient in recipients:
                        await client.rcpt(recipient)
                    await self.send_data(client, raw)
                self._last_used_at = asyncio.get_running_loop().time()
            except BaseException:
                self._drop()
                raise

    async def check(self) -> None:
        """Connect and sign in; raises a `SendError`."""
        async with self._exclusive():
            try:
                with self._translate_errors():
                    await (await self._connected_client()).noop(timeout=self.limits.command)
            except BaseException:
                self._drop()
                raise

    async def close(self) -> None:
        """Send QUIT and free the connection at once, without waiting for the server to close TLS."""
        async with self._lock:
            try:
                if self._client is not None and self._client.is_connected:
                    with suppress(SMTPException, OSError):
                        await self._client.execute_command(b"QUIT", timeout=2)
            finally:
                self._drop()

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        """Wait for the connection, raising `Unreachable` after the time limit: nothing has been sent then."""
        try:
            async with asyncio.timeout(self.limits.queue):
                await self._lock.acquire()
        except TimeoutError:
            raise ServerBusy(where=self._server) from None
        try:
            yield
        finally:
            self._lock.release()

    async def _start_envelope(self, sender: str, size: int) -> SMTP:
        """Send MAIL FROM; if a connection from an earlier mail turns out to be dead, reconnect once."""
        was_connected = self._client is not None
        try:
            return await self._mail_from(sender, size)
        except (SMTPException, OSError) as error:
            is_permanent = isinstance(error, SMTPResponseException) and error.code >= PERMANENT_ERROR
            if not was_connected or is_permanent:
                raise
        self._drop()
        return await self._mail_from(sender, size)

    async def _mail_from(self, sender: str, size: int) -> SMTP:
        client = await self._connected_client()
        options = [f"size={size}"] if client.supports_extension("size") else []
        await client.mail(sender, options=options)
        return client

    async def _connected_client(self) -> SMTP:
        """Return the open connection if it still responds, or a new one."""
        idle_seconds = asyncio.get_running_loop().time() - self._last_used_at
        if self._client is not None and (not self._client.is_connected or idle_seconds > self.limits.idle):
            await self._probe(self._client)
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def _probe(self, client: SMTP) -> None:
        try:
            await client.noop(timeout=min(10, self.limits.command))
        except (SMTPException, OSError):
            self._drop()

    async def _connect(self) -> SMTP:
        account = self.account
        if account.smtp_host is None:
            raise SmtpHostMissing
        client = SMTP(
            hostname=account.smtp_host,
            port=account.smtp_port,
            use_tls=account.smtp_security == "tls",
            start_tls=False,
            tls_context=None if account.smtp_security == "none" else connection.tls_context(account),
            local_hostname=domain_of(account.address),
            timeout=self.limits.command,
        )
        try:
            await client.connect(timeout=self.limits.connect)
            if account.smtp_security == "starttls":
                await client.starttls()
            await _say_hello(client)
            await self._sign_in(client)
        except BaseException:
            _abort(client)
            raise
        return client

    async def _sign_in(self, client: SMTP) -> None:
        account = self.account
        if account.auth == "xoauth2":
            if "xoauth2" not in client.server_auth_methods:
                raise SmtpWithoutOauth(where=self._server)
            await client.auth_xoauth2(account.smtp_user or account.address, account.oauth_token)
        elif account.smtp_user:
            await client.login(account.smtp_user, account.smtp_password)

    async def send_data(self, client: SMTP, raw: bytes) -> None:
        """Send the mail data after the envelope; raises `Doubtful` once the final dot may have left."""
        ready = await client.execute_command(b"DATA")
        if ready.code != START_MAIL_INPUT:
            raise SMTPDataError(ready.code, ready.message)
        protocol = _protocol(client)
        response_task = asyncio.ensure_future(protocol.read_response())
        try:
            await asyncio.sleep(0)  # aiosmtplib drops a response that arrives before a reader waits for it
            protocol.write(_dot_stuffed(raw))
            await self._wait_until_sent(protocol, response_task, len(raw))
            if not response_task.done():
                protocol.write(b".\r\n")
            response = await self._final_response(response_task)
        finally:
            response_task.cancel()
        if response.code not in ACCEPTED:
            raise SMTPDataError(response.code, response.message)

    async def _wait_until_sent(
        self, protocol: SMTPProtocol, response_task: "asyncio.Future[SMTPResponse]", size: int
    ) -> None:
        """Wait until the data, without its final dot, has left this process; raises if the connection breaks."""
        async with asyncio.timeout(self.limits.body + size / self.limits.min_bytes_per_second):
            while not response_task.done() and _has_unsent_bytes(protocol):
                await asyncio.wait({response_task}, timeout=0.005)
        if response_task.done():
            early_response = response_task.result()
            if early_response.code in ACCEPTED:
                raise SMTPServerDisconnected("Answered before the end")
        elif protocol.transport is None or protocol.transport.is_closing():
            raise SMTPServerDisconnected("Connection lost")

    async def _final_response(self, response_task: "asyncio.Future[SMTPResponse]") -> SMTPResponse:
        try:
            return await asyncio.wait_for(response_task, self.limits.final)
        except (SMTPException, OSError) as error:
            raise MessageUnconfirmed(where=self._server) from error

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except SendError:
            raise
        except SMTPResponseException as error:
            raise to_send_error(error, self.account) from error
        except OSError as error:
            raise connection.to_send_error(_connection_error(error), self._server) from error
        except SMTPException as error:
            raise to_send_error(error, self.account) from error
        except ValueError as error:
            raise ServerNotUnderstood(where=self._server, problem=type(error).__name__) from error

    def _drop(self) -> None:
        if self._client is not None:
            _abort(self._client)
        self._client = None


async def _say_hello(client: SMTP) -> None:
    """Send EHLO, to learn the limits of the server, or HELO to an old server."""
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


def _dot_stuffed(raw: bytes) -> bytes:
    """Return the mail as DATA needs it (RFC 5321 §4.5.2): leading dots doubled, a line end at the end."""
    data = _LEADING_DOT.sub(b"..", raw)
    return data if data.endswith(b"\r\n") else data + b"\r\n"


def _has_unsent_bytes(protocol: SMTPProtocol) -> bool:
    transport = connection.writable(protocol.transport)
    return transport is not None and not transport.is_closing() and transport.get_write_buffer_size() > 0


def _protocol(client: SMTP) -> SMTPProtocol:
    if client.protocol is None:
        raise SMTPServerDisconnected("Connection lost")
    return client.protocol


def _abort(client: SMTP) -> None:
    """Close the connection at once: data not yet written must not be sent later."""
    transport = connection.writable(client.transport)
    if transport is not None:
        transport.abort()
    client.close()


def _connection_error(error: OSError) -> OSError:
    """Return the error of the connection that the library has wrapped."""
    return error.__cause__ if isinstance(error.__cause__, OSError) else error
