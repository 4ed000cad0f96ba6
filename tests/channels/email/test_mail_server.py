"""The mail server for pushed mail: a mail is stored before it is acknowledged, and nothing is relayed."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from hub.channels.email.mail_server import Limits, MailServer
from hub.intake.errors import CallbackTooLarge
from hub.storage.errors import DatabaseUnavailable

RAW = b"Subject: hello\r\n\r\n.dotted\r\nbody\r\n"
STORED = b"Return-Path: <anna@customer.test>\r\n" + RAW
KEYED = b"Return-Path: <anna@customer.test>\r\nDelivered-To: sales+k3y@shop.test\r\n" + RAW


@dataclass
class Store:
    """Stores what the server accepts, or raises `failure`."""

    mails: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)
    failure: Exception | None = None
    blind: bool = False

    async def accept(self, recipients: tuple[str, ...], raw: bytes) -> None:
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        self.mails.append((recipients, raw))

    async def has_mailbox(self, recipient: str) -> bool:
        if self.blind:
            raise DatabaseUnavailable
        local, _, domain = recipient.partition("@")
        return domain == "shop.test" and local.partition("+")[0] in {"help", "sales"}


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def server(store: Store) -> AsyncIterator[MailServer]:
    server = MailServer(Limits(mail_bytes=100_000, recipients=3, connections=3))
    await server.start("127.0.0.1", 0, 0, store.accept, has_mailbox=store.has_mailbox)
    yield server
    await server.stop()


async def talk(port: int | None, *lines: bytes) -> list[bytes]:
    """Send lines one after the other and return the reply to each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    replies = [await reply(reader)]
    for line in lines:
        writer.write(line + b"\r\n")
        replies.append(await reply(reader))
    writer.close()
    await writer.wait_closed()
    return replies


async def reply(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(5):
        said = b""
        while not (line := await reader.readline()).startswith(b" ", 3) and line:
            said += line
        return said + line


async def by_smtp(server: MailServer, recipients: list[str], raw: bytes = RAW) -> dict[str, tuple[int, bytes]]:
    return await asyncio.to_thread(_send, smtplib.SMTP, server.smtp_port, recipients, raw)


async def by_lmtp(server: MailServer, recipients: list[str], raw: bytes = RAW) -> dict[str, tuple[int, bytes]]:
    return await asyncio.to_thread(_send, smtplib.LMTP, server.lmtp_port, recipients, raw)


def _send(
    kind: Callable[..., smtplib.SMTP], port: int | None, recipients: list[str], raw: bytes
) -> dict[str, tuple[int, bytes]]:
    with kind("127.0.0.1", port) as client:
        return client.sendmail("anna@customer.test", recipients, raw)


async def test_a_mail_is_stored_byte_for_byte_with_its_return_path(server: MailServer, store: Store) -> None:
    await by_smtp(server, ["help@shop.test", "sales+k3y@shop.test"])
    assert store.mails == [(("help@shop.test", "sales+k3y@shop.test"), KEYED)]


async def test_by_lmtp_every_recipient_has_an_answer(server: MailServer, store: Store) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.lmtp_port)
    two = b"RCPT TO:<help@shop.test>\r\nRCPT TO:<sales+k3y@shop.test>\r\n"
    writer.write(b"LHLO x\r\nMAIL FROM:<anna@customer.test>\r\n" + two + b"DATA\r\n")
    writer.write(RAW.replace(b".dot", b"..dot") + b".\r\nQUIT\r\n")
    async with asyncio.timeout(5):
        replies = (await reader.read()).splitlines()
    writer.close()
    await writer.wait_closed()
    assert [line[:9] for line in replies[-3:]] == [b"250 2.0.0", b"250 2.0.0", b"221 Bye"]
    assert store.mails == [(("help@shop.test", "sales+k3y@shop.test"), KEYED)]


async def test_a_bounce_keeps_its_empty_return_path(server: MailServer, store: Store) -> None:
    await talk(
        server.smtp_port, b"EHLO x", b"MAIL FROM:<>", b"RCPT TO:<help@shop.test>", b"DATA", b"Subject: x\r\n\r\n."
    )
    assert store.mails[0][1].startswith(b"Return-Path: <>\r\nSubject: x\r\n")


@pytest.mark.parametrize("send", [by_smtp, by_lmtp])
async def test_a_stranger_is_refused_and_the_others_get_theirs(
    send: Callable[..., "asyncio.Future[dict[str, tuple[int, bytes]]]"], server: MailServer, store: Store
) -> None:
    refused = await send(server, ["help@shop.test", "victim@elsewhere.test", "nobody@shop.test"])
    assert {who: code for who, (code, _) in refused.items()} == {"victim@elsewhere.test": 550, "nobody@shop.test": 550}
    assert [recipients for recipients, _ in store.mails] == [("help@shop.test",)]


