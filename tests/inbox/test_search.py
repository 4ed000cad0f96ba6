"""Search for customers: by the beginning of any word of the name, in any order, and by address."""

import pytest
from sqlalchemy import text

from hub.access.rights import Role, Viewer
from hub.inbox import queries, search
from hub.storage.database import new_id
from hub.timeline.models import Contact, ContactPoint
from tests.support.outbox import Outbox

SOMEBODY = Viewer(agent_id=new_id(), role=Role.SUPERVISOR)
NAMES = {
    "Ana María O'Brien-Ruiz": "ana.ruiz@customer.example",
    "Bert 100% Cotton": "bert_cotton@customer.example",
    "ann@elsewhere.example": "ann@elsewhere.example",
}


@pytest.fixture
async def customers(outbox: Outbox) -> Outbox:
    async with outbox.context.transaction() as session:
        for name, address in NAMES.items():
            contact = Contact(name=name)
            session.add(contact)
            await session.flush()
            session.add(ContactPoint(contact_id=contact.id, scheme="mailto", value=address, display=address))
    return outbox


async def found(outbox: Outbox, words: str) -> set[str]:
    async with outbox.context.transaction() as session:
        return {one.name for one in (await search.search(session, SOMEBODY, words)).contacts} & set(NAMES)


@pytest.mark.parametrize("words", ["ana", "MARÍA", "ruiz", "o'b", "brien-r", "Ruiz An", "ana maría o", "ana.ruiz@cus"])
async def test_a_customer_is_found_by_the_beginnings_of_words(customers: Outbox, words: str) -> None:
    assert await found(customers, words) == {"Ana María O'Brien-Ruiz"}


@pytest.mark.parametrize("words, name", [("100%", "Bert 100% Cotton"), ("ann@els", "ann@elsewhere.example")])
async def test_signs_in_a_name_are_read_as_they_stand(customers: Outbox, words: str, name: str) -> None:
    assert await found(customers, words) == {name}


@pytest.mark.parametrize("words", ["'", "' | '", "---", ":*", "x & !y", "\\'", "\\", "<->", "x\0y", "bert%cotton"])
async def test_odd_characters_find_no_customer_and_break_nothing(customers: Outbox, words: str) -> None:
    assert await found(customers, words) == set()


async def test_the_counts_are_read_from_an_index_alone(outbox: Outbox) -> None:
    seen: list[str] = []
    async with outbox.context.transaction() as session:
        await session.execute(text("set local enable_seqscan = off"))
        await session.execute(text("set local enable_bitmapscan = off"))
        await queries.tally(session)
        lines = await session.scalars(
            text(
                "explain select team_id, assignee_id, last_channel_id, state, count(*) from conversation"
                " where state <> 'resolved' group by 1, 2, 3, 4"
            )
        )
        seen.extend(lines)
    assert any("Index Only Scan using conversation_tally_idx" in line for line in seen)
