"""The number of statements of each list, response and batch, which must not grow with the amount of data."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event, func, select

from hub.channels.chat_contract import VisitorMessage, pack
from hub.channels.contract import RawItem
from hub.entrypoints.app import create_app
from hub.intake.pipeline import Intake
from hub.storage.database import new_id, now
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.models import Message
from tests.live.company import MAIL, LiveCompany, another_context, furnished
from tests.support.company import Company, open_company
from tests.support.database import make_database
from tests.support.outbox import more_kinds
from tests.visitors.site import make_chat

Statements = list[str]
COUNTED: ContextVar[Statements | None] = ContextVar("counted", default=None)


@contextmanager
def counting(live: LiveCompany) -> Iterator[Statements]:
    """Count the statements of this test, without those of anything that runs beside it."""
    told: Statements = []

    def tell(_line: object, _cursor: object, statement: str, *_rest: object) -> None:
        counted = COUNTED.get()
        if counted is not None:
            counted.append(" ".join(statement.split()))

    engine, token = live.context.engine.sync_engine, COUNTED.set(told)
    event.listen(engine, "before_cursor_execute", tell)
    try:
        yield told
    finally:
        event.remove(engine, "before_cursor_execute", tell)
        COUNTED.reset(token)


@dataclass
class Counter:
    """A browser whose requests are handled in the test's own task, so that their statements can be told apart."""

    live: LiveCompany
    http: httpx.AsyncClient
    chat: UUID

    async def ask(self, method: str, path: str, body: object = None) -> int:
        """Return the number of statements that a request needs."""
        with counting(self.live) as told:
            answer = await self.http.request(method, f"/api{path}", json=body)
        assert answer.is_success, answer.text
        return len(told)

    async def read(self, path: str) -> int:
        """Return the number of statements that a page needs once caches are warm."""
        await self.ask("GET", path)
        return await self.ask("GET", path)

    async def arrive(self, channel_id: UUID, bodies: Sequence[bytes]) -> int:
        """Return the number of statements that a batch needs."""
        items = [RawItem(dedupe_key=str(new_id()), body=body) for body in bodies]
        before = await self._messages()
        with counting(self.live) as told:
            await self.live.context.shared(Intake).keep(channel_id, items)
            await self.live.context.shared(Intake).taker.idle()
        assert await self._messages() == before + len(bodies)
        return len(told)

    async def _messages(self) -> int:
        async with self.live.company.session() as session:
            return await session.scalar(select(func.count()).select_from(Message)) or 0

    async def mails(self, many: int) -> int:
        """Return mails of this many new customers."""
        return await self.arrive(self.live.mailbox, [mail() for _ in range(many)])

    async def chats(self, many: int) -> int:
        """Return chat messages of this many new visitors."""
        return await self.arrive(self.chat, [chat_message(uuid4()) for _ in range(many)])

    async def lists(self) -> dict[str, int]:
        """Return the number of statements of each list and page of the inbox."""
        listed = (await self.http.get("/api/conversations", params={"view": "unassigned"})).json()["items"]
        path = f"/conversations/{listed[0]['row']['id']}"
        return {
            "inbox": await self.read("/inbox"),
            "conversations": await self.read("/conversations?view=unassigned&limit=200"),
            "conversation": await self.read(path),
            "timeline": await self.read(f"{path}/timeline"),
            "search": await self.read("/search?q=grinder"),
        }


def mail() -> bytes:
    """Return a mail of a new customer."""
    name = new_id()
    return MAIL.format(sender=f"Ann <{name}@x.test>", id=f"<{name}@x.test>", more="", text="It broke.").encode()


def chat_message(visitor: UUID) -> bytes:
    """Return a visitor's message."""
    return pack(
        VisitorMessage(id=uuid4(), visitor=visitor, point=f"v-{visitor}", at=now(), text="Where is my grinder?")
    )


@pytest.fixture(scope="session")
def counts_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "counts")


@pytest.fixture
async def counter(counts_url: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with open_company(counts_url, tmp_path):
        pass
    with more_kinds():
        async with (
            another_context(counts_url, tmp_path) as context,
            furnished(Company(context), "http://127.0.0.1:1") as live,
            browsing(live) as http,
        ):
            chat, _ = await make_chat(live.company)
            yield Counter(live, http, chat)


@asynccontextmanager
async def browsing(live: LiveCompany) -> AsyncIterator[httpx.AsyncClient]:
    """Return Olga's browser, whose requests are handled in the caller's own task."""
    cookie, csrf = await live.opened("olga")
    base = f"http://{live.base}"
    headers = {"Origin": base, "X-CSRF-Token": csrf, "Cookie": f"hub_session={cookie}"}
    transport = httpx.ASGITransport(cast("Any", create_app(live.context)))
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as http:
        yield http


LISTS = {"inbox": 9, "conversations": 3, "conversation": 8, "timeline": 5, "search": 4}  # incl. 2 for the rights
REPLY = 23
MAILS = 17
CHATS = 17


async def test_a_list_needs_as_many_statements_for_many_conversations_as_for_few(counter: Counter) -> None:
    await counter.mails(5)
    assert await counter.lists() == LISTS
    await counter.mails(50)
    await counter.chats(50)
    assert await counter.lists() == LISTS


async def test_a_reply_needs_a_fixed_number_of_statements(counter: Counter) -> None:
    counts = []
    for _ in range(3):
        customer = await counter.live.customer()
        counts.append(await counter.ask("POST", f"{customer.path}/replies", customer.reply()))
    assert counts[1:] == [REPLY] * 2


@pytest.mark.parametrize("many", [5, 50])
async def test_a_batch_of_mails_needs_the_same_number_of_statements_at_any_size(counter: Counter, many: int) -> None:
    await counter.mails(1)
    assert await counter.mails(many) == MAILS


@pytest.mark.parametrize("many", [5, 50])
async def test_a_batch_of_chat_messages_asks_as_many_questions_whatever_its_size(counter: Counter, many: int) -> None:
    await counter.chats(1)
    assert await counter.chats(many) == CHATS
