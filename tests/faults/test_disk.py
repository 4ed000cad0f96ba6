"""The disk is full to the last byte: no 2xx for anything that is not stored, and everything recovers by itself."""

import asyncio
import smtplib
from collections import Counter
from functools import partial
from time import monotonic

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.ports import free_port
from tests.faults.campaign import campaign, size
from tests.faults.disk import Disk, may_mount, small_disk, with_a_disk
from tests.faults.installation import HUB, KEY, Installation, answers, clean_environ
from tests.faults.killer import Program, until
from tests.faults.ledger import Ledger, check_invariants
from tests.faults.people import Bot, bring, mail, number_of, send_mail
from tests.faults.test_smtp_steps import HELP, Taker

pytestmark = pytest.mark.faults
MEGABYTES = 420
FULL_FOR = 8.0  # seconds
RECOVERED = 60.0


async def _push(installation: Installation, ledger: Ledger, heard: Counter[int], number: str, weight: int) -> None:
    """Send one mail once; record the server's response."""
    ledger.invoked[number] += 1
    sender = f"{number}@customer.example"
    raw = mail(number, sender, HELP) + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * (weight // 72)
    try:
        await asyncio.to_thread(send_mail, installation.lmtp_port, sender, HELP, raw)
    except smtplib.SMTPResponseException as error:
        heard[error.smtp_code] += 1
    except smtplib.SMTPRecipientsRefused as error:
        heard[next(iter(error.recipients.values()))[0]] += 1
    except (OSError, smtplib.SMTPException):
        heard[0] += 1
    else:
        ledger.acknowledged.add(number)
        heard[250] += 1


async def _note(bot: Bot, conversation_id: str, heard: Counter[int], n: int) -> None:
    """Do something as an agent; record the response."""
    body = {"id": f"01a20000-0000-7000-8000-{n:012d}", "text": f"note {n} " + "z" * 20_000}
    try:
        heard[(await bot.http.post(f"/conversations/{conversation_id}/notes", json=body)).status_code] += 1
    except httpx.HTTPError:
        heard[0] += 1


async def _while_full(
    installation: Installation, bot: Bot, conversation_id: str, ledger: Ledger, name: str
) -> dict[str, Counter[int]]:
    replies: Counter[int] = Counter()
    actions: Counter[int] = Counter()
    ends, n = monotonic() + FULL_FOR, 0
    while monotonic() < ends or not (replies.keys() & {451} and actions.keys() & {503}):
        if monotonic() > ends + 60:
            break
        n += 1
        await _push(installation, ledger, replies, f"{name}-small-{n}", 30_000)
        await _push(installation, ledger, replies, f"{name}-large-{n}", 300_000)
        await _note(bot, conversation_id, actions, n + 1000 * int(name[4:]))
    return {"mail": replies, "actions": actions}


async def test_a_full_disk_refuses_pauses_and_recovers_by_itself(request: pytest.FixtureRequest) -> None:
    if not may_mount():
        await asyncio.to_thread(with_a_disk, f"{request.path}::{request.node.name}", MEGABYTES)
        return
    with campaign("disk") as run, Taker.running() as server, small_disk(MEGABYTES) as disk:
        installation = await _installation(disk)
        up = _up(installation)
        try:
            await up.up(within=120)
            account = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
            await installation.channel("email", "Help", {"address": HELP, **account})
            bot, kept, told = Bot(installation.base, await installation.bot(), Ledger()), Ledger(), Ledger()
            rounds = []
            for n in range(size(1, 5)):
                conversation_id = await _works(installation, bot, server, kept, f"before-{n}")
                await asyncio.to_thread(disk.fill)
                said = await _while_full(installation, bot, conversation_id, kept, f"full{n}")
                run.did(f"full: {said}")
                await asyncio.to_thread(disk.empty)
                began = monotonic()
                await _works(installation, bot, server, kept, f"after-{n}")
                rounds.append({**said, "recovered_s": round(monotonic() - began, 1)})
            run.note(rounds=rounds, told=told.figures())
            await _check(installation, kept, rounds, server)
        finally:
            print(up.tail(30))
            await up.stop()
            up.kill()
            await installation.database.dispose()


async def _installation(disk: Disk) -> Installation:
    postgres = EmbeddedPostgres(disk.folder)
    engine = create_async_engine(postgres.url, poolclass=NullPool, connect_args={"timeout": 5})
    return Installation(disk.folder, postgres, None, clean_environ(), engine)


def _up(installation: Installation) -> Program:
    ports = {
        "HUB_PORT": str(installation.port),
        "HUB_LMTP_PORT": str(installation.lmtp_port),
        "HUB_SMTP_PORT": str(free_port()),
    }
    environ = installation.environ | ports | {"HUB_DATA_DIR": str(installation.folder), "HUB_SECRET_KEY": KEY}
    log = installation.folder.with_suffix(".log")
    return Program([*HUB, "up"], environ, log, partial(answers, f"http://127.0.0.1:{installation.port}/readyz"))


async def _works(installation: Installation, bot: Bot, server: Taker, kept: Ledger, number: str) -> str:
    """Send a mail and wait for its answer; retry as often as needed."""
    sender = f"{number}@customer.example"
    async with asyncio.timeout(RECOVERED):
        await bring(kept, number, partial(send_mail, installation.lmtp_port, sender, HELP, mail(number, sender, HELP)))
        row = await installation.found(
            "select conversation_id from message where body like :said", said=f"number {number}%"
        )
        await bot.reply(row["conversation_id"], await bot.reach(row["conversation_id"]), f"re-{number}")

        async def gone() -> bool:
            return server.accepted[f"re-{number}"] > 0

        await until(gone, within=RECOVERED, what=f"the answer to {number} goes out")
    return str(row["conversation_id"])


async def _check(installation: Installation, kept: Ledger, rounds: list[dict[str, object]], server: Taker) -> None:
    async def all_in() -> bool:
        return not await installation.count("select count(*) from arrival where state = 'kept'")

    await until(all_in, within=90, what="all that was kept is taken in")
    rows = await installation.rows("select body from message where direction = 'inbound'")
    found = Counter(number_of(row["body"]) for row in rows)
    assert kept.judge(found)["lost"] == []
    assert kept.judge(found)["doubled"] == []
    assert set(server.accepted.values()) == {1}
    for one in rounds:
        replies, actions = one["mail"], one["actions"]
        assert isinstance(replies, Counter)
        assert isinstance(actions, Counter)
        assert 451 in replies, "the mail server says that it cannot be stored"
        assert not set(replies) - {250, 451, 421, 0}
        assert 503 in actions
        assert not set(actions) - {200, 201, 503, 0}
    await check_invariants(installation)
