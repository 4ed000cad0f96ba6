"""Intake from arrival to timeline, on a real database with the real channels."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from hub.access.rights import Role, Viewer
from hub.channels.contract import RawItem
from hub.events.definitions import State
from hub.inbox import queries
from hub.intake import arrivals, pipeline
from hub.intake.arrival_store import ArrivalStore
from hub.intake.models import Arrival
from hub.intake.pipeline import Intake
from hub.storage.database import new_id, now
from hub.timeline import history, merging
from hub.timeline.models import Attachment, Contact, ContactPoint, Conversation
from hub.timeline.schemas import MessageItem
from tests.intake.steps import messages, take
from tests.support.company import Company

HEADERS = "From: {sender}\r\nTo: help@hub.test\r\nSubject: {subject}\r\nMessage-ID: {id}\r\n{more}\r\n{text}\r\n"


def mail(
    text: str,
    *,
    sender: str = "Ana <ana@x.test>",
    id_: str = "<1@x.test>",
    subject: str = "Grinder",
    more: str = "",
) -> bytes:
    return HEADERS.format(sender=sender, subject=subject, id=id_, text=text, more=more).encode()


@pytest.fixture
async def mailbox(company: Company) -> UUID:
    return await company.channel("email", "help@hub.test")


async def count(company: Company, entity: type[object]) -> int:
    async with company.session() as session:
        return await session.scalar(select(func.count()).select_from(entity)) or 0


async def test_a_mail_becomes_a_message_of_a_new_customer_in_a_queue(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("It is broken."))
    [message] = await messages(company)
    conversation = await company.load_conversation(message.conversation_id)
    assert (message.body, conversation.subject, conversation.inbound_count) == ("It is broken.", "Grinder", 1)
    assert conversation.waiting_since == message.at
    item = await company.item(conversation.id)
    assert item is not None
    assert item.state == "queued"
    await company.check()


async def test_a_second_copy_of_a_message_is_ignored(company: Company, mailbox: UUID) -> None:
    for _ in range(3):
        await take(company, mailbox, mail("It is broken."))
    assert len(await messages(company)) == 1
    assert await count(company, Arrival) == 1


async def test_copies_that_come_at_the_same_moment_are_one(company: Company, mailbox: UUID) -> None:
    one = RawItem(dedupe_key="k", body=mail("Hello"))
    taken = await asyncio.gather(*(company.context.shared(Intake).receive(mailbox, [one]) for _ in range(20)))
    await company.context.shared(Intake).processor.wait_until_idle()
    assert sum(answer.is_new for [answer] in taken) == 1
    assert len(await messages(company)) == 1


async def test_an_answer_joins_the_conversation_of_the_mail_it_answers(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("One", id_="<a@x>"), mail("Two", id_="<b@x>"))
    await take(company, mailbox, mail("More", id_="<c@x>", subject="Re: Grinder", more="In-Reply-To: <a@x>\r\n"))
    one, two, more = await messages(company)
    assert more.conversation_id == one.conversation_id != two.conversation_id


async def test_an_answer_in_the_same_batch_finds_its_conversation(company: Company, mailbox: UUID) -> None:
    answer = mail("More", id_="<c@x>", more="References: <a@x>\r\n")
    await take(company, mailbox, mail("One", id_="<a@x>"), answer)
    one, more = await messages(company)
    assert more.conversation_id == one.conversation_id


async def test_mail_that_overtakes_mail_makes_one_conversation(company: Company, mailbox: UUID) -> None:
    third = mail("Three", id_="<c@x>", more="In-Reply-To: <b@x>\r\nReferences: <a@x> <b@x>\r\n")
    second = mail("Two", id_="<b@x>", more="In-Reply-To: <a@x>\r\n")
    for body in (third, mail("One", id_="<a@x>"), second):
        await take(company, mailbox, body)
    assert len({message.conversation_id for message in await messages(company)}) == 1


async def test_the_same_subject_alone_is_another_conversation(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("One", id_="<a@x>"), mail("Two", id_="<b@x>", subject="Re: Grinder"))
    one, two = await messages(company)
    assert one.conversation_id != two.conversation_id


async def test_a_stranger_who_knows_a_message_id_does_not_get_in(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("One", id_="<a@x>"))
    stranger = mail("Let me in", id_="<s@y>", sender="Eve <eve@y.test>", more="In-Reply-To: <a@x>\r\n")
    await take(company, mailbox, stranger)
    one, foreign = await messages(company)
    assert one.conversation_id != foreign.conversation_id


async def test_an_answer_stays_in_its_own_mailbox_when_two_hold_the_same_message(
    company: Company, mailbox: UUID
) -> None:
    other = await company.channel("email", "sales@hub.test")
    await take(company, mailbox, mail("To both", id_="<a@x>"))
    await take(company, other, mail("To both", id_="<a@x>"))
    await take(company, mailbox, mail("More", id_="<b@x>", more="In-Reply-To: <a@x>\r\n"))
    first, second, more = await messages(company)
    assert more.conversation_id == first.conversation_id != second.conversation_id


async def test_the_reply_address_of_a_conversation_is_enough(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("One", id_="<a@x>"))
    [one] = await messages(company)
    key = (await company.load_conversation(one.conversation_id)).reply_key
    body = mail("Two", id_="<b@x>").replace(b"help@hub.test", f"help+{key}@hub.test".encode())
    await take(company, mailbox, body)
    assert (await messages(company))[1].conversation_id == one.conversation_id


async def test_an_answer_reopens_a_resolved_conversation(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("One", id_="<a@x>"))
    [one] = await messages(company)
    async with company.session() as session:
        await session.execute(update(Conversation).values(state="resolved", resolved_at=now()))
    await take(company, mailbox, mail("Still broken", id_="<b@x>", more="In-Reply-To: <a@x>\r\n"))
    conversation = await company.load_conversation(one.conversation_id)
    assert (conversation.state, conversation.inbound_count) == (State.OPEN, 2)


async def test_an_automatic_mail_reopens_nothing(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("One", id_="<a@x>"))
    [one] = await messages(company)
    async with company.session() as session:
        await session.execute(update(Conversation).values(state="resolved", resolved_at=now(), waiting_since=None))
    away = mail("I am away", id_="<b@x>", more="In-Reply-To: <a@x>\r\nAuto-Submitted: auto-replied\r\n")
    await take(company, mailbox, away)
    conversation = await company.load_conversation(one.conversation_id)
    assert (conversation.state, conversation.waiting_since) == (State.RESOLVED, None)
    assert (await messages(company))[1].automatic


async def test_a_poisonous_arrival_harms_no_neighbour_and_leaves_a_placeholder(company: Company, mailbox: UUID) -> None:
    poison = b"From: \x00\xff<" + b"\x00" * 40
    await take(company, mailbox, mail("Before", id_="<a@x>"), poison, mail("After", id_="<b@x>"))
    texts = [message.body for message in await messages(company)]
    assert {"Before", "After"} <= set(texts)
    assert len(texts) == 3


async def test_arrivals_of_a_dead_process_are_processed_by_another(company: Company, mailbox: UUID) -> None:
    store = ArrivalStore(company.context)
    await store.add(mailbox, [RawItem(dedupe_key="k", body=mail("Hello"))], meta={}, bookmark=None)
    async with company.session() as session:
        await session.execute(update(Arrival).values(due_at=now()))
    await pipeline.process(
        company.context,
        company.context.shared(Intake).parser,
        await arrivals.claim(company.context, company.context.shared(Intake).parser),
    )
    assert [message.body for message in await messages(company)] == ["Hello"]
    assert await arrivals.claim(company.context, company.context.shared(Intake).parser) == []


async def test_the_newest_message_is_shown_though_an_older_one_is_processed_after_it(
    company: Company, mailbox: UUID
) -> None:
    company.context.shared(Intake).store.for_other_processes = True
    await take(company, mailbox, mail("First."), mail("Second.", id_="<2@x.test>", more="In-Reply-To: <1@x.test>\r\n"))
    for one in reversed(await arrivals.claim(company.context, company.context.shared(Intake).parser)):
        await pipeline.process(company.context, company.context.shared(Intake).parser, [one])
    async with company.session() as session:
        found = (await session.scalars(select(Conversation))).one()
    assert (found.preview, found.last_at) == ("Second.", (await messages(company))[-1].at)


async def test_attachments_are_stored_with_their_message(company: Company, mailbox: UUID) -> None:
    body = (
        b"From: a@x.test\r\nTo: help@hub.test\r\nMessage-ID: <a@x>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee file\r\n'
        b'--b\r\nContent-Type: text/csv; name="x.csv"\r\nContent-Disposition: attachment; filename="x.csv"\r\n\r\n'
        b"1,2,3\r\n--b--\r\n"
    )
    await take(company, mailbox, body)
    [message] = await messages(company)
    async with company.session() as session:
        [file] = await session.scalars(select(Attachment))
    assert (file.message_id, file.filename, message.has_files) == (message.id, "x.csv", True)


async def test_ten_processes_make_one_contact_of_one_address(company: Company, mailbox: UUID) -> None:
    bodies = [mail(f"Number {n}", id_=f"<{n}@x>") for n in range(40)]
    arrivals = [RawItem(dedupe_key=str(n), body=body) for n, body in enumerate(bodies)]
    stored = await ArrivalStore(company.context).add(mailbox, arrivals, meta={}, bookmark=None)
    fresh = [arrival for _, arrival in stored if arrival is not None]
    await asyncio.gather(
        *(pipeline.process(company.context, company.context.shared(Intake).parser, fresh[n::8]) for n in range(8))
    )
    assert len(await messages(company)) == 40
    assert await count(company, ContactPoint) == await count(company, Contact) == 1


async def test_a_merge_moves_everything_and_can_be_taken_back(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("A", id_="<a@x>"), mail("B", id_="<b@x>", sender="Bo <bo@y.test>"))
    first, second = await messages(company)
    async with company.session() as session:
        await merging.merge(session, second.contact_id, first.contact_id, reason="by_agent")
    assert {message.contact_id for message in await messages(company)} == {first.contact_id}
    async with company.session() as session:
        assert await merging.unmerge(session, second.contact_id) == first.contact_id
    assert [message.contact_id for message in await messages(company)] == [first.contact_id, second.contact_id]


async def test_the_timeline_pages_without_gap_or_double(company: Company, mailbox: UUID) -> None:
    answers = [mail(f"{n}", id_=f"<{n}@x>", more=f"In-Reply-To: <{n - 1}@x>\r\n") for n in range(25)]
    await take(company, mailbox, *answers)
    viewer = Viewer(agent_id=new_id(), role=Role.SUPERVISOR)
    [first, *_] = await messages(company)
    texts: list[str] = []
    before: str | None = None
    async with company.session() as session:
        while True:
            page = await history.timeline(session, viewer, first.conversation_id, before=before, limit=7)
            texts = [item.text for item in page.items if isinstance(item, MessageItem)] + texts
            before = page.previous
            if before is None:
                break
    assert texts == [str(n) for n in range(25)]


async def test_a_conversation_is_opened_before_its_first_message_is_said(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, mail("Hello"))
    viewer = Viewer(agent_id=new_id(), role=Role.SUPERVISOR)
    [first] = await messages(company)
    async with company.session() as session:
        page = await history.timeline(session, viewer, first.conversation_id)
    assert [type(item).__name__ for item in page.items] == ["EventItem", "MessageItem"]
    assert not first.full_body


async def test_a_list_shows_a_view_in_pages(company: Company, mailbox: UUID) -> None:
    await take(company, mailbox, *(mail(f"{n}", id_=f"<{n}@x>") for n in range(9)))
    viewer = Viewer(agent_id=new_id(), role=Role.AGENT)
    seen: list[str] = []
    after: str | None = None
    async with company.session() as session:
        while True:
            page = await queries.page(session, viewer, "unassigned", after=after, limit=4)
            seen += [one.row.preview for one in page.items]
            after = page.next
            if after is None:
                break
    assert seen == [str(n) for n in reversed(range(9))]
