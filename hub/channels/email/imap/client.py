"""A small IMAP client (RFC 3501): only what fetching a mailbox needs, with limits against hostile servers."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Self

from msgspec import Struct

from hub.channels.email import connection, errors
from hub.channels.email.account import Account
from hub.channels.email.imap import protocol as imap_protocol
from hub.channels.email.imap.folder_names import encode_folder
from hub.channels.email.imap.responses import (
    Folder,
    Selected,
    keyword,
    number,
    quoted,
    read_folder,
    read_items,
    read_selected,
    sequence_set,
)
from hub.channels.send_errors import Misconfigured, Unreachable

MAX_RESPONSES_BYTES = 96 * 2**20  # for one command


class Limits(Struct, frozen=True, kw_only=True):
    """Timeouts in seconds: for connecting, for a response, for one IDLE, and between polls without IDLE."""

    connect: float = 15
    reply: float = 60
    idle: float = 9 * 60
    poll: float = 30


class Imap:
    """A connection to an IMAP server, used by one task at a time."""

    def __init__(
        self, account: Account, limits: Limits, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        """Wrap an open connection; the greeting is not read yet."""
        self.account = account
        self.limits = limits
        self.server = f"{account.imap_host}:{account.imap_port}"
        self.capabilities: frozenset[str] = frozenset()
        self.new_mail = False  # whether the server has announced mail since the last search
        self._reader, self._writer = streams
        self._plaintext_writer: asyncio.StreamWriter | None = None
        self._tags = (f"h{number}" for number in count(1))

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, account: Account, limits: Limits | None = None) -> AsyncIterator[Self]:
        """Connect, start TLS where needed, and sign in; closes the connection at the end."""
        limits = limits or Limits()
        imap = cls(account, limits, await _connect(account, limits))
        try:
            await imap._read_greeting()
            await imap._sign_in()
            yield imap
        finally:
            await imap.close()

    async def select(self, folder: str, *, read_only: bool = True) -> Selected:
        """Open a folder, for reading only by default; raises `Misconfigured` if there is no such folder."""
        try:
            untagged = await self.command(f"{'EXAMINE' if read_only else 'SELECT'} {quoted(encode_folder(folder))}")
        except errors.ImapCommandRefused as refusal:
            if refusal.is_temporary:
                raise errors.FolderUnavailable(folder=folder, said=refusal.said) from None
            raise errors.FolderMissing(folder=folder) from None
        return read_selected(untagged)

    async def search(self, criteria: str) -> list[int]:
        """Return the UIDs of the mails that match, ascending."""
        untagged = await self.command(f"UID SEARCH {criteria}")
        uid_lists = (response.lines[0].split()[1:] for response in untagged if keyword(response, 0) == b"SEARCH")
        return sorted({uid for uids in uid_lists for uid in map(number, uids) if uid is not None})

    async def sizes(self, uids: Iterable[int]) -> Mapping[int, int]:
        """Return the size in bytes of each mail that still exists."""
        fetched = await self._fetch(uids, "RFC822.SIZE", b"RFC822.SIZE")
        return {uid: number(size) or 0 for uid, size in fetched.items()}

    async def bodies(self, uids: Iterable[int]) -> Mapping[int, bytes]:
        """Return the complete mails by UID without marking them as seen."""
        return await self._fetch(uids, "BODY.PEEK[]", b"BODY[]")

    async def headers(self, uid: int) -> bytes:
        """Return a mail's header block, empty if the server returns none; raises `errors.ImapCommandRefused`."""
        untagged = await self.command(f"UID FETCH {uid} (UID BODY.PEEK[HEADER])")
        return dict(read_items(untagged, b"BODY[HEADER]")).get(uid, b"")

    async def delete(self, uids: Iterable[int]) -> None:
        """Delete these mails and no others; without UIDPLUS (RFC 4315) they are only marked as deleted."""
        uid_set = sequence_set(uids)
        await self.command(f"UID STORE {uid_set} +FLAGS.SILENT (\\Deleted)")
        if "UIDPLUS" in self.capabilities:
            await self.command(f"UID EXPUNGE {uid_set}")

    async def folders(self) -> list[Folder]:
        """Return all folders of the mailbox."""
        options = " RETURN (SPECIAL-USE)" if {"SPECIAL-USE", "LIST-EXTENDED"} <= self.capabilities else ""
        untagged = await self.command(f'LIST "" "*"{options}')
        return [read_folder(response) for response in untagged if keyword(response, 0) == b"LIST"]

    async def wait(self) -> None:
        """Wait until the server announces mail (IDLE, RFC 2177), or until it is time to search again."""
        if self.new_mail:
            return
        if "IDLE" in self.capabilities:
            await self._idle()
        else:
            await asyncio.sleep(self.limits.poll)
            await self.command("NOOP")

    async def command(
        self, text: str, *continuations: bytes, collect_in: list[imap_protocol.Response] | None = None
    ) -> list[imap_protocol.Response]:
        """Send a command and return the untagged responses; raises `errors.ImapCommandRefused`.

        Each "+" from the server is answered with the next continuation. `collect_in` keeps those before a failure.
        """
        tag = next(self._tags)
        untagged = [] if collect_in is None else collect_in
        with connection.translate_errors(self.server):
            await self._send(f"{tag} {text}".encode())
            await self._read_until(tag, iter(continuations), untagged)
        return untagged

    async def close(self) -> None:
        """Send LOGOUT and close the connection, without waiting for a response."""
        with suppress(OSError):
            # A server that hung up has closed it already, and Python 3.11.2 cannot abort a TLS line closed twice.
            if not self._writer.is_closing():
                self._writer.write(b"bye LOGOUT\r\n")
                self._writer.close()
            async with asyncio.timeout(2):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _read_greeting(self) -> None:
        with connection.translate_errors(self.server):
            greeting = await self._receive(self.limits.connect)
            if greeting.tag != "*" or greeting.status is None:
                raise errors.ImapNotSpoken(where=self.server)
        await self._read_capabilities()
        if self.account.imap_security == "starttls":
            await self._start_tls()
            await self._read_capabilities()

    async def _read_capabilities(self) -> None:
        untagged = await self.command("CAPABILITY")
        lists = (response.lines[0].split()[1:] for response in untagged if keyword(response, 0) == b"CAPABILITY")
        self.capabilities = frozenset(name.decode("ascii", "replace").upper() for names in lists for name in names)

    async def _start_tls(self) -> None:
        """Start TLS with a new reader, so that nothing received in plain text before is used (RFC 3501 §6.2.1)."""
        if "STARTTLS" not in self.capabilities:
            raise errors.StarttlsNotOffered(where=self.server, port=993)
        await self.command("STARTTLS")
        context = connection.tls_context(self.account)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=imap_protocol.MAX_LINE)
        protocol = asyncio.StreamReaderProtocol(reader)
        with connection.translate_errors(self.server):
            transport = await loop.start_tls(
                self._writer.transport,
                protocol,
                context,
                server_hostname=self.account.imap_host,
                ssl_handshake_timeout=self.limits.connect,
                ssl_shutdown_timeout=2,
            )
        if transport is None:
            raise errors.ConnectionLost(where=self.server)
        protocol.connection_made(transport)
        self._plaintext_writer = self._writer  # if it were garbage-collected, it would close the connection
        self._reader, self._writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _sign_in(self) -> None:
        name = self.account.imap_user or self.account.address
        user, password = name.encode(), self.account.imap_password.encode()
        try:
            if self.account.auth == "xoauth2":
                await self._authenticate("XOAUTH2", xoauth2(name, self.account.oauth_token))
            elif "AUTH=PLAIN" in self.capabilities:
                await self._authenticate("PLAIN", b"\0" + user + b"\0" + password)
            else:
                self._require_login()
                await self.command(f"LOGIN {{{len(user)}}}", user + f" {{{len(password)}}}".encode(), password)
        except errors.ImapCommandRefused as refusal:
            raise self._sign_in_error(refusal) from None
        await self._read_capabilities()
        if "ID" in self.capabilities:  # some providers refuse clients that do not identify themselves (RFC 2971)
            with suppress(errors.ImapCommandRefused):
                await self.command('ID ("name" "hub")')

    async def _authenticate(self, mechanism: str, credentials: bytes) -> None:
        """Send the credentials; a further challenge is an error report, answered with an empty line."""
        await self.command(f"AUTHENTICATE {mechanism}", base64.b64encode(credentials))

    def _require_login(self) -> None:
        if "LOGINDISABLED" in self.capabilities:
            raise errors.PasswordNeedsTls(where=self.server)

    def _sign_in_error(self, refusal: errors.ImapCommandRefused) -> Misconfigured | Unreachable:
        if refusal.is_temporary:
            return errors.ImapSignInUnavailable(said=refusal.said)
        if self.account.auth == "xoauth2":
            return errors.MailTokenRefused(where=self.server)
        return errors.MailPasswordRefused(where=self.server)

    async def _fetch(self, uids: Iterable[int], item: str, name: bytes) -> dict[int, bytes]:
        """Fetch one item of each mail; after a NO, keep the mails before it: single mails may be broken or gone."""
        untagged: list[imap_protocol.Response] = []
        with suppress(errors.ImapCommandRefused):
            await self.command(f"UID FETCH {sequence_set(uids)} (UID {item})", collect_in=untagged)
        return dict(read_items(untagged, name))

    async def _idle(self) -> None:
        """Keep IDLE open until mail is announced or the time is up, then end it and wait for its completion."""
        tag = next(self._tags)
        with connection.translate_errors(self.server):
            await self._send(f"{tag} IDLE".encode())
            while (response := await self._receive()).tag != "+":
                if response.tag == tag:
                    self.capabilities -= {"IDLE"}  # announced but refused: poll from now on
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(self.limits.idle):
                    while not self.new_mail:
                        await self._receive(self.limits.idle + 1)
            await self._send(b"DONE")
            await self._read_until(tag, iter(()), [])

    async def _read_until(
        self, tag: str, continuations: Iterator[bytes], untagged: list[imap_protocol.Response]
    ) -> None:
        received_bytes = 0
        while (response := await self._receive()).tag != tag:
            if response.tag == "+":
                await self._send(next(continuations, b""))
                continue
            untagged.append(response)
            received_bytes += sum(map(len, response.lines)) + sum(map(len, response.literals)) + 100
            if received_bytes > MAX_RESPONSES_BYTES:
                raise errors.ImapNotUnderstood(problem="an answer was larger than 96 MiB")
        if response.status is None or response.status.kind != "OK":
            status = response.status or imap_protocol.Status(kind="BAD", code="", text="an unreadable answer")
            raise errors.ImapCommandRefused(reply=status.code, said=status.text)

    async def _receive(self, max_seconds: float | None = None) -> imap_protocol.Response:
        response = await imap_protocol.read_response(self._reader, max_seconds=max_seconds or self.limits.reply)
        status = response.status
        if response.tag == "*" and status is not None and status.kind == "BYE":
            raise errors.ImapConnectionClosed(said=status.text or "no reason given")
        if keyword(response, 1) == b"EXISTS":
            self.new_mail = True
        return response

    async def _send(self, text: bytes) -> None:
        self._writer.write(text + b"\r\n")
        async with asyncio.timeout(self.limits.reply):
            await self._writer.drain()


def xoauth2(user: str, token: str) -> bytes:
    """Return the credentials for XOAUTH2, as Google and Microsoft define it."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


async def _connect(account: Account, limits: Limits) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if account.imap_host is None:
        raise errors.ImapHostMissing
    context: ssl.SSLContext | None = connection.tls_context(account) if account.imap_security == "tls" else None
    with connection.translate_errors(f"{account.imap_host}:{account.imap_port}"):
        async with asyncio.timeout(limits.connect):
            reader, writer = await asyncio.open_connection(
                account.imap_host,
                account.imap_port,
                ssl=context,
                limit=imap_protocol.MAX_LINE,
                **({"ssl_shutdown_timeout": 2} if context else {}),
            )
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return reader, writer
