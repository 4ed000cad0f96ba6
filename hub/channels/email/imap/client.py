"""A small IMAP client (RFC 3501 and friends): only what a mailbox needs, and safe with hostile servers."""

import asyncio
import base64
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Self

from msgspec import Struct

from hub.channels.contract import Misconfigured, Unreachable
from hub.channels.email import connection
from hub.channels.email.account import Account
from hub.channels.email.errors import (
    ConnectionLost,
    FolderMissing,
    FolderUnavailable,
    ImapConnectionClosed,
    ImapHostMissing,
    ImapNotSpoken,
    ImapNotUnderstood,
    ImapRefused,
    ImapSignInUnavailable,
    MailPasswordRefused,
    MailTokenRefused,
    PasswordNeedsTls,
    StarttlsNotOffered,
)
from hub.channels.email.imap import protocol as imap_protocol
from hub.channels.email.imap.folder_names import encode_folder
from hub.channels.email.imap.responses import (
    Folder,
    Selected,
    number,
    quoted,
    ranges,
    read_folder,
    read_items,
    read_selected,
    word,
)

MAX_COLLECTED = 96 * 2**20  # bytes that one command may bring


class Limits(Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds: for a connection, for an answer, in IDLE, between looks without IDLE."""

    connect: float = 15
    reply: float = 60
    idle: float = 9 * 60
    poll: float = 30


class Imap:
    """One connection to one server, for one user at a time."""

    def __init__(
        self, account: Account, limits: Limits, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        """Take over a connection that has just been made."""
        self.account = account
        self.limits = limits
        self.where = f"{account.imap_host}:{account.imap_port}"
        self.capabilities: frozenset[str] = frozenset()
        self.news = False  # mail was announced since the last search
        self._reader, self._writer = streams
        self._plain_writer: asyncio.StreamWriter | None = None
        self._tags = (f"h{number}" for number in count(1))

    @classmethod
    @asynccontextmanager
    async def signed_in(cls, account: Account, limits: Limits | None = None) -> AsyncIterator[Self]:
        """Connect, protect the line and sign in; let go of it at the end."""
        limits = limits or Limits()
        imap = cls(account, limits, await _connect(account, limits))
        try:
            await imap._greet()
            await imap._sign_in()
            yield imap
        finally:
            await imap.close()

    async def select(self, folder: str, *, read_only: bool = True) -> Selected:
        """Open a folder, read only unless told; `Misconfigured` when there is none of that name."""
        try:
            untagged = await self.command(f"{'EXAMINE' if read_only else 'SELECT'} {quoted(encode_folder(folder))}")
        except ImapRefused as refused:
            if refused.passing:
                raise FolderUnavailable(folder=folder, said=refused.said) from None
            raise FolderMissing(folder=folder) from None
        return read_selected(untagged)

    async def search(self, criteria: str) -> list[int]:
        """UIDs of the mails that match, ascending."""
        untagged = await self.command(f"UID SEARCH {criteria}")
        found = (each.lines[0].split()[1:] for each in untagged if word(each, 0) == b"SEARCH")
        return sorted({uid for uids in found for uid in map(number, uids) if uid is not None})

    async def sizes(self, uids: Iterable[int]) -> Mapping[int, int]:
        """Bytes of each of the mails that are still there."""
        fetched = await self._fetch(uids, "RFC822.SIZE", b"RFC822.SIZE")
        return {uid: number(size) or 0 for uid, size in fetched.items()}

    async def bodies(self, uids: Iterable[int]) -> Mapping[int, bytes]:
        """The whole mails, leaving them unseen."""
        return await self._fetch(uids, "BODY.PEEK[]", b"BODY[]")

    async def headers(self, uid: int) -> bytes:
        """One mail's header block, empty when the server has none; `ImapRefused` when it hands out nothing."""
        untagged = await self.command(f"UID FETCH {uid} (UID BODY.PEEK[HEADER])")
        return dict(read_items(untagged, b"BODY[HEADER]")).get(uid, b"")

    async def delete(self, uids: Iterable[int]) -> None:
        """Delete these mails and no others; without UIDPLUS they are only marked."""
        chosen = ranges(uids)
        await self.command(f"UID STORE {chosen} +FLAGS.SILENT (\\Deleted)")
        if "UIDPLUS" in self.capabilities:
            await self.command(f"UID EXPUNGE {chosen}")

    async def create(self, folder: str) -> None:
        """Make a folder."""
        await self.command(f"CREATE {quoted(encode_folder(folder))}")

    async def folders(self) -> list[Folder]:
        """Every folder of the mailbox."""
        wanted = " RETURN (SPECIAL-USE)" if {"SPECIAL-USE", "LIST-EXTENDED"} <= self.capabilities else ""
        untagged = await self.command(f'LIST "" "*"{wanted}')
        return [read_folder(each) for each in untagged if word(each, 0) == b"LIST"]

    async def wait(self) -> None:
        """Wait until mail is announced, or until it is time to look by oneself."""
        if self.news:
            return
        if "IDLE" in self.capabilities:
            await self._idle()
        else:
            await asyncio.sleep(self.limits.poll)
            await self.command("NOOP")

    async def command(
        self, text: str, *continuations: bytes, into: list[imap_protocol.Response] | None = None
    ) -> list[imap_protocol.Response]:
        """Send a command, answer each "+" with the next continuation, and give the untagged responses back."""
        tag = next(self._tags)
        untagged = [] if into is None else into
        with connection.told_plainly(self.where):
            await self._send(f"{tag} {text}".encode())
            await self._until(tag, iter(continuations), untagged)
        return untagged

    async def close(self) -> None:
        """Say goodbye without waiting for an answer."""
        with suppress(OSError):
            # A server that hung up has closed it already, and Python 3.11.2 cannot abort a TLS line closed twice.
            if not self._writer.is_closing():
                self._writer.write(b"bye LOGOUT\r\n")
                self._writer.close()
            async with asyncio.timeout(2):
                await self._writer.wait_closed()
        self._writer.transport.abort()

    async def _greet(self) -> None:
        with connection.told_plainly(self.where):
            greeting = await self._receive(self.limits.connect)
            if greeting.tag != "*" or greeting.status is None:
                raise ImapNotSpoken(where=self.where)
        await self._learn()
        if self.account.imap_security == "starttls":
            await self._start_tls()
            await self._learn()

    async def _learn(self) -> None:
        untagged = await self.command("CAPABILITY")
        lists = (each.lines[0].split()[1:] for each in untagged if word(each, 0) == b"CAPABILITY")
        self.capabilities = frozenset(name.decode("ascii", "replace").upper() for names in lists for name in names)

    async def _start_tls(self) -> None:
        """Protect the line with a fresh reader, so that nothing said before in the clear is believed."""
        if "STARTTLS" not in self.capabilities:
            raise StarttlsNotOffered(where=self.where, port=993)
        await self.command("STARTTLS")
        context = connection.trust(self.account)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=imap_protocol.MAX_LINE)
        protocol = asyncio.StreamReaderProtocol(reader)
        with connection.told_plainly(self.where):
            transport = await loop.start_tls(
                self._writer.transport,
                protocol,
                context,
                server_hostname=self.account.imap_host,
                ssl_handshake_timeout=self.limits.connect,
                ssl_shutdown_timeout=2,
            )
        if transport is None:
            raise ConnectionLost(where=self.where)
        protocol.connection_made(transport)
        self._plain_writer = self._writer  # would close the line if it were let go of
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
                self._allow_login()
                await self.command(f"LOGIN {{{len(user)}}}", user + f" {{{len(password)}}}".encode(), password)
        except ImapRefused as refused:
            raise self._not_let_in(refused) from None
        await self._learn()
        if "ID" in self.capabilities:  # some providers turn away who does not say (RFC 2971)
            with suppress(ImapRefused):
                await self.command('ID ("name" "hub")')

    async def _authenticate(self, mechanism: str, proof: bytes) -> None:
        """Prove who we are; a further challenge is an error report, answered by an empty line."""
        await self.command(f"AUTHENTICATE {mechanism}", base64.b64encode(proof))

    def _allow_login(self) -> None:
        if "LOGINDISABLED" in self.capabilities:
            raise PasswordNeedsTls(where=self.where)

    def _not_let_in(self, refused: ImapRefused) -> Misconfigured | Unreachable:
        if refused.passing:
            return ImapSignInUnavailable(said=refused.said)
        if self.account.auth == "xoauth2":
            return MailTokenRefused(where=self.where)
        return MailPasswordRefused(where=self.where)

    async def _fetch(self, uids: Iterable[int], item: str, name: bytes) -> dict[int, bytes]:
        """One item of each mail; a NO keeps what came before it, for single mails may be broken or gone."""
        untagged: list[imap_protocol.Response] = []
        with suppress(ImapRefused):
            await self.command(f"UID FETCH {ranges(uids)} (UID {item})", into=untagged)
        return dict(read_items(untagged, name))

    async def _idle(self) -> None:
        """Hold the line open until something comes or the time is up, then end IDLE and see that it ends."""
        tag = next(self._tags)
        with connection.told_plainly(self.where):
            await self._send(f"{tag} IDLE".encode())
            while (response := await self._receive()).tag != "+":
                if response.tag == tag:
                    self.capabilities -= {"IDLE"}  # promised and not kept: look by oneself from now on
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(self.limits.idle):
                    while not self.news:
                        await self._receive(self.limits.idle + 1)
            await self._send(b"DONE")
            await self._until(tag, iter(()), [])

    async def _until(self, tag: str, continuations: Iterator[bytes], untagged: list[imap_protocol.Response]) -> None:
        collected = 0
        while (response := await self._receive()).tag != tag:
            if response.tag == "+":
                await self._send(next(continuations, b""))
                continue
            untagged.append(response)
            collected += sum(map(len, response.lines)) + sum(map(len, response.literals)) + 100
            if collected > MAX_COLLECTED:
                raise ImapNotUnderstood(problem="an answer was larger than 96 MiB")
        if response.status is None or response.status.kind != "OK":
            status = response.status or imap_protocol.Status(kind="BAD", code="", text="an unreadable answer")
            raise ImapRefused(reply=status.code, said=status.text)

    async def _receive(self, patience: float | None = None) -> imap_protocol.Response:
        response = await imap_protocol.read_response(self._reader, patience=patience or self.limits.reply)
        status = response.status
        if response.tag == "*" and status is not None and status.kind == "BYE":
            raise ImapConnectionClosed(said=status.text or "no reason given")
        if word(response, 1) == b"EXISTS":
            self.news = True
        return response

    async def _send(self, text: bytes) -> None:
        self._writer.write(text + b"\r\n")
        async with asyncio.timeout(self.limits.reply):
            await self._writer.drain()


def xoauth2(user: str, token: str) -> bytes:
    """The proof of Google's and Microsoft's XOAUTH2."""
    return f"user={user}\1auth=Bearer {token}\1\1".encode()


async def _connect(account: Account, limits: Limits) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if account.imap_host is None:
        raise ImapHostMissing
    context: ssl.SSLContext | None = connection.trust(account) if account.imap_security == "tls" else None
    with connection.told_plainly(f"{account.imap_host}:{account.imap_port}"):
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
