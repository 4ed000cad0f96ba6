"""PostgreSQL is killed and restarted repeatedly: everything works again by itself, soon after it is back."""

import asyncio
import os
import signal
from collections.abc import Awaitable
from functools import partial
from pathlib import Path
from time import monotonic

import pytest

from hub.storage.embedded_postgres import EmbeddedPostgres
from tests.fakes.ports import free_port
from tests.fakes.smtp_server import SmtpServer
from tests.faults import post
from tests.faults.campaign import campaign, size
from tests.faults.installation import HUB, Installation, answers, clean_environ, running_installation
from tests.faults.killer import Program, until
from tests.faults.ledger import Ledger, check_invariants
from tests.faults.people import Bot, Visitor, bring, mail, send_mail

pytestmark = pytest.mark.faults
HELP = "help@shop.example"
WORKING = 15.0  # seconds after the database is back


async def _round_trip(
    installation: Installation, provider: SmtpServer, bot: Bot, visitor: Visitor, number: str
) -> None:
    """A mail in, an answer out, and a chat message with its answer on the visitor's screen."""
    sender = f"{number}@customer.example"
    send = partial(send_mail, installation.lmtp_port, sender, HELP, mail(number, sender, HELP))
    await asyncio.gather(bring(Ledger(), number, send), visitor.say(f"chat-{number}"))
    for said in (number, f"chat-{number}"):
        row = await installation.found(
            "select conversation_id from message where body like :said", said=f"number {said}%"
        )
        await bot.reply(row["conversation_id"], await bot.reach(row["conversation_id"]), f"re-{said}")

    async def arrived() -> bool:
        return f"re-{number}" in post.accepted(provider) and f"re-chat-{number}" in visitor.shown()

    await until(arrived, within=60, what=f"the answers to {number} arrive")


async def test_a_database_that_dies_costs_seconds_and_no_hand() -> None:
    with campaign("database") as run:
        async with running_installation() as installation:
            with post.provider(installation.folder) as provider:
                await installation.channel("email", "Help", post.account(HELP, provider.port, installation.folder))
                _, key = await installation.chat()
                bot, visitor = (
                    Bot(installation.base, await installation.bot(), Ledger()),
                    Visitor(installation.base, key, "ann", Ledger()),
                )
                opened = asyncio.create_task(visitor.run())
                programs = installation.serve.pid, installation.work.pid
                try:
                    sound, after = [], []
                    for n in range(size(3, 20)):
                        sound.append(await _timed(_round_trip(installation, provider, bot, visitor, f"sound-{n}")))
                        await _die(installation, ("kill", "restart")[n % 2], run.rng.uniform(0, 6))
                        after.append(await _timed(_round_trip(installation, provider, bot, visitor, f"after-{n}")))
                        run.did(f"{('kill -9', 'restart')[n % 2]}: working after {after[-1]:.1f} s")
                finally:
                    opened.cancel()
                    await asyncio.gather(opened, return_exceptions=True)
            run.note(sound_s=_rounded(sound), working_after_s=_rounded(after), most_s=round(max(after), 1))
            assert (installation.serve.pid, installation.work.pid) == programs
            assert installation.serve.running
            assert installation.work.running
            assert max(after) <= WORKING
            await check_invariants(installation)


async def _die(installation: Installation, how: str, away: float) -> None:
    if how == "kill":
        await installation.kill_postgres()
    else:
        await asyncio.to_thread(installation.postgres.stop)
    await asyncio.sleep(away)
    await installation.start_postgres()


async def _timed(act: Awaitable[None]) -> float:
    began = monotonic()
    await act
    return monotonic() - began


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 1) for value in values]


async def test_hub_up_starts_its_own_database_again_when_it_dies(folder: Path) -> None:
    port = free_port()
    environ = clean_environ() | {"HUB_PORT": str(port), "HUB_DATA_DIR": str(folder), "HUB_LOG_FORMAT": "json"}
    ready = partial(answers, f"http://127.0.0.1:{port}/readyz")
    up = Program([*HUB, "up"], environ, folder / "up.log", ready)
    with campaign("hub-up") as run:
        try:
            await up.up(within=90)
            times = []
            for _ in range(size(2, 20)):
                killed = _server_of(folder)
                os.kill(killed, signal.SIGKILL)

                async def again(killed: int = killed) -> bool:
                    return _server_of(folder) not in {0, killed} and await ready()

                times.append(await until(again, within=60, what="hub up works again"))
            run.note(ready_again_s=_rounded(times))
            assert max(times) <= WORKING
            assert await up.stop() < 15
            assert "Stopped." in up.log.read_text()
        finally:
            print(up.tail(40))
            up.kill()
            server = EmbeddedPostgres(folder)
            await asyncio.to_thread(server.start)
            server.stop()


def _server_of(folder: Path) -> int:
    """Return the process id of the database server that runs on a folder; 0 while there is none."""
    try:
        return int((folder / "postgres/postmaster.pid").read_text().split()[0])
    except (OSError, IndexError):
        return 0
