"""Reading a mailbox: against a real Dovecot, and against servers that lie, stall and break off."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest
from msgspec.structs import replace

from hub.channels.contract import Fetched, Misconfigured, Unreachable
from hub.channels.email import wire
from hub.channels.email.account import Account
from hub.channels.email.imap import Imap, Limits
from hub.channels.email.mailbox import batches, key_of, listen, placeholder
from tests.fakes.dovecot import Dovecot, User
from tests.fakes.script import Script

HASTY = Limits(connect=1, reply=1, idle=1, poll=0.05)
PATIENT = Limits(connect=5, reply=5, idle=20)
GREETING = ("> * OK hello", "<", "> * CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE", "> h1 OK", "<")
SIGNED_IN = (*GREETING, "> +", "<", "> h2 OK", "<", "> * CAPABILITY IMAP4rev1 IDLE", "> h3 OK")
OPENED = (*SIGNED_IN, "<", "> * 1 EXISTS", "> * OK [UIDVALIDITY 7] ok", "> h4 OK")


def mail(number: int, size: int = 0) -> bytes:
    return f"Message-ID: <{number}@customer.test>\r\nSubject: number {number}\r\n\r\n".encode() + b"x" * size + b"\r\n"


async def take(messages: AsyncGenerator[Fetched, None], count: int) -> tuple[list[bytes], str]:
    """The next mails of a mailbox, and the bookmark after them."""
    bodies: list[bytes] = []
    async with asyncio.timeout(20):
        while True:
            fetched = await anext(messages)
            bodies += [item.body for item in fetched.items]
            if len(bodies) >= count:
                return bodies, fetched.bookmark


async def take_all(account: Account, bookmark: str | None, count: int) -> tuple[list[bytes], str]:
    messages = listen(account, bookmark, PATIENT)
    try:
        return await take(messages, count)
    finally:
        await messages.aclose()


async def sign_in(account: Account, limits: Limits = PATIENT) -> None:
    async with Imap.signed_in(account, limits) as imap:
        await imap.select(account.imap_folder)


async def listen_to_script(account: Account, *steps: str | bytes) -> list[Fetched]:
    """All that comes from a scripted server until it fails."""
    fetched: list[Fetched] = []
    async with Script.running(steps) as script:
        plain = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="none")
        with pytest.raises(Unreachable):
            await collect(listen(plain, None, HASTY), fetched)
    return fetched


async def collect(messages: AsyncGenerator[Fetched, None], into: list[Fetched]) -> None:
    while True:
        into.append(await anext(messages))


async def test_a_mailbox_is_read_from_the_start_and_then_as_mail_comes(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.deliver(user.address, mail(1), mail(2))
    messages = listen(account, None, PATIENT)
    first, _ = await take(messages, 2)
    waiting = asyncio.ensure_future(take(messages, 1))
    await asyncio.to_thread(dovecot.deliver, user.address, mail(3))
    second, _ = await waiting
    await messages.aclose()
    assert [body[-len(mail(1)) :] for body in first] == [mail(1), mail(2)]
    assert second[0].endswith(mail(3))


async def test_reading_goes_on_behind_the_bookmark(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(1), mail(2)])
    _, bookmark = await take_all(account, None, 2)
    dovecot.fill(user.address, [mail(3)])
    bodies, _ = await take_all(account, bookmark, 1)
    assert bodies == [mail(3)]


async def test_mail_stays_unseen_and_on_the_server(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(1), mail(2)])
    await take_all(account, None, 2)
    assert [flags for flags in dovecot.flags(user.address) if "Seen" in flags or "Deleted" in flags] == []
    assert len(dovecot.flags(user.address)) == 2


async def test_mail_is_deleted_only_once_the_next_is_asked_for(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(1), mail(2)])
    messages = listen(replace(account, delete_after_fetch=True), None, PATIENT)
    await take(messages, 2)
    assert len(dovecot.flags(user.address)) == 2
    waiting = asyncio.ensure_future(take(messages, 1))
    while await asyncio.to_thread(dovecot.flags, user.address):
        assert not waiting.done()
    dovecot.fill(user.address, [mail(3)])
    bodies, _ = await waiting
    await messages.aclose()
    assert bodies == [mail(3)]


async def test_another_uidvalidity_reads_everything_again_under_the_same_keys(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.fill(user.address, [mail(1), mail(2)])
    before, bookmark = await take_all(account, None, 2)
    dovecot.bump_uidvalidity(user.address)
    after, changed = await take_all(account, bookmark, 2)
    assert {key_of(raw) for raw in before} == {key_of(raw) for raw in after}
    assert changed != bookmark


async def test_a_bookmark_of_another_folder_or_of_nonsense_starts_anew(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.fill(user.address, [mail(1)])
    for bookmark in ('{"folder":"Old","uidvalidity":1,"uid":99}', "nonsense"):
        assert (await take_all(account, bookmark, 1))[0] == [mail(1)]


async def test_three_thousand_mails_come_once_each(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(number) for number in range(3000)])
    bodies, _ = await take_all(account, None, 3000)
    assert sorted(bodies) == sorted(mail(number) for number in range(3000))


async def test_three_thousand_lines_of_flags_are_read(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(number) for number in range(3000)])
    async with Imap.signed_in(account, PATIENT) as imap:
        await imap.select("INBOX")
        assert len(await imap.command("UID FETCH 1:* (FLAGS)")) == 3000


async def test_names_with_stars_umlauts_and_quotes_are_kept(account: Account) -> None:
    names = {"VIP * Team", "Zürich & Co", 'say "hello"', "日本語"}
    async with Imap.signed_in(account, PATIENT) as imap:
        for name in names:
            await imap.create(name)
        assert names <= {folder.name for folder in await imap.folders()}
        await imap.select("VIP * Team")


async def test_a_large_mail_comes_whole_over_starttls(account: Account, user: User, dovecot: Dovecot) -> None:
    large = mail(1, size=40 * 2**20)
    dovecot.fill(user.address, [mail(0), large, mail(2)])
    upgraded = replace(account, imap_port=dovecot.imap_port, imap_security="starttls")
    bodies, _ = await take_all(upgraded, None, 3)
    assert [len(body) for body in sorted(bodies)] == [len(mail(0)), len(large), len(mail(2))]


async def test_a_mail_that_is_too_large_leaves_its_headers_and_a_note(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.fill(user.address, [b"Content-Type: multipart/mixed;\r\n boundary=x\r\n" + mail(1, size=65 * 2**20)])
    messages = listen(replace(account, delete_after_fetch=True), None, PATIENT)
    bodies, _ = await take(messages, 1)
    waiting = asyncio.ensure_future(take(messages, 1))
    dovecot.fill(user.address, [mail(2)])
    await waiting
    await messages.aclose()
    assert b"Subject: number 1\r\n" in bodies[0]
    assert b"multipart" not in bodies[0]
    assert b"This mail of 65 MiB is too large to be fetched." in bodies[0]
    assert len(dovecot.flags(user.address)) >= 1


async def test_a_thrown_out_session_is_told_at_once(account: Account, user: User, dovecot: Dovecot) -> None:
    messages = listen(account, None, PATIENT)
    waiting = asyncio.ensure_future(anext(messages))
    while user.address not in await asyncio.to_thread(dovecot.doveadm, "who"):
        assert not waiting.done()
    started = time.monotonic()
    await asyncio.to_thread(dovecot.kick, user.address)
    with pytest.raises(Unreachable):
        await waiting
    assert time.monotonic() - started < 2


async def test_a_stopped_server_is_told_and_reading_goes_on_when_it_is_back(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.fill(user.address, [mail(1)])
    messages = listen(account, None, PATIENT)
    _, bookmark = await take(messages, 1)
    await asyncio.to_thread(dovecot.stop)
    try:
        with pytest.raises(Unreachable):
            await take(messages, 1)
        with pytest.raises(Unreachable, match="Nobody answers"):
            await take_all(account, bookmark, 1)
    finally:
        await asyncio.to_thread(dovecot.start)
    dovecot.fill(user.address, [mail(2)])
    assert (await take_all(account, bookmark, 1))[0] == [mail(2)]


async def test_without_a_user_name_the_address_signs_in(account: Account) -> None:
    await sign_in(replace(account, imap_user=""))


async def test_a_good_token_signs_in_and_a_bad_one_is_refused_at_once(account: Account, user: User) -> None:
    by_token = replace(account, auth="xoauth2", oauth_token=user.token)
    await sign_in(by_token)
    started = time.monotonic()
    with pytest.raises(Misconfigured, match="refused the OAuth token"):
        await sign_in(replace(by_token, oauth_token="stale"))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"imap_password": "wrong"}, "refused the user name or password. Check them; with Gmail use an app password"),
        ({"imap_folder": "Nowhere"}, "no folder named Nowhere"),
        ({"ca_file": None}, "is not trusted"),
        ({"ca_file": "/not/there.pem"}, "is not there"),
        ({"imap_host": "nowhere.invalid"}, "no server named"),
        ({"imap_host": None}, "has no IMAP server"),
        ({"imap_host": "127.0.0.2"}, "is not trusted|Nobody answers"),
    ],
)
async def test_a_wrong_setting_is_named(account: Account, fields: dict[str, str | None], sentence: str) -> None:
    with pytest.raises((Misconfigured, Unreachable), match=sentence):
        await sign_in(replace(account, **fields))


async def test_tls_on_a_plain_port_is_named(account: Account, dovecot: Dovecot) -> None:
    with pytest.raises(Misconfigured, match="does not speak TLS here"):
        await sign_in(replace(account, imap_port=dovecot.imap_port))


async def test_what_was_said_before_tls_is_not_believed(account: Account) -> None:
    steps = ("> * OK hello", "<", "> * CAPABILITY IMAP4rev1 STARTTLS", "> h1 OK", "<", b"h2 OK go\r\n* 9 EXISTS\r\n")
    async with Script.running((*steps, "hang")) as script:
        upgraded = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="starttls")
        with pytest.raises((Unreachable, Misconfigured)):
            await sign_in(upgraded, HASTY)


async def test_a_server_without_starttls_gets_no_password(account: Account) -> None:
    async with Script.running(("> * OK hello", "<", "> * CAPABILITY IMAP4rev1", "> h1 OK", "< 10")) as script:
        upgraded = replace(account, imap_host="127.0.0.1", imap_port=script.port, imap_security="starttls")
        with pytest.raises(Misconfigured, match="does not offer STARTTLS"):
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


SIZES = ("<", "> * SEARCH 5", "> h5 OK", "<", "> * 1 FETCH (UID 5 RFC822.SIZE 100)", "> h6 OK", "<")


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


async def test_a_mail_the_server_cannot_hand_out_leaves_a_note(account: Account) -> None:
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


async def test_a_silent_line_is_noticed_when_idle_is_armed_again(account: Account) -> None:
    started = time.monotonic()
    await listen_to_script(account, *OPENED, "<", "> * SEARCH", "> h5 OK", "<", "> + idling", "hang")
    assert time.monotonic() - started < 5


def test_batches_are_bounded_in_number_and_in_bytes() -> None:
    many = list(batches(dict.fromkeys(range(1, 121), 10)))
    assert [len(batch) for batch in many] == [50, 50, 20]
    assert list(batches({1: 2**22, 2: 2**22, 3: 1, 4: 2**25})) == [[1, 2], [3], [4]]


def test_responses_are_read_into_strings_and_lists() -> None:
    lines = (rb'1 FETCH (UID 5 FLAGS (\Seen "a \"b\" * c") X NIL "NIL" BODY[HEADER.FIELDS (TO)] ', b" BODY[] ", b")")
    tokens = wire.tokenise(lines, (b"literal (", b'"'))
    flags: list[wire.Token] = [rb"\Seen", b'a "b" * c']
    inner: list[wire.Token] = [
        b"UID", b"5", b"FLAGS", flags, b"X", None, b"NIL", b"BODY[HEADER.FIELDS (TO)]", b"literal (", b"BODY[]", b'"',
    ]  # fmt: skip
    assert tokens == [b"1", b"FETCH", inner]


def test_a_megabyte_of_anything_is_read_in_no_time() -> None:
    for nasty in (b"[" * 2**20, b'"' + b"\\" * (2**20 - 1), b"((" * 2**19, b"a[" * 2**19, b" " * 2**20):
        started = time.monotonic()
        with pytest.raises(wire.Garbled):
            wire.tokenise((nasty + b"(",))
        assert time.monotonic() - started < 1
