"""The client against a real Dovecot, and against servers that lie, stall and disconnect."""

import time
from collections.abc import AsyncGenerator

import pytest
from msgspec.structs import replace

from hub.channels.contract import FetchedBatch
from hub.channels.email.account import Account
from hub.channels.email.errors import (
    CertificateFileMissing,
    CertificateNotTrusted,
    FolderMissing,
    ImapHostMissing,
    MailPasswordRefused,
    MailTokenRefused,
    ServerNameUnknown,
    ServerRefusesConnection,
    ServerSilent,
    StarttlsNotOffered,
    TlsNotSpoken,
)
from hub.channels.email.imap.client import Imap, Limits
from hub.channels.email.imap.folder_names import encode_folder
from hub.channels.email.imap.listen import listen, placeholder
from hub.channels.email.imap.responses import quoted
from hub.channels.send_errors import Misconfigured, SendError, Unreachable
from tests.channels.email.mailboxes import PATIENT, mail
from tests.fakes.dovecot import Dovecot, User
from tests.fakes.script import Script

HASTY = Limits(connect=1, reply=1, idle=1, poll=0.05)
GREETING = ("> * OK hello", "<", "> * CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE", "> h1 OK", "<")
SIGNED_IN = (*GREETING, "> +", "<", "> h2 OK", "<", "> * CAPABILITY IMAP4rev1 IDLE", "> h3 OK")
OPENED = (*SIGNED_IN, "<", "> * 1 EXISTS", "> * OK [UIDVALIDITY 7] ok", "> h4 OK")
SIZES = ("<", "> * SEARCH 5", "> h5 OK", "<", "> * 1 FETCH (UID 5 RFC822.SIZE 100)", "> h6 OK", "<")


async def sign_in(account: Account, limits: Limits = PATIENT) -> None:
    async with Imap.signed_in(account, limits) as imap:
        await imap.select(account.imap_folder)


async def listen_to_script(account: Account, *steps: str | bytes) -> list[FetchedBatch]:
    """Return everything fetched from a scripted server until it fails."""
    fetched: list[FetchedBatch] = []
    async with Script.running(steps) as script:
        plain = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="none")
        with pytest.raises(Unreachable):
            await collect(listen(plain, None, HASTY), fetched)
    return fetched


async def collect(messages: AsyncGenerator[FetchedBatch, None], into: list[FetchedBatch]) -> None:
    while True:
        into.append(await anext(messages))


async def test_three_thousand_lines_of_flags_are_read(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(number) for number in range(3000)])
    async with Imap.signed_in(account, PATIENT) as imap:
        await imap.select("INBOX")
        assert len(await imap.command("UID FETCH 1:* (FLAGS)")) == 3000


async def test_names_with_stars_umlauts_and_quotes_are_kept(account: Account) -> None:
    names = {"VIP * Team", "Zürich & Co", 'say "hello"', "日本語"}
    async with Imap.signed_in(account, PATIENT) as imap:
        for name in names:
            await imap.command(f"CREATE {quoted(encode_folder(name))}")
        assert names <= {folder.name for folder in await imap.folders()}
        await imap.select("VIP * Team")


async def test_without_a_user_name_the_address_signs_in(account: Account) -> None:
    await sign_in(replace(account, imap_user=""))


async def test_a_good_token_signs_in_and_a_bad_one_is_refused_at_once(account: Account, user: User) -> None:
    by_token = replace(account, auth="xoauth2", oauth_token=user.token)
    await sign_in(by_token)
    started = time.monotonic()
    with pytest.raises(MailTokenRefused):
        await sign_in(replace(by_token, oauth_token="stale"))
    assert time.monotonic() - started < 3


Kinds = type[SendError] | tuple[type[SendError], ...]


@pytest.mark.parametrize(
    "fields,kinds",
    [
        ({"imap_password": "wrong"}, MailPasswordRefused),
        ({"imap_folder": "Nowhere"}, FolderMissing),
        ({"ca_file": None}, CertificateNotTrusted),
        ({"ca_file": "/not/there.pem"}, CertificateFileMissing),
        ({"imap_host": "nowhere.invalid"}, ServerNameUnknown),
        ({"imap_host": None}, ImapHostMissing),
        ({"imap_host": "127.0.0.2"}, (CertificateNotTrusted, ServerRefusesConnection)),
    ],
)
async def test_a_wrong_setting_is_named(account: Account, fields: dict[str, str | None], kinds: Kinds) -> None:
    with pytest.raises(kinds):
        await sign_in(replace(account, **fields))


async def test_tls_on_a_plain_port_is_named(account: Account, dovecot: Dovecot) -> None:
    with pytest.raises(TlsNotSpoken):
        await sign_in(replace(account, imap_port=dovecot.imap_port))


async def test_responses_before_tls_are_ignored(account: Account) -> None:
    steps = ("> * OK hello", "<", "> * CAPABILITY IMAP4rev1 STARTTLS", "> h1 OK", "<", b"h2 OK go\r\n* 9 EXISTS\r\n")
    async with Script.running((*steps, "hang")) as script:
        upgraded = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="starttls")
        with pytest.raises((Unreachable, Misconfigured)):
            await sign_in(upgraded, HASTY)


async def test_a_server_without_starttls_gets_no_password(account: Account) -> None:
    async with Script.running(("> * OK hello", "<", "> * CAPABILITY IMAP4rev1", "> h1 OK", "< 10")) as script:
        upgraded = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="starttls")
        with pytest.raises(StarttlsNotOffered):
            await sign_in(upgraded, HASTY)
    assert account.imap_password.encode() not in b"".join(script.heard)


