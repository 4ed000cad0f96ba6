"""A real IMAP server that resets, expunges, repeats and disconnects: nothing lost, nothing doubled."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random
from uuid import UUID

import pytest

from tests.fakes.dovecot import Dovecot, User
from tests.faults.campaign import campaign, size
from tests.faults.killer import until
from tests.faults.people import mail, number_of
from tests.faults.proxy import ProxiedConnection, Proxy
from tests.faults.rooms import add_channel, at_work, bodies
from tests.support.outbox import Outbox

pytestmark = pytest.mark.faults
MAILS = size(30, 400)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot.running() as server:
        yield server


async def _fetched(outbox: Outbox, user: User, port: int) -> UUID:
    told = {"imap_host": "127.0.0.1", "imap_port": port, "imap_security": "none"}
    who = {"address": user.address, "imap_user": user.address, "imap_password": user.password}
    return (await add_channel(outbox.context, "email", told | who)).id


async def _numbers(outbox: Outbox, channel_id: UUID) -> list[str]:
    return [number_of(body) for body in await bodies(outbox.context, channel_id)]


async def _all_in(outbox: Outbox, channel_id: UUID, wanted: set[str], within: float = 60) -> None:
    async def there() -> bool:
        return wanted <= set(await _numbers(outbox, channel_id))

    await until(there, within=within, what=f"{len(wanted)} mails were taken in")


def _mails(to: str, count: int, prefix: str = "n") -> dict[str, bytes]:
    numbers = [f"{prefix}-{n:04d}" for n in range(count)]
    return {number: mail(number, f"c{number}@customer.example", to) for number in numbers}


def _without_id(raw: bytes) -> bytes:
    return re.sub(rb"Message-ID: .*\r\n", b"", raw, flags=re.IGNORECASE)


@asynccontextmanager
async def _listening(outbox: Outbox) -> AsyncIterator[None]:
    async with at_work(outbox.context, "listeners", "intake"):
        yield


async def test_a_new_uidvalidity_reads_all_again_and_doubles_nothing(outbox: Outbox, dovecot: Dovecot) -> None:
    with campaign("imap-uidvalidity") as run:
        user = dovecot.add_user()
        mails = _mails(user.address, MAILS)
        dovecot.fill(user.address, list(mails.values()))
        channel_id = await _fetched(outbox, user, dovecot.imap_port)
        async with _listening(outbox):
            await _all_in(outbox, channel_id, set(mails))
            await asyncio.to_thread(dovecot.bump_uidvalidity, user.address)
            await asyncio.to_thread(dovecot.kick, user.address)
            later = _mails(user.address, 3, "later")
            await asyncio.to_thread(dovecot.deliver, user.address, *later.values())
            await _all_in(outbox, channel_id, set(mails) | set(later))
        found = Counter(await _numbers(outbox, channel_id))
        run.note(mails=len(mails) + 3, found=found.total())
        assert set(found.values()) == {1}
        assert len(dovecot.flags(user.address)) == MAILS + 3, "nothing is deleted on the server"


async def test_mails_expunged_while_they_are_fetched_harm_no_neighbour(outbox: Outbox, dovecot: Dovecot) -> None:
    with campaign("imap-expunge") as run:
        user = dovecot.add_user()
        mails = _mails(user.address, MAILS * 3)
        dovecot.fill(user.address, list(mails.values()))
        gone = set(run.rng.sample(sorted(mails), MAILS))
        async with Proxy.running("127.0.0.1", dovecot.imap_port) as proxy:
            proxy.latency = 0.02
            channel_id = await _fetched(outbox, user, proxy.port)
            async with _listening(outbox):
                for number in sorted(gone):
                    query = ("mailbox", "INBOX", "header", "Message-ID", f"<{number}@customer.example>")
                    await asyncio.to_thread(dovecot.doveadm, "expunge", "-u", user.address, *query)
                await _all_in(outbox, channel_id, set(mails) - gone)
        found = Counter(await _numbers(outbox, channel_id))
        run.note(mails=len(mails), expunged=len(gone), found=found.total())
        assert set(found.values()) == {1}
        assert len(dovecot.flags(user.address)) == len(mails) - len(gone), "nothing else is deleted on the server"


async def test_the_same_message_id_in_two_boxes_or_none_at_all_loses_nothing(outbox: Outbox, dovecot: Dovecot) -> None:
    with campaign("imap-ids") as run:
        first, second = dovecot.add_user(), dovecot.add_user()
        same = mail("same", "ann@customer.example", "both@shop.test")
        twin = same.replace(b"number same", b"number twin")
        bare = {f"bare-{n}": _without_id(mail(f"bare-{n}", "ben@customer.example", "x@shop.test")) for n in range(5)}
        for user in (first, second):
            dovecot.fill(user.address, [same, twin, *bare.values()])
        channels = [await _fetched(outbox, user, dovecot.imap_port) for user in (first, second)]
        async with _listening(outbox):
            for channel_id in channels:
                await _all_in(outbox, channel_id, {"same", "twin", *bare})
        for channel_id in channels:
            assert sorted(await _numbers(outbox, channel_id)) == sorted(["same", "twin", *bare])
        run.note(mails=2 * (2 + len(bare)))


async def test_a_line_cut_inside_a_literal_is_taken_up_again_where_it_broke(outbox: Outbox, dovecot: Dovecot) -> None:
    with campaign("imap-literal") as run:
        user = dovecot.add_user()
        mails = {number: raw + b"x" * 3000 + b"\r\n" for number, raw in _mails(user.address, MAILS).items()}
        dovecot.fill(user.address, list(mails.values()))
        async with Proxy.running("127.0.0.1", dovecot.imap_port) as proxy:
            cuts = _cut_at_random(proxy, run.rng, size(4, 40))
            channel_id = await _fetched(outbox, user, proxy.port)
            async with _listening(outbox):
                await _all_in(outbox, channel_id, set(mails), within=120)
            run.note(mails=len(mails), lines=proxy.accepted, cuts=len(cuts), cut_after_bytes=cuts)
        found = Counter(await _numbers(outbox, channel_id))
        assert cuts
        assert set(found.values()) == {1}
        assert len(dovecot.flags(user.address)) == MAILS, "nothing is deleted on the server"


def _cut_at_random(proxy: Proxy, rng: Random, times: int) -> list[int]:
    """Cut this many connections, each somewhere within the mails it fetches."""
    cuts: list[int] = []
    limits: dict[int, int] = {}

    def answered(line: ProxiedConnection, piece: bytes) -> bytes | None:
        limit = limits.setdefault(line.number, rng.randrange(1500, 90_000))
        if len(cuts) >= times or line.bytes_from_server <= limit:
            return piece
        cuts.append(limit)
        return None

    proxy.on_answer = answered
    return cuts
