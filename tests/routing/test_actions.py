"""The actions of routing, on a real database."""

from sqlalchemy import select

from hub.channels.contract import WorkClass
from hub.events.definitions import ConversationAssigned, Intent
from hub.routing import actions, router
from hub.routing.models import Reservation, WorkItem
from hub.routing.worker import sweep
from hub.timeline.models import Conversation
from tests.support.company import Company


async def test_a_new_item_goes_to_an_agent_of_the_team_with_the_reasons(company: Company) -> None:
    sales, support = await company.team("Sales"), await company.team("Support")
    ann, _ = await company.agent(sales), await company.agent(support)
    conversation = await company.conversation(sales)
    await company.arrive(conversation)
    assert await company.waiting(sales) == 1
    assert await router.poll(company.context, {sales}) == 1
    found, item = await company.the(conversation), await company.item(conversation)
    assert item is not None
    assert (found.assignee_id, item.agent_id, item.state) == (ann, ann, "accepted")
    reasons = ("member_of:Sales", "room:8/8", "only_one_free")
    assert found.assigned_why == list(reasons)
    assert await company.events(conversation) == [ConversationAssigned(agent_id=ann, team_id=sales, reasons=reasons)]
    async with company.session() as session:
        reservation = (await session.scalars(select(Reservation))).one()
    assert (reservation.state, tuple(reservation.reasons), reservation.id) == ("accepted", reasons, item.reservation_id)
    await company.check()


async def test_a_conversation_of_no_team_goes_to_anybody(company: Company) -> None:
    ann = await company.agent(await company.team())
    conversation = await company.conversation()
    await company.arrive(conversation)
    await router.poll(company.context, {None})
    assert (await company.the(conversation)).assignee_id == ann


async def test_agents_who_are_away_or_offline_or_full_get_no_work(company: Company) -> None:
    team = await company.team()
    await company.agent(team, intent=Intent.AWAY)
    await company.leaves(await company.agent(team))
    await company.cap(await company.agent(team), WorkClass.ASYNC, 0)
    conversation = await company.conversation(team)
    await company.arrive(conversation)
    assert await sweep(company.context) == 0
    assert await company.waiting(team) == 1
    await company.check()


async def test_work_is_spread_evenly_and_stops_at_the_cap(company: Company) -> None:
    team = await company.team()
    agents = [await company.agent(team) for _ in range(3)]
    async with company.session() as session:
        fresh = [(one, team, WorkClass.LIVE) for one in [await company.conversation(team) for _ in range(11)]]
        await actions.enqueue_many(session, fresh)
    assert await router.poll(company.context) == 9
    assert [await company.used(agent, WorkClass.LIVE) for agent in agents] == [3, 3, 3]
    assert await company.waiting(team) == 2
    await company.check()


async def test_the_oldest_waits_the_least(company: Company) -> None:
    team = await company.team()
    conversations = [await company.conversation(team) for _ in range(5)]
    for conversation in conversations:
        await company.arrive(conversation)
    ann = await company.agent(team)
    await company.cap(ann, WorkClass.ASYNC, 2)
    await router.poll(company.context)
    owners = [(await company.the(conversation)).assignee_id for conversation in conversations]
    assert owners == [ann, ann, None, None, None]


async def test_a_class_that_is_full_does_not_hide_another(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    await company.cap(ann, WorkClass.ASYNC, 0)
    for _ in range(3):
        await company.arrive(await company.conversation(team))
    chat = await company.conversation(team)
    await company.arrive(chat, WorkClass.LIVE)
    await router.poll(company.context)
    assert (await company.the(chat)).assignee_id == ann


async def test_a_batch_is_queued_once_however_often_it_comes(company: Company) -> None:
    team = await company.team()
    teams = [*[team] * 20, None]
    fresh = [(await company.conversation(one), one, WorkClass.ASYNC) for one in teams]
    for _ in range(2):
        async with company.session() as session:
            await actions.enqueue_many(session, fresh)
    assert (await company.waiting(team), await company.waiting(None)) == (20, 1)
    await company.check()


async def test_a_manual_take_may_exceed_the_cap_and_says_so(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team, intent=Intent.AWAY)
    await company.cap(ann, WorkClass.ASYNC, 1)
    first, second = await company.conversation(team), await company.conversation(team)
    await company.arrive(first)
    await company.assign_to(first, ann)
    await company.assign_to(second, ann)
    items = [await company.item(first), await company.item(second)]
    assert [item.over_cap for item in items if item] == [False, True]
    assert await company.waiting(team) == 0
    await company.check()


async def test_taking_from_a_colleague_frees_their_hand(company: Company) -> None:
    team = await company.team()
    ann, ben = await company.agent(team), await company.agent(team)
    conversation = await company.conversation(team)
    await company.assign_to(conversation, ann)
    await company.assign_to(conversation, ben)
    assert (await company.used(ann), await company.used(ben)) == (0, 1)
    await company.check()


async def test_a_release_ends_the_episode_and_the_next_knows_the_last(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    conversation = await company.conversation(team)
    await company.assign_to(conversation, ann)
    before = await company.item(conversation)
    async with company.session() as session:
        loaded = await session.get_one(Conversation, conversation, with_for_update={"key_share": True})
        await actions.release(session, loaded)
    assert (await company.item(conversation), await company.used(ann)) == (None, 0)
    await company.arrive(conversation)
    after = await company.item(conversation)
    assert before is not None
    assert after is not None
    assert (after.previous_id, after.agent_id) == (before.id, ann)
    await company.check()


async def test_a_transfer_keeps_the_place_in_the_queue(company: Company) -> None:
    sales, support = await company.team("Sales"), await company.team("Support")
    ann, ben = await company.agent(sales), await company.agent(support)
    conversation = await company.conversation(sales)
    await company.arrive(conversation)
    before = await company.item(conversation)
    await router.poll(company.context)
    async with company.session() as session:
        loaded = await session.get_one(Conversation, conversation, with_for_update={"key_share": True})
        await actions.transfer(session, loaded, WorkClass.ASYNC, support, by=ann)
    after = await company.item(conversation)
    assert before is not None
    assert after is not None
    assert (after.key, after.previous_id, after.state) == (before.key, before.id, "queued")
    await company.check()
    await router.poll(company.context)
    found = await company.the(conversation)
    assert (found.team_id, found.assignee_id) == (support, ben)
    assert await company.used(ann) == 0
    await company.check()


async def test_a_thing_that_moved_meanwhile_is_not_moved_twice(company: Company) -> None:
    team = await company.team()
    await company.agent(team)
    conversation = await company.conversation(team)
    await company.arrive(conversation)
    async with company.session() as session:
        item = (await session.scalars(select(WorkItem))).one()
    assert await router.poll(company.context) == 1
    assert await router.poll(company.context) == 0
    assert (await company.item(conversation) or item).version == item.version + 1
