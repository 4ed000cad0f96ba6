"""Numbered messages in and answers out while processes are killed at random: none lost, none doubled, all in order."""

import asyncio
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import pytest

from tests.fakes.dovecot import Dovecot
from tests.fakes.smtp_server import SmtpServer
from tests.faults import post
from tests.faults.campaign import Campaign, campaign, size
from tests.faults.installation import Installation, running_installation
from tests.faults.killer import until
from tests.faults.ledger import Ledger, check_invariants, disordered
from tests.faults.people import Bot, Visitor, bring, mail, number_of, send_mail

pytestmark = pytest.mark.faults
PUSHED, FETCHED = "help@shop.example", "desk@shop.test"
CUSTOMERS = {  # how many customers of each kind there are, and how often each writes
    "pushed": (size(5, 20), size(10, 35)),
    "fetched": (size(4, 15), size(10, 30)),
    "chat": (size(6, 25), size(10, 34)),
}
KILLS = size(8, 60)
SETTLED = 150.0  # seconds: a dead sender's lease is 45, and later answers of the conversation wait for it


@dataclass
class Story:
    """A running campaign."""

    run: Campaign
    installation: Installation
    provider: SmtpServer
    dovecot: Dovecot
    key: str
    token: str
    heard: Ledger = field(default_factory=Ledger)
    told: Ledger = field(default_factory=Ledger)
    visitors: dict[str, Visitor] = field(default_factory=dict)
    stopped: bool = False

    async def writes(self, name: str, kind: str, times: int) -> None:
        """One customer by mail: a thread of numbered mails, each after the last was acknowledged."""
        sender, to = f"{name}@customer.example", PUSHED if kind == "pushed" else FETCHED
        port = self.installation.lmtp_port if kind == "pushed" else self.dovecot.lmtp_port
        for n in range(times):
            number, last = f"{name}-{n:03d}", f"{name}-{n - 1:03d}" if n else None
            await bring(
                self.heard, number, partial(send_mail, port, sender, to, mail(number, sender, to, answers=last))
            )
            await asyncio.sleep(self.run.rng.uniform(0.3, 2.2))

    async def says(self, name: str, times: int) -> None:
        """One customer by chat."""
        visitor = self.visitors[name] = Visitor(self.installation.base, self.key, name, self.heard)
        for n in range(times):
            await visitor.say(f"{name}-{n:03d}")
            await asyncio.sleep(self.run.rng.uniform(0.3, 2.2))

    async def answers(self, name: str, times: int) -> None:
        """One bot for each customer: one answer for each message, each after the last was accepted."""
        bot = Bot(self.installation.base, self.token, self.told)
        conversation_id = await self._conversation(name)
        way = await bot.reach(conversation_id)
        for n in range(times):
            await bot.reply(conversation_id, way, f"re-{name}-{n:03d}")
            await asyncio.sleep(self.run.rng.uniform(0.3, 2.0))
        assert not bot.refused, bot.refused

    async def _conversation(self, name: str) -> UUID:
        question = "select conversation_id from message where direction = 'inbound' and body like :said limit 1"
        while True:
            found = await self.installation.rows(question, said=f"number {name}-%")
            if found:
                return UUID(str(found[0]["conversation_id"]))
            await asyncio.sleep(0.2)

    async def nemesis(self) -> None:
        """Kill one of them with -9, start it again, wait a little, and repeat."""
        victims = [("serve", "work", "postgres")[n % 3] for n in range(KILLS)]
        self.run.rng.shuffle(victims)
        for victim in victims:
            await asyncio.sleep(self.run.rng.uniform(0.5, 2.5))
            self.run.did(f"kill -9 {victim}")
            await self._kill(victim)
        await asyncio.gather(self.installation.serve.up(), self.installation.work.up())

    async def _kill(self, victim: str) -> None:
        if victim == "postgres":
            await self.installation.kill_postgres()
            await self.installation.start_postgres()
        else:
            program = self.installation.serve if victim == "serve" else self.installation.work
            program.kill()
            await program.up()


async def _tell(run: Campaign, installation: Installation, provider: SmtpServer, dovecot: Dovecot) -> Story:
    await installation.channel("email", "Pushed", post.account(PUSHED, provider.port, installation.folder))
    box = {"imap_host": "127.0.0.1", "imap_port": dovecot.imap_port, "imap_security": "none"}
    user = dovecot.add_user(FETCHED)
    fetched = box | {"imap_user": user.address, "imap_password": user.password}
    await installation.channel("email", "Fetched", post.account(FETCHED, provider.port, installation.folder, **fetched))
    _, key = await installation.chat()
    return Story(run, installation, provider, dovecot, key, await installation.bot())


async def _play(story: Story) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(story.nemesis())
        for kind, (people, times) in CUSTOMERS.items():
            for n in range(people):
                name = f"{kind}{n:02d}"
                group.create_task(story.says(name, times) if kind == "chat" else story.writes(name, kind, times))
                group.create_task(story.answers(name, times))


async def _at_rest(story: Story) -> None:
    installation, run = story.installation, story.run
    total = sum(people * times for people, times in CUSTOMERS.values())

    async def taken() -> bool:
        return await installation.count("select count(*) from message where direction = 'inbound'") >= total

    async def settled() -> bool:
        return not await installation.count(
            "select count(*) from delivery where state in ('due', 'claimed', 'sending')"
        )

    run.note(taken_after_s=round(await until(taken, within=60, what="all that came was taken in"), 1))
    run.note(settled_after_s=round(await until(settled, within=SETTLED, what="every answer is settled"), 1))


