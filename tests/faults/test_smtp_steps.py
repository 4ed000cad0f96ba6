"""The connection to the SMTP server is cut before and after every step: doubtful mails are flagged, none is doubled."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from tests.fakes.ports import free_port
from tests.faults.campaign import campaign, size
from tests.faults.installation import Installation, running_installation
from tests.faults.killer import until
from tests.faults.ledger import Ledger
from tests.faults.people import Bot, mail, send_mail
from tests.faults.proxy import ProxiedConnection, Proxy
from tests.faults.rooms import add_channel, at_work, change
from tests.support.outbox import Outbox

pytestmark = pytest.mark.faults
TIMES = size(2, 60)
VERBS = ("EHLO", "MAIL", "RCPT", "DATA")
STEPS = [*((step, side) for step in (*VERBS, "dot") for side in ("before", "after")), ("body", "before")]
DOT_LEFT = {("body", "before"): 0, ("dot", "before"): 0, ("dot", "after"): 1}  # and the number of copies on the server
DOT = b"\r\n.\r\n"
HELP = "help@shop.example"
NUMBER = re.compile(rb"number (\S+)")


class Taker(Controller):
    """A plain SMTP server with a ledger of the mails it has accepted."""

    def __init__(self) -> None:
        self.accepted: Counter[str] = Counter()
        self.gate, self.arrived = threading.Event(), threading.Event()
        self.gate.set()
        super().__init__(self, hostname="127.0.0.1", port=free_port())

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        found = NUMBER.search(envelope.content if isinstance(envelope.content, bytes) else b"")
        self.accepted[found.group(1).decode() if found else "?"] += 1
        self.arrived.set()
        await asyncio.to_thread(self.gate.wait, 30)
        return "250 2.0.0 queued"

    def hold(self) -> None:
        """Accept the next mail, and respond only when the gate is opened."""
        self.gate.clear()
        self.arrived.clear()

    @classmethod
    @contextmanager
    def running(cls) -> "Iterator[Taker]":
        server = cls()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@dataclass
class Cut:
    """Breaks the connection once, before or after one step; healthy afterwards."""

    step: str
    side: str
    done: bool = False
    _data: bool = False
    _reached: bool = False

    def asked(self, _: ProxiedConnection, piece: bytes) -> bytes | None:
        if self.done or not self._is_here(piece):
            return piece
        if self.side == "after":
            self._reached = True
            return piece
        return self._before(piece)

    def _is_here(self, piece: bytes) -> bool:
        if self._data:
            return self.step == "body" or (self.step == "dot" and piece.endswith((DOT, b".\r\n")))
        verb = piece[:4].upper().decode(errors="replace")
        self._data = verb == "DATA" and self.step in {"body", "dot"}
        return verb == self.step

    def _before(self, piece: bytes) -> bytes | None:
        self.done = True
        return None

    def answered(self, _: ProxiedConnection, piece: bytes) -> bytes | None:
        if not self._reached or self.done:
            return piece
        self.done = True
        return None


async def test_a_cut_at_any_step_sends_nothing_twice_and_flags_the_one_doubtful_step(outbox: Outbox) -> None:
    with campaign("smtp-steps") as run, Taker.running() as server:
        async with Proxy.running("127.0.0.1", server.port) as proxy, at_work(outbox.context, "delivery"):
            outcomes: dict[str, Counter[str]] = {}
            for n in range(TIMES):
                for step, side in STEPS:
                    number = f"{step}-{side}-{n}"
                    state = await _one(outbox, proxy, Cut(step, side), number)
                    outcome = f"{state}, {server.accepted[number]} on the server"
                    outcomes.setdefault(f"{side} {step}", Counter())[outcome] += 1
                    run.did(f"{number}: {outcome}")
            run.note(outcomes=outcomes, cuts=TIMES * len(STEPS))
    for step, side in STEPS:
        copies = DOT_LEFT.get((step, side))
        wanted = "sent, 1 on the server" if copies is None else f"doubtful, {copies} on the server"
        assert outcomes[f"{side} {step}"] == {wanted: TIMES}, f"{side} {step}"
    assert set(server.accepted.values()) == {1}, "and never a second copy"


async def _one(outbox: Outbox, proxy: Proxy, cut: Cut, number: str) -> str:
    """Send one mail through the cut; return the state in which it ends."""
    server = {"smtp_host": "127.0.0.1", "smtp_port": proxy.port, "smtp_security": "none"}
    account = {"address": f"{number}@shop.example".lower()} | server
    channel = await add_channel(outbox.context, "email", account)
    conversation_id = await outbox.conversation(f"{number}@customer.example".lower(), scheme="mailto")
    proxy.on_ask, proxy.on_answer = cut.asked, cut.answered
    sent = await outbox.reply(channel, f"number {number}", conversation_id=conversation_id)

    async def ended() -> bool:
        await change(outbox.context, "update delivery set due_at = now() where id = :id and state = 'due'", id=sent.id)
        return (await outbox.reload(sent))[0].state in {"sent", "doubtful", "failed"}

    await until(ended, within=30, what=f"the mail cut {cut.side} {cut.step} is settled", every=0.1)
    assert cut.done
    return (await outbox.reload(sent))[0].state


async def test_a_worker_killed_between_250_and_its_commit_leaves_one_mail_and_a_flag() -> None:
    with campaign("smtp-commit") as run, Taker.running() as server:
        async with running_installation() as installation:
            account = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
            await installation.channel("email", "Help", {"address": HELP, **account})
            bot = Bot(installation.base, await installation.bot(), Ledger())
            for n in range(size(1, 20)):
                await _killed_at_its_commit(installation, bot, server, f"killed-{n}")
                run.did(f"kill -9 between 250 and the commit of killed-{n}")
            run.note(killed=size(1, 20), copies=server.accepted.total())
            assert server.accepted == {f"re-killed-{n}": 1 for n in range(size(1, 20))}


async def _killed_at_its_commit(installation: Installation, bot: Bot, server: Taker, number: str) -> None:
    sender = f"{number}@customer.example"
    await asyncio.to_thread(send_mail, installation.lmtp_port, sender, HELP, mail(number, sender, HELP))
    where = "from message m where m.body like :said"
    conversation = await installation.found(f"select conversation_id {where}", said=f"number {number}%")
    server.hold()
    await bot.reply(conversation["conversation_id"], await bot.reach(conversation["conversation_id"]), f"re-{number}")
    await asyncio.to_thread(server.arrived.wait, 30)
    async with installation.database.begin() as line:
        await line.execute(text("select 1 from delivery where state = 'sending' for update"))
        server.gate.set()
        await installation.found("select 1 from pg_locks where not granted")
        installation.work.kill()
    await installation.change("update delivery set lease_until = now() where state = 'sending'")
    await installation.work.up()
    settled = "join delivery d on d.message_id = m.id where m.body like :said and d.state = m.status"
    await installation.found(
        f"select 1 from message m {settled} and m.status = 'doubtful'", said=f"number re-{number}%"
    )
