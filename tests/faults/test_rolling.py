"""A rolling restart of two pairs under load: no action of an agent fails, and nothing is lost or doubled."""

import asyncio
from collections import Counter
from functools import partial

import pytest

from tests.fakes.ports import free_port
from tests.faults.campaign import Campaign, campaign, size
from tests.faults.installation import Installation, open_installation
from tests.faults.killer import Program, until
from tests.faults.ledger import Ledger, check_invariants, disordered
from tests.faults.people import Bot, Visitor, bring, mail, number_of, send_mail
from tests.faults.test_smtp_steps import HELP, Taker

pytestmark = pytest.mark.faults
ROUNDS = size(1, 20)
AGENTS, VISITORS = 4, 4
Pair = tuple[Program, Program]


async def _agent(bots: list[Bot], conversation_id: str, name: str, stop: asyncio.Event) -> int:
    """Answer through one server, or through the other while the first is down; return how often."""
    n = 0
    way = await bots[0].reach(conversation_id)
    while not stop.is_set():
        await bots[n % 2].reply(conversation_id, way, f"re-{name}-{n:04d}", elsewhere=bots[(n + 1) % 2])
        n += 1
        await asyncio.sleep(1.0)
    return n


async def _visitor(visitor: Visitor, stop: asyncio.Event) -> int:
    n = 0
    while not stop.is_set():
        await visitor.say(f"{visitor.name}-{n:04d}")
        n += 1
        await asyncio.sleep(0.5)
    return n


async def test_a_rolling_restart_fails_no_action() -> None:
    with campaign("rolling") as run, Taker.running() as server:
        async with open_installation() as installation:
            other_port = free_port()
            pairs = [
                (installation.serve, installation.work),
                (installation.server(other_port), installation.worker(free_port())),
            ]
            try:
                await asyncio.gather(*(program.up() for pair in pairs for program in pair))
                await _under_load(run, installation, server, pairs, f"127.0.0.1:{other_port}")
            finally:
                for program in pairs[1]:
                    program.kill()


async def _under_load(run: Campaign, installation: Installation, server: Taker, pairs: list[Pair], other: str) -> None:
    account = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
    await installation.channel("email", "Help", {"address": HELP, **account})
    _, key = await installation.chat()
    token, told, heard = await installation.bot(), Ledger(), Ledger()
    bots = [Bot(base, token, told) for base in (installation.base, other)]
    visitors = [Visitor((installation.base, other)[n % 2], key, f"v{n}", heard) for n in range(VISITORS)]
    open_chats = [asyncio.create_task(visitor.run()) for visitor in visitors]
    stop = asyncio.Event()
    try:
        conversations = [await _conversation(installation, f"c{n}") for n in range(AGENTS)]
        acting = [asyncio.create_task(_agent(bots, id_, f"c{n}", stop)) for n, id_ in enumerate(conversations)]
        acting += [asyncio.create_task(_visitor(visitor, stop)) for visitor in visitors]
        stops = await _roll(run, pairs)
        stop.set()
        done = await asyncio.gather(*acting)
    finally:
        for chat in open_chats:
            chat.cancel()
        await asyncio.gather(*open_chats, return_exceptions=True)
    closes = Counter(code for visitor in visitors for code in visitor.closes)
    run.note(actions=sum(done), stop_s=stops, repeated=told.unknown.total() + heard.unknown.total(), closes=closes)
    assert [bot.refused for bot in bots] == [[], []]
    assert max(stops) <= 15
    await _check(installation, server, told, heard)


async def _conversation(installation: Installation, name: str) -> str:
    sender = f"{name}@customer.example"
    await bring(Ledger(), name, partial(send_mail, installation.lmtp_port, sender, HELP, mail(name, sender, HELP)))
    row = await installation.found("select conversation_id from message where body like :said", said=f"number {name}%")
    return str(row["conversation_id"])


async def _roll(run: Campaign, pairs: list[Pair]) -> list[float]:
    """Stop and start each process in turn, as a deployment does; return the seconds each took to stop."""
    stops = []
    for _ in range(ROUNDS):
        for pair in pairs:
            for program in pair:
                stops.append(round(await program.stop(), 1))
                run.did(f"SIGTERM to {program.command[-1]}: gone after {stops[-1]} s")
                await program.up()
                await asyncio.sleep(0.5)
    return stops


async def _check(installation: Installation, server: Taker, told: Ledger, heard: Ledger) -> None:
    async def settled() -> bool:
        return not await installation.count("select count(*) from delivery where state not in ('sent', 'cancelled')")

    try:
        await until(settled, within=120, what="every answer is sent")
    except TimeoutError:
        question = "select state, count(*), min(error) as error, min(lease_until - now())::text as lease from delivery"
        pytest.fail(f"A stopped worker leaves nothing behind: {await installation.rows(question + ' group by state')}")
    assert told.judge(server.accepted) == {"lost": [], "doubled": [], "unexpected": []}
    rows = await installation.rows(
        "select conversation_id, body from message where direction = 'inbound'"
        " and body not like 'number c%' order by at, id"
    )
    assert heard.judge(Counter(number_of(row["body"]) for row in rows)) == {"lost": [], "doubled": [], "unexpected": []}
    streams: dict[str, list[str]] = {}
    for row in rows:
        streams.setdefault(str(row["conversation_id"]), []).append(number_of(row["body"]))
    assert not disordered(streams)
    await check_invariants(installation)