async def test_an_unavailable_server_is_no_wrong_password(account: Account) -> None:
    async with Script.running((*GREETING, "> +", "<", "> h2 NO [UNAVAILABLE] back soon", "hang")) as script:
        plain = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="none")
        with pytest.raises(Unreachable, match="back soon"):
            await sign_in(plain, HASTY)


@pytest.mark.parametrize(
    "steps",
    [
        (),
        ("hang",),
        ("> * BYE overloaded",),
        ("> SSH-2.0-OpenSSH * OK",),
        (b"x" * 100_000, "hang"),
        ("> * OK hello", "<", "reset"),
        ("> * OK hello", "<", "hang"),
    ],
)
async def test_a_server_that_does_not_talk_is_given_up(account: Account, steps: tuple[str | bytes, ...]) -> None:
    async with Script.running(steps) as script:
        plain = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="none")
        with pytest.raises((Unreachable, Misconfigured)):
            await sign_in(plain, HASTY)


@pytest.mark.parametrize(
    "fault",
    [
        (b"* 1 FETCH (UID 5 BODY[] {100}\r\nonly ten..",),
        (b"* 1 FETCH (UID 5 BODY[] {100}\r\nonly ten..", "hang"),
        (b"* 1 FETCH (UID 5 BODY[] {100}\r\nonly ten..", "reset"),
        (b"* 1 FETCH (UID 5 BODY[] {999999999}\r\n", "hang"),
        (b"* 1 FETCH (UID 5 BODY[] {99999999999999999999}\r\n", "hang"),
        (b"* 1 FETCH " + b"(" * 500_000 + b"\r\nh7 OK\r\n",),
        (b'* 1 FETCH (UID 5 BODY[] "no end\r\nh7 OK\r\n', "hang"),
        (b"* 1 FETCH )(\r\nh7 OK\r\n",),
        (b"* 1 FETCH (" + b"x" * (17 * 2**20), "hang"),
        (b"{0}\r\n" * 2_000, "hang"),
        (b"\r\n\r\n\x00\xff\r\nh7 BAD what\r\n",),
        (b"* 1 FETCH (UID " + b"9" * 5_000 + b" BODY[] x)\r\nh7 OK\r\n", "hang"),
        (b"* x EXISTS\r\n* OK [UIDVALIDITY x] hm\r\n*\r\n* \r\n", "hang"),
    ],
)
async def test_a_server_that_breaks_within_a_mail_yields_nothing_of_it(
    account: Account, fault: tuple[str | bytes, ...]
) -> None:
    assert await listen_to_script(account, *OPENED, *SIZES, *fault) == []


async def test_a_mail_deleted_meanwhile_is_passed_over(account: Account) -> None:
    gone = ("> h7 NO [EXPUNGEISSUED] some are gone", "<", "> * SEARCH", "> h8 OK", "<", "> + idling", "> * BYE night")
    assert await listen_to_script(account, *OPENED, *SIZES, *gone) == []


async def test_a_mail_the_server_cannot_return_leaves_a_note(account: Account) -> None:
    broken = (
        "> h7 NO broken", "<", "> * SEARCH 5", "> h8 OK", "<", "> h9 NO broken",
        "<", b"* 1 FETCH (UID 5 BODY[HEADER] {14}\r\nSubject: x\r\n\r\n)\r\nh10 OK\r\n", "<", "> * BYE night",
    )  # fmt: skip
    [fetched] = await listen_to_script(account, *OPENED, *SIZES, *broken)
    assert fetched.items[0].body == placeholder(
        b"Subject: x\r\n", "The mail server could not hand out this mail. It is still there."
    )


async def test_a_server_that_fails_for_the_moment_loses_nothing(account: Account) -> None:
    fails = ("> h7 NO disk", "<", "> * SEARCH 5", "> h8 OK", "<", "> h9 NO disk", "<", "> h10 NO disk")
    assert await listen_to_script(account, *OPENED, *SIZES, *fails) == []


async def test_a_server_without_idle_is_asked_from_time_to_time(account: Account) -> None:
    opened = [step.replace(" IDLE", "") for step in OPENED]
    asked = (
        "<",
        "> * SEARCH",
        "> h5 OK",
        "<",
        "> * 2 EXISTS",
        "> h6 OK",
        "<",
        "> * SEARCH 5",
        "> h7 OK",
        "<",
        "> * BYE x",
    )
    assert await listen_to_script(account, *opened, *asked) == []


async def test_a_server_that_refuses_idle_is_asked_from_time_to_time(account: Account) -> None:
    refused = ("<", "> * SEARCH", "> h5 OK", "<", "> h6 NO idle", "<", "> * 1 EXISTS", "> h7 OK")
    asked = ("<", "> * SEARCH 5", "> h8 OK", *SIZES[3:4], "> * 1 FETCH (UID 5 RFC822.SIZE 1)", "> h9 OK")
    body = ("<", b"* 1 FETCH (UID 5 BODY[] x)\r\nh10 OK\r\n", "<", "> * BYE night")
    [fetched] = await listen_to_script(account, *OPENED, *refused, *asked, *body)
    assert [item.body for item in fetched.items] == [b"x"]


async def test_a_port_that_says_nothing_is_named_within_the_time_to_connect(account: Account) -> None:
    async with Script.running(("hang",)) as script:
        plain = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="none")
        with pytest.raises(ServerSilent, match=f"127.0.0.1:{script.port}"):
            await sign_in(plain, Limits(connect=0.2, reply=60))


async def test_a_silent_connection_is_noticed_when_idle_starts_again(account: Account) -> None:
    started = time.monotonic()
    await listen_to_script(account, *OPENED, "<", "> * SEARCH", "> h5 OK", "<", "> + idling", "hang")
    assert time.monotonic() - started < 5
