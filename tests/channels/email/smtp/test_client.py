"""Sending by SMTP: what an error at each step means for the message."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

import pytest
from aiosmtplib import SMTP
from aiosmtplib.protocol import SMTPProtocol
from msgspec.structs import replace

from hub.channels.email.account import Account
from hub.channels.email.errors import (
    CertificateFileMissing,
    CertificateNotTrusted,
    MailPasswordRefused,
    MailTokenRefused,
    MessageRefused,
    MessageUnconfirmed,
    ServerBusy,
    ServerNameUnknown,
    SmtpHostMissing,
    SmtpSignInNotOffered,
    TlsNotSpoken,
)
from hub.channels.email.smtp.client import Limits, SmtpClient
from hub.channels.send_errors import Doubtful, Misconfigured, Rejected, SendError, Throttled, Unreachable
from tests.fakes.dovecot import Dovecot, User
from tests.fakes.script import Script, Steps
from tests.fakes.smtp_server import SmtpServer

RAW = b"Subject: hello\r\n\r\n.dotted\r\nbody\r\n"
LARGE = b"Subject: large\r\n\r\n" + b"x" * 76 * 2**18
HASTY = Limits(connect=0.5, command=0.5, body=0.5, final=0.5, min_bytes_per_second=2**30)
HELLO = ("> 220 hello", "<", "> 250-server", "> 250 SIZE 99000000")
ENVELOPE = (*HELLO, "<", "> 250 sender ok", "<", "> 250 recipient ok")
DATA = (*ENVELOPE, "<", "> 354 go ahead")


@pytest.fixture(scope="module")
def server(dovecot: Dovecot) -> Iterator[SmtpServer]:
    with SmtpServer.running(
        dovecot.certificates, users={"me": "secret"}, tokens={"me": "t0ken"}, relay_to=dovecot.lmtp_port
    ) as running:
        yield running


@pytest.fixture
def sender(account: Account, server: SmtpServer) -> Account:
    return replace(account, smtp_host="localhost", smtp_port=server.port, smtp_user="me", smtp_password="secret")


async def send(account: Account, *recipients: str, raw: bytes = RAW, limits: Limits = HASTY) -> None:
    outgoing = SmtpClient(account, limits)
    try:
        await outgoing.send(account.address, recipients or ("anna@customer.test",), raw)
    finally:
        await outgoing.close()


async def send_to_script(account: Account, *scenes: Steps, raw: bytes = RAW) -> tuple[SendError | None, Script]:
    async with Script.running(*scenes) as script:
        plain = replace(account, smtp_host="127.0.0.1", smtp_port=script.port, smtp_security="none")
        try:
            await send(plain, raw=raw)
        except SendError as error:
            return error, script
    return None, script


async def test_a_mail_goes_through_starttls_and_sign_in_to_a_real_mailbox(
    sender: Account, user: User, dovecot: Dovecot
) -> None:
    await send(sender, user.address, limits=Limits())
    stored = dovecot.doveadm("fetch", "-u", user.address, "text", "mailbox", "INBOX", "all")
    assert ".dotted\nbody" in stored.replace("\r\n", "\n")


async def test_many_mails_use_one_connection(sender: Account, user: User, server: SmtpServer) -> None:
    before = server.connections
    outgoing = SmtpClient(sender)
    for _ in range(3):
        await outgoing.send(sender.address, [user.address], RAW)
    await outgoing.close()
    assert server.connections == before + 1


async def test_an_oauth_token_signs_in(sender: Account, user: User) -> None:
    await send(replace(sender, auth="xoauth2", oauth_token="t0ken"), user.address, limits=Limits())


@pytest.mark.parametrize(
    "fields,kind",
    [
        ({"smtp_password": "wrong"}, MailPasswordRefused),
        ({"auth": "xoauth2", "oauth_token": "wrong"}, MailTokenRefused),
        ({"ca_file": None}, CertificateNotTrusted),
        ({"ca_file": "/not/there.pem"}, CertificateFileMissing),
        ({"smtp_security": "tls"}, TlsNotSpoken),
        ({"smtp_security": "none"}, SmtpSignInNotOffered),
        ({"smtp_host": "nowhere.invalid"}, ServerNameUnknown),
        ({"smtp_host": None}, SmtpHostMissing),
    ],
)
async def test_a_wrong_setting_is_named(
    sender: Account, fields: dict[str, str | None], kind: type[Misconfigured]
) -> None:
    with pytest.raises(kind):
        await send(replace(sender, **fields), limits=Limits(connect=5, command=5))


async def test_nobody_gets_it_when_one_is_refused(sender: Account, user: User, server: SmtpServer) -> None:
    server.refuse["gone@customer.test"] = "550 5.1.1 no such user"
    before = len(server.mails)
    with pytest.raises(MessageRefused, match=r"550 5\.1\.1 no such user") as caught:
        await send(sender, user.address, "gone@customer.test", limits=Limits())
    assert caught.value.provider_code == "550"
    assert len(server.mails) == before


@pytest.mark.parametrize(
    "steps,kind",
    [
        ((), Unreachable),
        (("hang",), Unreachable),
        (("> 421 too busy",), Unreachable),
        (("> 554 go away",), Misconfigured),
        (("> nonsense",), Unreachable),
        (("> 220 hello", "<"), Unreachable),
        (("> 220 hello", "<", "hang"), Unreachable),
        (("> 220 hello", "<", "> 500 what", "<", "> 554 no"), Misconfigured),
        ((*HELLO, "<"), Unreachable),
        ((*HELLO, "<", "hang"), Unreachable),
        ((*HELLO, "<", "> 451 4.3.0 try later"), Unreachable),
        ((*HELLO, "<", "> 451 4.7.1 greylisted"), Throttled),
        ((*HELLO, "<", "> 552 too large"), Rejected),
        ((*HELLO, "<", "> 553 5.7.1 not your address"), Misconfigured),
        ((*HELLO, "<", "> 530 5.7.0 sign in first"), Misconfigured),
        ((*HELLO, "<", "> 250 ok", "<"), Unreachable),
        ((*HELLO, "<", "> 250 ok", "<", "hang"), Unreachable),
        ((*HELLO, "<", "> 250 ok", "<", "> 450 4.2.0 mailbox busy"), Unreachable),
        ((*HELLO, "<", "> 250 ok", "<", "> 550 no such user"), Rejected),
        ((*ENVELOPE, "<"), Unreachable),
        ((*ENVELOPE, "<", "hang"), Unreachable),
        ((*ENVELOPE, "<", "> 451 disk full"), Unreachable),
        ((*ENVELOPE, "<", "> 554 spam"), Rejected),
        ((*DATA, "< body", "> 554 spam"), Rejected),
        ((*DATA, "< body", "> 451 4.3.0 disk full"), Unreachable),
        ((*DATA, "< body"), Doubtful),
        ((*DATA, "< body", "reset"), Doubtful),
        ((*DATA, "< body", "hang"), Doubtful),
        ((*DATA, "< body", "> gibberish"), Doubtful),
        ((*DATA, "< body", b"25"), Doubtful),
    ],
)
async def test_each_fault_at_each_step_means_one_thing(
    account: Account, steps: Sequence[str | bytes], kind: type[SendError]
) -> None:
    error, _ = await send_to_script(account, steps)
    assert isinstance(error, kind)


@pytest.mark.parametrize("fault", [(), ("reset",), ("hang",)])
async def test_a_connection_that_breaks_within_the_data_has_sent_nothing(
    account: Account, fault: tuple[str, ...]
) -> None:
    error, _ = await send_to_script(account, (*DATA, "< 100000", *fault), raw=LARGE)
    assert isinstance(error, Unreachable)


async def test_what_still_waits_does_not_go_out_after_a_send_is_called_off(account: Account) -> None:
    called_off, began, heard = asyncio.Event(), asyncio.Event(), bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (b"220 hello", b"250 server", b"250 sender ok", b"250 recipient ok", b"354 go ahead"):
            writer.write(answer + b"\r\n")
            heard.extend(await reader.readline() if answer[:3] != b"354" else await reader.readexactly(1000))
        began.set()
        await called_off.wait()
        with suppress(OSError):
            while some := await reader.read(2**16):
                heard.extend(some)
        began.clear()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**10) as server:
        port = server.sockets[0].getsockname()[1]
        plain = replace(account, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none")
        sending = asyncio.create_task(send(plain, raw=LARGE, limits=Limits()))
        await began.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        called_off.set()
        async with asyncio.timeout(10):
            while began.is_set():
                await asyncio.sleep(0.01)
    assert not heard.endswith(b"\r\n.\r\n")
    assert len(heard) < len(LARGE)


async def test_a_refusal_within_the_body_is_heard(account: Account) -> None:
    error, _ = await send_to_script(account, (*DATA, "< 100000", "> 552 too large", "hang"), raw=LARGE)
    assert isinstance(error, Rejected)


async def test_the_size_is_announced_before_the_mail(account: Account) -> None:
    _, script = await send_to_script(account, (*DATA, "< body", "> 250 queued", "<", "> 221 bye"))
    assert script.heard[1].endswith(f" size={len(RAW)}\r\n".encode())


async def test_an_old_server_is_greeted_in_the_old_way(account: Account) -> None:
    old = ("> 220 hello", "<", "> 500 what", "<", "> 250 hello", *DATA[4:])
    error, script = await send_to_script(account, (*old, "< body", "> 250 queued", "<", "> 221 bye"))
    assert error is None
    assert script.heard[1].startswith(b"HELO ")


async def test_a_server_that_asks_for_time_is_given_it(account: Account) -> None:
    error, _ = await send_to_script(account, (*HELLO, "<", "> 450 4.7.1 rate limited, wait 7 minutes"))
    assert isinstance(error, Throttled)
    assert error.retry_after == timedelta(minutes=7)


async def test_a_dead_connection_is_replaced_silently(account: Account) -> None:
    first = (*DATA, "< body", "> 250 queued", "<")
    second = (*DATA, "< body", "> 250 queued", "<", "> 221 bye")
    async with Script.running(first, second) as script:
        plain = replace(account, smtp_host="127.0.0.1", smtp_port=script.port, smtp_security="none")
        outgoing = SmtpClient(plain, HASTY)
        await outgoing.send(account.address, ["anna@customer.test"], RAW)
        await outgoing.send(account.address, ["anna@customer.test"], RAW)
        await outgoing.close()
    assert script.connections == 2
    bodies = [heard for heard in script.heard if heard.endswith(b"\r\n.\r\n")]
    assert bodies == [RAW.replace(b".dot", b"..dot") + b".\r\n"] * 2


async def test_a_connection_unused_for_long_is_tested_first(account: Account) -> None:
    first = (*DATA, "< body", "> 250 queued", "<", "hang")
    second = (*DATA, "< body", "> 250 queued", "<", "> 221 bye")
    async with Script.running(first, second) as script:
        plain = replace(account, smtp_host="127.0.0.1", smtp_port=script.port, smtp_security="none")
        outgoing = SmtpClient(plain, replace(HASTY, idle=-1))  # never fresh: the clock of the loop may stand still
        await outgoing.send(account.address, ["anna@customer.test"], RAW)
        await outgoing.send(account.address, ["anna@customer.test"], RAW)
        await outgoing.close()
    assert b"NOOP\r\n" in script.heard
    assert script.connections == 2


async def test_a_mail_that_waits_too_long_for_the_connection_is_not_sent(account: Account) -> None:
    async with Script.running((*DATA, "< body", "hang")) as script:
        plain = replace(account, smtp_host="127.0.0.1", smtp_port=script.port, smtp_security="none")
        outgoing = SmtpClient(plain, replace(HASTY, final=1, queue=0.2))
        sends = [outgoing.send(account.address, ["anna@customer.test"], RAW) for _ in range(2)]
        first, second = await asyncio.gather(*sends, return_exceptions=True)
    assert (type(first), type(second)) == (MessageUnconfirmed, ServerBusy)


async def test_errors_do_not_contain_the_password(sender: Account) -> None:
    with pytest.raises(SendError) as caught:
        await send(replace(sender, smtp_password="hunter2"), limits=Limits())
    assert "hunter2" not in str(caught.value) + repr(caught.value)


class Instant(asyncio.Transport):
    """A connection whose server responds while we are still writing."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: SMTPProtocol | None = None

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert self.protocol is not None
        if bytes(data) == b"DATA\r\n":
            self.protocol.data_received(b"354 go ahead\r\n")
        elif bytes(data).endswith(b".\r\n"):
            self.protocol.data_received(b"250 2.0.0 taken\r\n")


async def test_an_answer_that_comes_at_once_is_heard() -> None:
    line = Instant()
    line.protocol = SMTPProtocol()
    line.protocol.connection_made(line)
    line.protocol.data_received(b"220 ready\r\n")
    await line.protocol.read_response()
    client = SMTP(hostname="127.0.0.1", port=1)
    client.protocol, client.transport = line.protocol, line
    outgoing = SmtpClient(Account(address="a@hub.test"), Limits(final=1))
    async with asyncio.timeout(3):
        await outgoing.send_data(client, b"Subject: x\r\n\r\nHello\r\n")
