"""Everything is killed in the middle of its work and started again: nothing is lost, doubled or late."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.faults.killer import until
from tests.faults.ledger import Ledger, disordered
from tests.faults.people import Visitor, bring, mail, number_of, send_mail
from tests.flows.installation import Installation, postgres_of, running

MAILBOX = "help@shop.example"
WRITERS, TALKERS, TIMES = 6, 4, 20
MANY = (WRITERS + TALKERS) * TIMES
KILLED_AFTER = MANY // 3
START_LIMIT = 10.0


@dataclass
class Stream:
    """Customers who write mails and chat messages, each after the last was acknowledged."""

    installation: Installation
    key: str
    ledger: Ledger = field(default_factory=Ledger)

    async def write(self, name: str) -> None:
        """Send one thread of numbered mails to the SMTP server."""
        sender = f"{name}@customer.example"
        for n in range(TIMES):
            number, last = f"{name}-{n:03d}", f"{name}-{n - 1:03d}" if n else None
            raw = mail(number, sender, MAILBOX, answers=last)
            send = partial(send_mail, self.installation.smtp_port, sender, MAILBOX, raw, lmtp=False)
            await bring(self.ledger, number, send)

    async def talk(self, name: str) -> None:
        """Send one chat of numbered messages."""
        visitor = Visitor(self.installation.base, self.key, name, self.ledger)
        opened = asyncio.create_task(visitor.run())
        try:
            for n in range(TIMES):
                await visitor.say(f"{name}-{n:03d}")
        finally:
            opened.cancel()
            await asyncio.gather(opened, return_exceptions=True)

    async def acknowledged(self, many: int) -> None:
        """Wait until this many messages are acknowledged."""

        async def enough() -> bool:
            return len(self.ledger.acknowledged) >= many

        await until(enough, within=60, what=f"{many} things are acknowledged")


@asynccontextmanager
async def streaming(stream: Stream) -> AsyncIterator[None]:
    """Run all customers; every message is acknowledged in the end."""
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for n in range(WRITERS):
            group.create_task(stream.write(f"writer{n}"))
        for n in range(TALKERS):
            group.create_task(stream.talk(f"talker{n}"))
        yield


async def open_stream(installation: Installation) -> Stream:
    """Add a mailbox and a chat to the running hub."""
    mailbox = await installation.hub("channel", "add", "email", "Help", "-", given=json.dumps({"address": MAILBOX}))
    assert mailbox.returncode == 0, mailbox.stderr
    chat = await installation.hub("channel", "add", "webchat", "Chat", "-", given='{"site_name": "Aurora"}')
    assert chat.returncode == 0, chat.stderr
    return Stream(installation, chat.stdout.strip().removesuffix(").").rpartition(", ")[2])


async def check_all_there(stream: Stream) -> None:
    """Assert that every message was stored once, each customer's in one conversation and in order."""
    question = "select conversation_id, body from message where direction = 'inbound' order by at, id"

    async def taken() -> bool:
        return len(await stream.installation.rows(question)) >= MANY

    await until(taken, within=60, what="all that was acknowledged is taken in", every=0.2)
    rows = await stream.installation.rows(question)
    assert stream.ledger.judge(Counter(number_of(row["body"]) for row in rows)) == {
        "lost": [],
        "doubled": [],
        "unexpected": [],
    }
    streams: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        streams[str(row["conversation_id"])].append(number_of(row["body"]))
    assert not disordered(streams)
    assert len(streams) == WRITERS + TALKERS, "one conversation for each customer"


async def check_what_the_owner_sees(stream: Stream) -> None:
    """Assert that every customer's conversation is in the inbox, with as many messages as were sent."""
    async with stream.installation.owner() as browser:
        page = (await browser.get("/api/conversations", params={"view": "open"})).json()
        assert len(page["items"]) == WRITERS + TALKERS
        for listed in page["items"]:
            timeline = (await browser.get(f"/api/conversations/{listed['row']['id']}/timeline")).json()
            said = [number_of(item["text"]) for item in timeline["items"] if item.get("text")]
            assert len(said) == TIMES


async def test_a_hub_killed_in_the_middle_of_its_work_has_everything_once_and_in_order(folder: Path) -> None:
    installation = Installation(folder)
    async with running(installation) as hub:
        stream = await open_stream(installation)
        async with streaming(stream):
            await stream.acknowledged(KILLED_AFTER)
            hub.kill()
            assert len(stream.ledger.acknowledged) < MANY, "it was killed in the middle"
            took = await hub.up()
        assert took < START_LIMIT, f"the second start took {took:.1f} s"
        assert stream.ledger.unknown, "some senders had to say it again"
        print(f"served again after {took:.1f} s; {stream.ledger.figures()}")
        await check_all_there(stream)
        await check_what_the_owner_sees(stream)
        assert await hub.interrupt() == 0, hub.tail()
        assert "Stopped." in hub.tail()
        assert postgres_of(folder) == []