async def _check_in(story: Story) -> None:
    question = "select conversation_id, body, at from message where direction = 'inbound' order by at, id"
    rows = await story.installation.rows(question)
    found = Counter(number_of(row["body"]) for row in rows)
    streams: defaultdict[str, list[str]] = defaultdict(list)
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        number = number_of(row["body"])
        streams[str(row["conversation_id"])].append(number)
        homes[number.rpartition("-")[0]].add(str(row["conversation_id"]))
    story.run.note(inbound=story.heard.figures() | {"found": len(rows)})
    assert story.heard.judge(found) == {"lost": [], "doubled": [], "unexpected": []}
    mixed_up, times = disordered(streams), {number_of(row["body"]): row["at"] for row in rows}
    story.run.note(disordered=[[(number, times[number]) for number in pair] for pair in mixed_up])
    assert not mixed_up
    assert not {name: where for name, where in homes.items() if len(where) > 1}, "one conversation for each customer"


async def _check_mail_out(story: Story) -> None:
    question = "select m.body, d.state from delivery d join message m on m.id = d.message_id"
    states = {number_of(row["body"]): row["state"] for row in await story.installation.rows(question)}
    gone = post.accepted(story.provider)
    asked = {number for number in story.told.acknowledged if "chat" not in number}
    doubtful = {number for number in asked if states[number] == "doubtful"}
    story.run.note(
        outbound=story.told.figures(),
        mails_accepted=gone.total(),
        doubtful=len(doubtful),
        doubtful_that_had_gone=len(doubtful & gone.keys()),
    )
    assert {number for number, times in gone.items() if times > 1} == set(), "no answer goes twice"
    assert asked - gone.keys() - doubtful == set(), "no answer is lost without being flagged"
    assert {number for number in asked - doubtful if states[number] != "sent"} == set()
    assert not disordered(post.by_recipient(story.provider))


async def _check_chat_out(story: Story) -> None:
    expected = {f"{name}": [f"re-{name}-{n:03d}" for n in range(CUSTOMERS["chat"][1])] for name in story.visitors}

    async def all_there() -> bool:
        return all(len(visitor.shown()) >= len(expected[name]) for name, visitor in story.visitors.items())

    with suppress(TimeoutError):
        await until(all_there, within=15, what="every visitor sees every answer")
    shown = {name: visitor.shown() for name, visitor in story.visitors.items()}
    story.run.note(chat_answers_shown=sum(map(len, shown.values())))
    assert shown == expected


async def test_nothing_is_lost_doubled_or_disordered_while_everything_is_killed() -> None:
    with campaign("nothing-lost") as run, Dovecot.running(numbers_at_once=True) as dovecot:
        async with running_installation() as installation:
            with post.provider(installation.folder) as provider:
                story = await _tell(run, installation, provider, dovecot)
                chats = asyncio.create_task(_hold_chats(story))
                try:
                    await _play(story)
                    await _at_rest(story)
                    await _check_in(story)
                    await _check_mail_out(story)
                    await _check_chat_out(story)
                    await check_invariants(installation)
                finally:
                    chats.cancel()
                    await asyncio.gather(chats, return_exceptions=True)


async def _hold_chats(story: Story) -> None:
    """Keep every visitor's chat open."""
    held: set[str] = set()
    async with asyncio.TaskGroup() as group:
        while True:
            for name in story.visitors.keys() - held:
                held.add(name)
                group.create_task(story.visitors[name].run())
            await asyncio.sleep(0.05)


async def _latency(installation: Installation, visitor: Visitor, number: str) -> float:
    """Write a message; return the seconds until an agent's answer is on the visitor's screen."""
    began = asyncio.get_running_loop().time()
    bot = Bot(installation.base, await installation.bot(f"Bot {number}"), Ledger())
    prepared = asyncio.get_running_loop().time() - began
    await visitor.say(number)
    row = await installation.found("select conversation_id from message where body = :said", said=f"number {number}")
    await bot.reply(row["conversation_id"], await bot.reach(row["conversation_id"]), f"re-{number}")

    async def shown() -> bool:
        return f"re-{number}" in visitor.shown()

    await until(shown, within=20, what=f"the answer to {number} is shown", every=0.01)
    return asyncio.get_running_loop().time() - began - prepared


async def test_redis_killed_or_flushed_costs_a_moment_and_nothing_else() -> None:
    with campaign("redis") as run:
        async with running_installation() as installation:
            _, key = await installation.chat()
            visitor = Visitor(installation.base, key, "ann", Ledger())
            opened = asyncio.create_task(visitor.run())
            try:
                figures: dict[str, list[float]] = {}
                for n in range(size(3, 20)):
                    await _around_redis(installation, visitor, figures, n)
                run.note(seconds={name: [round(one, 2) for one in taken] for name, taken in figures.items()})
                sound = max(figures["sound"])
                delays = {name: round(max(taken) - sound, 2) for name, taken in figures.items()}
                run.note(most_delay=delays)
                assert max(delays.values()) <= 2.0 + sound
                assert [f"re-{number}" for number in visitor.shown("me")] == visitor.shown()
            finally:
                opened.cancel()
                await asyncio.gather(opened, return_exceptions=True)


async def _around_redis(installation: Installation, visitor: Visitor, figures: dict[str, list[float]], n: int) -> None:
    redis = installation.redis
    assert redis is not None

    async def measure(name: str) -> None:
        figures.setdefault(name, []).append(await _latency(installation, visitor, f"{n}-{len(figures)}-{name}"))

    await measure("sound")
    await asyncio.to_thread(redis.flush)
    await measure("flushed")
    redis.kill()
    await measure("killed")
    await measure("away")
    await asyncio.to_thread(redis.start)
    await measure("back")
