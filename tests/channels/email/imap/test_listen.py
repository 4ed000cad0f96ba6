"""Reading a mailbox of a real Dovecot: each mail once, in order, from the bookmark on."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from hub.channels.email.account import Account
from hub.channels.email.errors import ServerRefusesConnection
from hub.channels.email.imap.listen import batches, listen
from hub.channels.email.inbound import dedupe_key
from hub.channels.send_errors import Unreachable
from tests.channels.email.mailboxes import PATIENT, mail, take, take_all
from tests.fakes.dovecot import Dovecot, User


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
    for left in (2, 1):
        await take(messages, 1)
        assert len(dovecot.flags(user.address)) == left
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
    assert {dedupe_key(raw) for raw in before} == {dedupe_key(raw) for raw in after}
    assert changed != bookmark


async def test_a_bookmark_of_another_folder_or_of_nonsense_starts_again(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.fill(user.address, [mail(1)])
    for bookmark in ('{"folder":"Old","uidvalidity":1,"uid":99}', "nonsense"):
        assert (await take_all(account, bookmark, 1))[0] == [mail(1)]


async def test_three_thousand_mails_come_once_each(account: Account, user: User, dovecot: Dovecot) -> None:
    dovecot.fill(user.address, [mail(number) for number in range(3000)])
    bodies, _ = await take_all(account, None, 3000)
    assert sorted(bodies) == sorted(mail(number) for number in range(3000))


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


async def test_a_terminated_session_is_reported_at_once(account: Account, user: User, dovecot: Dovecot) -> None:
    messages = listen(account, None, PATIENT)
    waiting = asyncio.ensure_future(anext(messages))
    while user.address not in await asyncio.to_thread(dovecot.doveadm, "who"):
        assert not waiting.done()
    started = time.monotonic()
    await asyncio.to_thread(dovecot.kick, user.address)
    with pytest.raises(Unreachable):
        await waiting
    assert time.monotonic() - started < 2


async def test_a_stopped_server_is_reported_and_reading_continues_when_it_is_back(
    account: Account, user: User, dovecot: Dovecot
) -> None:
    dovecot.fill(user.address, [mail(1)])
    messages = listen(account, None, PATIENT)
    _, bookmark = await take(messages, 1)
    await asyncio.to_thread(dovecot.stop)
    try:
        with pytest.raises(Unreachable):
            await take(messages, 1)
        with pytest.raises(ServerRefusesConnection):
            await take_all(account, bookmark, 1)
    finally:
        await asyncio.to_thread(dovecot.start)
    dovecot.fill(user.address, [mail(2)])
    assert (await take_all(account, bookmark, 1))[0] == [mail(2)]


def test_batches_begin_small_and_are_bounded_in_number_and_in_bytes() -> None:
    many = list(batches(dict.fromkeys(range(1, 121), 10)))
    assert [len(batch) for batch in many] == [1, 2, 4, 8, 16, 32, 50, 7]
    assert list(batches({1: 2**22, 2: 2**22, 3: 1, 4: 2**25})) == [[1], [2, 3], [4]]
