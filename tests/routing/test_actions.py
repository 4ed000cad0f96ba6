"""The verbs of routing, on a real database."""

from sqlalchemy import select

from hub.events.definitions import ConversationAssigned
from hub.routing import actions, router
from hub.routing.models import Reservation, WorkItem
from hub.routing.worker import sweep
from hub.timeline.models import Conversation
from tests.routing.world import World


async def test_what_arrives_goes_to_somebody_of_the_team_with_the_reasons(world: World) -> None:
    sales, support = await world.team("Sales"), await world.team("Support")
    ann, _ = await world.agent(sales), await world.agent(support)
    conversation = await world.conversation(sales)
    await world.arrive(conversation)
    assert await world.waiting(sales) == 1
    assert await router.poll(world.context, {sales}) == 1
    found, item = await world.the(conversation), await world.item(conversation)
    assert item is not None
    assert (found.assignee_id, item.agent_id, item.state) == (ann, ann, "accepted")
    reasons = ("member_of:Sales", "room:8/8", "only_one_free")
    assert found.assigned_why == list(reasons)
    assert await world.events(conversation) == [ConversationAssigned(agent_id=ann, team_id=sales, reasons=reasons)]
    async with world.session() as session:
        reservation = (await session.scalars(select(Reservation))).one()
    assert (reservation.state, tuple(reservation.reasons), reservation.id) == ("accepted", reasons, item.reservation_id)
    await world.check()


async def test_a_conversation_of_no_team_goes_to_anybody(world: World) -> None:
    ann = await world.agent(await world.team())
    conversation = await world.conversation()
    await world.arrive(conversation)
    await router.poll(world.context, {None})
    assert (await world.the(conversation)).assignee_id == ann


async def test_nobody_who_is_away_or_gone_or_full_is_given_work(world: World) -> None:
    team = await world.team()
    await world.agent(team, intent="away")
    await world.leaves(await world.agent(team))
    await world.cap(await world.agent(team), "async", 0)
    conversation = await world.conversation(team)
    await world.arrive(conversation)
    assert await sweep(world.context) == 0
    assert await world.waiting(team) == 1
    await world.check()


async def test_work_is_spread_evenly_and_stops_at_the_cap(world: World) -> None:
    team = await world.team()
    agents = [await world.agent(team) for _ in range(3)]
    async with world.session() as session:
        fresh = [(one, team, "live") for one in [await world.conversation(team) for _ in range(11)]]
        await actions.enqueue_many(session, fresh)
    assert await router.poll(world.context) == 9
    assert [await world.used(agent, "live") for agent in agents] == [3, 3, 3]
    assert await world.waiting(team) == 2
    await world.check()


async def test_the_oldest_waits_the_least(world: World) -> None:
    team = await world.team()
    conversations = [await world.conversation(team) for _ in range(5)]
    for conversation in conversations:
        await world.arrive(conversation)
    ann = await world.agent(team)
    await world.cap(ann, "async", 2)
    await router.poll(world.context)
    owners = [(await world.the(conversation)).assignee_id for conversation in conversations]
    assert owners == [ann, ann, None, None, None]


async def test_a_class_that_is_full_does_not_hide_another(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    await world.cap(ann, "async", 0)
    for _ in range(3):
        await world.arrive(await world.conversation(team))
    chat = await world.conversation(team)
    await world.arrive(chat, "live")
    await router.poll(world.context)
    assert (await world.the(chat)).assignee_id == ann


async def test_a_batch_is_queued_once_however_often_it_comes(world: World) -> None:
    team = await world.team()
    teams = [*[team] * 20, None]
    fresh = [(await world.conversation(one), one, "async") for one in teams]
    for _ in range(2):
        async with world.session() as session:
            await actions.enqueue_many(session, fresh)
    assert (await world.waiting(team), await world.waiting(None)) == (20, 1)
    await world.check()


async def test_a_manual_take_may_exceed_the_cap_and_says_so(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team, intent="away")
    await world.cap(ann, "async", 1)
    first, second = await world.conversation(team), await world.conversation(team)
    await world.arrive(first)
    await world.put_in_hands(first, ann)
    await world.put_in_hands(second, ann)
    items = [await world.item(first), await world.item(second)]
    assert [item.over_cap for item in items if item] == [False, True]
    assert await world.waiting(team) == 0
    await world.check()


async def test_taking_from_a_colleague_frees_their_hand(world: World) -> None:
    team = await world.team()
    ann, ben = await world.agent(team), await world.agent(team)
    conversation = await world.conversation(team)
    await world.put_in_hands(conversation, ann)
    await world.put_in_hands(conversation, ben)
    assert (await world.used(ann), await world.used(ben)) == (0, 1)
    await world.check()


async def test_a_release_ends_the_episode_and_the_next_knows_the_last(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await world.put_in_hands(conversation, ann)
    before = await world.item(conversation)
    async with world.session() as session:
        loaded = await session.get_one(Conversation, conversation, with_for_update={"key_share": True})
        await actions.release(session, loaded)
    assert (await world.item(conversation), await world.used(ann)) == (None, 0)
    await world.arrive(conversation)
    after = await world.item(conversation)
    assert before is not None
    assert after is not None
    assert (after.previous_id, after.agent_id) == (before.id, ann)
    await world.check()


async def test_a_transfer_keeps_the_place_in_the_queue(world: World) -> None:
    sales, support = await world.team("Sales"), await world.team("Support")
    ann, ben = await world.agent(sales), await world.agent(support)
    conversation = await world.conversation(sales)
    await world.arrive(conversation)
    before = await world.item(conversation)
    await router.poll(world.context)
    async with world.session() as session:
        loaded = await session.get_one(Conversation, conversation, with_for_update={"key_share": True})
        await actions.transfer(session, loaded, "async", support, by=ann)
    after = await world.item(conversation)
    assert before is not None
    assert after is not None
    assert (after.key, after.previous_id, after.state) == (before.key, before.id, "queued")
    await world.check()
    await router.poll(world.context)
    found = await world.the(conversation)
    assert (found.team_id, found.assignee_id) == (support, ben)
    assert await world.used(ann) == 0
    await world.check()


async def test_a_thing_that_moved_meanwhile_is_not_moved_twice(world: World) -> None:
    team = await world.team()
    await world.agent(team)
    conversation = await world.conversation(team)
    await world.arrive(conversation)
    async with world.session() as session:
        item = (await session.scalars(select(WorkItem))).one()
    assert await router.poll(world.context) == 1
    assert await router.poll(world.context) == 0
    assert (await world.item(conversation) or item).version == item.version + 1