@pytest.mark.parametrize(
    "failure,code", [(DatabaseUnavailable(), 451), (CallbackTooLarge(limit_mb=1), 552), (RuntimeError("a bug"), 451)]
)
async def test_a_mail_that_is_not_stored_is_not_acknowledged(
    server: MailServer, store: Store, failure: Exception, code: int
) -> None:
    store.failure = failure
    with pytest.raises(smtplib.SMTPDataError) as by_smtp_refused:
        await by_smtp(server, ["help@shop.test"])
    assert by_smtp_refused.value.smtp_code == code
    replies = await talk(
        server.lmtp_port, b"LHLO x", b"MAIL FROM:<a@b.test>", b"RCPT TO:<help@shop.test>", b"DATA", b"x\r\n."
    )
    assert replies[-1].startswith(str(code).encode())


async def test_a_recipient_that_cannot_be_looked_up_is_deferred(server: MailServer, store: Store) -> None:
    store.blind = True
    replies = await talk(server.smtp_port, b"EHLO x", b"MAIL FROM:<a@b.test>", b"RCPT TO:<help@shop.test>")
    assert replies[-1].startswith(b"451 4.3.0")


@pytest.mark.parametrize("body", [b"x" * 76 + b"\r\n", b"x" * 2_000_000 + b"\r\n"])
async def test_every_recipient_gets_a_reply_to_a_mail_that_is_too_large(
    server: MailServer, store: Store, body: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.lmtp_port)
    two = b"RCPT TO:<help@shop.test>\r\nRCPT TO:<sales@shop.test>\r\n"
    writer.write(b"LHLO x\r\nMAIL FROM:<a@b.test>\r\n" + two + b"DATA\r\n")
    writer.write(body * (200_000 // len(body) + 1) + b".\r\nQUIT\r\n")
    async with asyncio.timeout(10):
        replies = (await reader.read()).splitlines()
    writer.close()
    await writer.wait_closed()
    assert [line[:1] for line in replies[-3:]] == [b"5", b"5", b"2"]
    assert store.mails == []


async def test_the_size_is_announced_and_held_before_a_byte_is_sent(server: MailServer) -> None:
    replies = await talk(server.smtp_port, b"EHLO x", b"MAIL FROM:<a@b.test> SIZE=100001")
    assert b"SIZE 100000" in replies[1]
    assert b"AUTH" not in replies[1]
    assert replies[2].startswith(b"552")


async def test_recipients_beyond_the_limit_are_deferred(server: MailServer) -> None:
    recipients = [b"RCPT TO:<help+%d@shop.test>" % number for number in range(4)]
    replies = await talk(server.smtp_port, b"EHLO x", b"MAIL FROM:<a@b.test>", *recipients)
    assert [line[:3] for line in replies[-4:]] == [b"250", b"250", b"250", b"452"]


async def test_a_connection_beyond_the_limit_is_refused(server: MailServer) -> None:
    held = [socket.create_connection(("127.0.0.1", server.smtp_port or 0)) for _ in range(3)]
    for each in held:
        assert (await asyncio.to_thread(each.recv, 3)) == b"220"
    assert (await talk(server.smtp_port))[0].startswith(b"421")
    held.pop().close()
    async with asyncio.timeout(5):
        while not (await talk(server.smtp_port))[0].startswith(b"220"):
            pass
    for each in held:
        each.close()


@pytest.mark.parametrize("line", [b"MAIL FROM:<" + b"a" * 5_000 + b"@b.test>", b"\xff\xfe", b"", b"GET / HTTP/1.1"])
async def test_nonsense_is_refused_and_the_connection_continues(server: MailServer, line: bytes) -> None:
    replies = await talk(server.smtp_port, b"EHLO x", line, b"NOOP")
    assert replies[2].startswith(b"5")
    assert replies[3].startswith(b"250")


async def test_bare_line_ends_do_not_smuggle_a_second_mail(server: MailServer, store: Store) -> None:
    smuggled = b"one\n.\nMAIL FROM:<evil@x.test>\nRCPT TO:<help@shop.test>\nDATA\ntwo\r\n."
    await talk(server.smtp_port, b"EHLO x", b"MAIL FROM:<a@b.test>", b"RCPT TO:<help@shop.test>", b"DATA", smuggled)
    assert len(store.mails) == 1


async def test_a_connection_that_breaks_within_a_mail_stores_nothing(server: MailServer, store: Store) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.smtp_port)
    writer.write(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<help@shop.test>\r\nDATA\r\nhalf a mail\r\n")
    while not (await reader.readline()).startswith(b"354"):
        pass
    writer.close()
    await writer.wait_closed()
    await by_smtp(server, ["help@shop.test"])
    assert [raw for _, raw in store.mails] == [STORED]


async def test_a_client_that_stalls_is_disconnected(store: Store) -> None:
    server = MailServer(Limits(timeout=0.2))
    await server.start("127.0.0.1", None, 0, store.accept, has_mailbox=store.has_mailbox)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.smtp_port)
    writer.write(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<help@shop.test>\r\nDATA\r\nhalf a mail\r\n")
    async with asyncio.timeout(5):
        assert b"354" in await reader.read()
    writer.close()
    await writer.wait_closed()
    await server.stop()
    assert store.mails == []


async def test_stopping_the_server_closes_open_connections(store: Store) -> None:
    server = MailServer()
    await server.start("127.0.0.1", None, 0, store.accept, has_mailbox=store.has_mailbox)
    assert server.lmtp_port is None
    reader, writer = await asyncio.open_connection("127.0.0.1", server.smtp_port)
    await reply(reader)
    await server.stop()
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
