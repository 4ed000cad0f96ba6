from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent, Team, TeamMember
from hub.access.rights import Role
from hub.channels.contract import RawItem, WorkClass
from hub.channels.models import Channel
from hub.delivery.models import Delivery
from hub.demo import commands
from hub.demo.company import point_to_door
from hub.demo.models import DemoMail
from hub.demo.types import Scale
from hub.events.definitions import Direction
from hub.events.log import event_of
from hub.events.models import Entry
from hub.inbox.models import ReadMark
from hub.intake.pipeline import Intake
from hub.routing import actions as routing
from hub.routing.assignment import Assignment
from hub.storage.database import Base, new_id
from hub.storage.embedded_postgres import EmbeddedPostgres
from hub.timeline.models import Blob, Contact, ContactPoint, Conversation, Message, PendingReference
from tests.support.company import Company, open_company
from tests.support.database import make_database

SMALL = Scale(customers=80, conversations=260, days=60)


@pytest.fixture(scope="module")
def shop_url(postgres: EmbeddedPostgres) -> str:
    return make_database(postgres, "shop")


@pytest.fixture
async def company(shop_url: str, tmp_path: Path) -> AsyncIterator[Company]:
    async with open_company(shop_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def shop(company: Company) -> Company:
    await commands.fill(company.context, SMALL)
    return company


def mail(text_: str, *, to: str, sender: str = "Ray <ray@real.test>") -> bytes:
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: Hello\r\nMessage-ID: <{new_id().hex}@real.test>\r\n"
    return f"{head}Date: Sun, 22 Nov 2026 02:00:00 +0000\r\n\r\n{text_}\r\n".encode()


async def arrive(company: Company, channel_id: UUID, raw: bytes) -> None:
    await company.context.shared(Intake).keep(channel_id, [RawItem(dedupe_key=new_id().hex, body=raw)])
    await company.context.shared(Intake).taker.idle()


async def number(session: AsyncSession, entity: type[Base]) -> int:
    return await session.scalar(select(func.count()).select_from(entity)) or 0


async def demo_channel(company: Company, kind: str = "email") -> Channel:
    async with company.session() as session:
        return (await session.scalars(select(Channel).where(Channel.demo, Channel.kind == kind))).one()


async def test_the_shop_has_its_people_channels_and_history(shop: Company) -> None:
    assert await commands.is_present(shop.context)
    assert not await commands.is_empty(shop.context)
    async with shop.session() as session:
        assert await number(session, Contact) == 80
        assert await number(session, Conversation) == 260
        assert await number(session, Message) > 700
        assert set(await session.scalars(select(Team.name))) == {"Sales", "Support", "Returns"}
        people = list(await session.scalars(select(Agent).where(Agent.demo)))
        assert len(people) == 6
        assert not [one for one in people if one.password_hash], "nobody can sign in"
        owner = (await session.scalars(select(Agent).where(Agent.role == Role.OWNER))).one()
        joined = select(func.count()).select_from(TeamMember).where(TeamMember.agent_id == owner.id)
        assert await session.scalar(joined) == 3
        marked = (Contact, Conversation, Team, Channel)
        assert not any([await session.scalar(select(one.id).where(~one.demo).limit(1)) for one in marked])


async def test_the_channels_of_the_shop_have_been_used(shop: Company) -> None:
    for kind in ("email", "webchat"):
        channel = await demo_channel(shop, kind)
        assert channel.last_in_at is not None
        assert channel.last_out_at is not None


async def test_the_books_of_the_shop_balance(shop: Company) -> None:
    await shop.check()
    async with shop.session() as session:
        wrong = await session.scalars(
            text(
                "select c.id from conversation c join lateral ("
                "select count(*) filter (where direction = 'inbound') heard,"
                " count(*) filter (where direction = 'outbound') answered,"
                " max(at) filter (where direction <> 'internal') last_at"
                " from message where conversation_id = c.id) m on true"
                " where (c.inbound_count, c.reply_count, c.last_at) is distinct from (m.heard, m.answered, m.last_at)"
                " or (c.state = 'resolved') <> (c.resolved_at is not null)"
                " or (c.state = 'snoozed') <> (c.snoozed_until is not null)"
                " or (c.wrap_up is not null and c.state <> 'resolved')"
                " or (c.waiting_since is not null and c.state = 'resolved')"
                " or (c.state <> 'resolved' and not exists (select from work_item w where w.conversation_id = c.id))",
            )
        )
        assert not list(wrong)
        outbound = select(func.count()).select_from(Message).where(Message.direction == "outbound")
        assert await number(session, Delivery) == await session.scalar(outbound)
        assert set(await session.scalars(select(Delivery.state))) <= {"sent", "failed", "doubtful"}
        over = select(ReadMark).join(Conversation, Conversation.id == ReadMark.conversation_id)
        assert not list(await session.scalars(over.where(ReadMark.inbound_read > Conversation.inbound_count)))


async def test_the_tags_of_the_shop_are_those_that_were_added(shop: Company) -> None:
    async with shop.session() as session:
        tags = {row.id: row.tags for row in await session.scalars(select(Conversation))}
        added: dict[UUID, list[str]] = {}
        for line in await session.scalars(select(Entry).where(Entry.event["type"].astext == "tags_changed")):
            added.setdefault(line.conversation_id or new_id(), []).extend(line.event["added"])
    assert {id_: some for id_, some in tags.items() if some} == added
    assert any(len(some) > 1 for some in added.values())


async def test_every_event_of_the_shop_can_be_read_and_stands_at_its_own_time(shop: Company) -> None:
    async with shop.session() as session:
        lines = list(await session.scalars(select(Entry).where(Entry.conversation_id.is_not(None))))
        opened = {row.id: row.opened_at for row in await session.scalars(select(Conversation))}
        now = await session.scalar(select(func.now()))
    assert now is not None
    assert {type(event_of(line)).__name__ for line in lines} >= {
        "ConversationOpened",
        "MessageReceived",
        "MessageQueued",
        "MessageStatusChanged",
        "NoteAdded",
        "ConversationAssigned",
        "ConversationResolved",
        "TagsChanged",
    }
    assert all(line.conversation_id and opened[line.conversation_id] <= line.at <= now for line in lines)


async def test_filling_twice_is_filling_once(shop: Company) -> None:
    await commands.fill(shop.context, SMALL)
    async with shop.session() as session:
        assert await number(session, Contact) == 80


async def test_a_failure_in_the_middle_leaves_nothing(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def full(done: float) -> None:
        calls.append(done)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(commands.Bar, "show", lambda _, done: full(done))
        with pytest.raises(Exception, match=r".+"):
            await commands.fill(company.context, SMALL)
    assert calls
    assert await commands.is_empty(company.context)
    assert not await commands.is_present(company.context)
    await commands.fill(company.context, SMALL)
    await company.check()


async def test_clearing_leaves_no_demo_row(shop: Company) -> None:
    async with shop.session() as session:
        session.add(DemoMail(address="ana.garcia@customers.example", raw=b"x"))
    await commands.clear(shop.context)
    assert not await commands.is_present(shop.context)
    async with shop.session() as session:
        names = await session.scalars(
            text(
                "select table_name from information_schema.columns"
                " where column_name = 'demo' and table_schema = 'public'",
            )
        )
        for name in list(names):
            assert await session.scalar(text(f'select count(*) from "{name}" where demo')) == 0, name
        for name in (
            "conversation",
            "contact",
            "contact_point",
            "message",
            "attachment",
            "blob",
            "delivery",
            "mention",
            "read_mark",
            "work_item",
            "reservation",
            "arrival",
            "visitor",
            "demo_mail",
            "channel",
            "team",
        ):
            assert await session.scalar(text(f'select count(*) from "{name}"')) == 0, name
        assert await session.scalar(text("select count(*) from entry where conversation_id is not null")) == 0
    await shop.check()
    await commands.fill(shop.context, SMALL)
    await shop.check()


async def test_clearing_deletes_unsent_files_too(company: Company) -> None:
    await commands.fill(company.context, Scale(customers=2, conversations=2, days=5))
    await commands.clear(company.context)
    async with company.session() as session:
        assert await number(session, Blob) == 0


async def test_clearing_leaves_real_conversations_as_they_were(shop: Company) -> None:
    team = await shop.team("Our own")
    channel_id = await shop.channel("email", "real@hub.test")
    async with shop.session() as session:
        ours = update(Channel).where(Channel.id == channel_id)
        await session.execute(ours.values(team_id=team))
    await arrive(shop, channel_id, mail("I am real.", to="real@hub.test"))
    async with shop.session() as session:
        before = (await session.scalars(select(Conversation).where(~Conversation.demo))).one()
        by_demo = (await demo_channel(shop)).id
        session.add(PendingReference(email_id="<not-come@x.test>", conversation_id=before.id, channel_id=by_demo))
    await commands.clear(shop.context)
    async with shop.session() as session:
        after = (await session.scalars(select(Conversation))).one()
        assert (after.id, after.version, after.waiting_since) == (before.id, before.version, before.waiting_since)
        assert [m.body.strip() for m in await session.scalars(select(Message))] == ["I am real."]
        assert await number(session, ContactPoint) == 1
    assert await shop.waiting(team) == 1
    await shop.check()


async def test_what_a_person_writes_to_the_shop_is_demo_too(shop: Company) -> None:
    channel = await demo_channel(shop)
    await arrive(shop, channel.id, mail("Just trying.", to=channel.address))
    async with shop.session() as session:
        point = (await session.scalars(select(ContactPoint).where(ContactPoint.value == "ray@real.test"))).one()
        assert (await session.get_one(Contact, point.contact_id)).demo
    await commands.clear(shop.context)
    async with shop.session() as session:
        assert await number(session, Message) == 0


async def test_real_work_of_demo_people_goes_back_to_its_queue(shop: Company) -> None:
    channel_id = await shop.channel("email", "real@hub.test")
    await arrive(shop, channel_id, mail("Who reads this?", to="real@hub.test"))
    async with shop.session() as session:
        conversation = (await session.scalars(select(Conversation).where(~Conversation.demo).with_for_update())).one()
        marta = (await session.scalars(select(Agent).where(Agent.name == "Marta Ruiz"))).one()
        assignment = Assignment(agent_id=marta.id, reasons=("assigned",))
        team = (await session.scalars(select(Team).where(Team.name == "Sales"))).one()
        await routing.take(session, conversation, WorkClass.ASYNC, assignment, team_id=team.id)
        session.add(
            Message(
                conversation_id=conversation.id,
                contact_id=conversation.contact_id,
                at=conversation.last_at,
                direction=Direction.INTERNAL,
                agent_id=marta.id,
                body="I know this customer.",
            )
        )
    await commands.clear(shop.context)
    await shop.check()
    assert await shop.waiting(None) == 1
    async with shop.session() as session:
        kept = (await session.scalars(select(Agent).where(Agent.name == "Marta Ruiz"))).one()
        assert kept.disabled_at
        assert not kept.demo


async def test_the_mailbox_follows_the_mail_server_to_another_port(shop: Company) -> None:
    before = await demo_channel(shop)
    object.__setattr__(shop.context, "settings", replace(shop.context.settings, smtp_port=40_025))
    await point_to_door(shop.context)
    after = await demo_channel(shop)
    assert (after.settings["smtp_port"], after.version) == (40_025, before.version + 1)
    await point_to_door(shop.context)
    assert (await demo_channel(shop)).version == after.version
