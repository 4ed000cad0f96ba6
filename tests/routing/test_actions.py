"""The verbs of routing, on a real database."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from hub.access.models import Agent, Team
from hub.database import now
from hub.routing import actions, clocks
from hub.routing.clocks import sweep
from hub.routing.desks import seen, set_intent
from hub.routing.handing import Handing
from hub.routing.models import Desk, Reservation, WorkItem
from hub.routing.queues import EVERYBODY, queue_for
from hub.timeline.events import (
    AvailabilityChanged,
    ConversationAssigned,
    ConversationWoken,
    State,
)
from hub.timeline.models import Conversation
from tests.routing.world import World


async def arrive(world: World, conversation_id: UUID, work_class: str = "async") -> None:
    async with world.session() as session:
        conversation = await session.get_one(Conversation, conversation_id, with_for_update={"key_share": True})
        await actions.inbound_arrived(session, conversation, work_class)


async def put_in_hands(world: World, conversation_id: UUID, agent_id: UUID, work_class: str = "async") -> None:
    async with world.session() as session:
        conversation = await session.get_one(Conversation, conversation_id, with_for_update={"key_share": True})
        handing = Handing(agent_id=agent_id, reasons=("claimed",), by=agent_id)
        await actions.take(session, conversation, work_class, handing)


async def snooze(world: World, conversation_id: UUID) -> None:
    async with world.session() as session:
        conversation = await session.get_one(Conversation, conversation_id, with_for_update={"key_share": True})
        conversation.state, conversation.snoozed_until = State.SNOOZED, now() + timedelta(hours=1)
        await actions.pause(session, conversation)


async def test_what_arrives_goes_to_somebody_of_the_team_with_the_reasons(world: World) -> None:
    sales, support = await world.team("Sales"), await world.team("Support")
    ann, _ = await world.agent(sales), await world.agent(support)
    conversation = await world.conversation(sales)
    await arrive(world, conversation)
    assert await world.waiting(sales) == 1
    assert await actions.look(world.ground, {sales}) == 1
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
    await arrive(world, conversation)
    await actions.look(world.ground, {None})
    assert (await world.the(conversation)).assignee_id == ann


async def test_nobody_who_is_away_or_gone_or_full_is_given_work(world: World) -> None:
    team = await world.team()
    await world.agent(team, intent="away")
    await world.leaves(await world.agent(team))
    await world.cap(await world.agent(team), "async", 0)
    conversation = await world.conversation(team)
    await arrive(world, conversation)
    assert await sweep(world.ground) == 0
    assert await world.waiting(team) == 1
    await world.check()


async def test_work_is_spread_evenly_and_stops_at_the_cap(world: World) -> None:
    team = await world.team()
    agents = [await world.agent(team) for _ in range(3)]
    async with world.session() as session:
        fresh = [(one, team, "live") for one in [await world.conversation(team) for _ in range(11)]]
        await actions.enqueue_many(session, fresh)
    assert await actions.look(world.ground) == 9
    assert [await world.used(agent, "live") for agent in agents] == [3, 3, 3]
    assert await world.waiting(team) == 2
    await world.check()


async def test_the_oldest_waits_the_least(world: World) -> None:
    team = await world.team()
    conversations = [await world.conversation(team) for _ in range(5)]
    for conversation in conversations:
        await arrive(world, conversation)
    ann = await world.agent(team)
    await world.cap(ann, "async", 2)
    await actions.look(world.ground)
    owners = [(await world.the(conversation)).assignee_id for conversation in conversations]
    assert owners == [ann, ann, None, None, None]


async def test_a_class_that_is_full_does_not_hide_another(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    await world.cap(ann, "async", 0)
    for _ in range(3):
        await arrive(world, await world.conversation(team))
    chat = await world.conversation(team)
    await arrive(world, chat, "live")
    await actions.look(world.ground)
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
    await arrive(world, first)
    await put_in_hands(world, first, ann)
    await put_in_hands(world, second, ann)
    items = [await world.item(first), await world.item(second)]
    assert [item.over_cap for item in items if item] == [False, True]
    assert await world.waiting(team) == 0
    await world.check()


async def test_taking_from_a_colleague_frees_their_hand(world: World) -> None:
    team = await world.team()
    ann, ben = await world.agent(team), await world.agent(team)
    conversation = await world.conversation(team)
    await put_in_hands(world, conversation, ann)
    await put_in_hands(world, conversation, ben)
    assert (await world.used(ann), await world.used(ben)) == (0, 1)
    await world.check()


async def test_a_release_ends_the_episode_and_the_next_knows_the_last(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await put_in_hands(world, conversation, ann)
    before = await world.item(conversation)
    async with world.session() as session:
        loaded = await session.get_one(Conversation, conversation, with_for_update={"key_share": True})
        await actions.release(session, loaded)
    assert (await world.item(conversation), await world.used(ann)) == (None, 0)
    await arrive(world, conversation)
    after = await world.item(conversation)
    assert before is not None
    assert after is not None
    assert (after.previous_id, after.agent_id) == (before.id, ann)
    await world.check()


async def test_what_comes_back_while_its_owner_is_gone_waits_for_anybody(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    await world.leaves(ann)
    conversation = await world.conversation(team, assignee_id=ann)
    await arrive(world, conversation)
    assert (await world.the(conversation)).assignee_id is None
    assert await world.events(conversation) == [
        ConversationAssigned(agent_id=None, team_id=team, reasons=("owner_not_free",))
    ]
    await world.check()


async def test_a_transfer_keeps_the_place_in_the_queue(world: World) -> None:
    sales, support = await world.team("Sales"), await world.team("Support")
    ann, ben = await world.agent(sales), await world.agent(support)
    conversation = await world.conversation(sales)
    await arrive(world, conversation)
    before = await world.item(conversation)
    await actions.look(world.ground)
    async with world.session() as session:
        loaded = await session.get_one(Conversation, conversation, with_for_update={"key_share": True})
        await actions.transfer(session, loaded, "async", support, by=ann)
    after = await world.item(conversation)
    assert before is not None
    assert after is not None
    assert (after.key, after.previous_id, after.state) == (before.key, before.id, "queued")
    await world.check()
    await actions.look(world.ground)
    found = await world.the(conversation)
    assert (found.team_id, found.assignee_id) == (support, ben)
    assert await world.used(ann) == 0
    await world.check()


async def test_a_snooze_frees_the_hand_and_the_customers_message_brings_it_back_to_its_owner(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await put_in_hands(world, conversation, ann)
    await snooze(world, conversation)
    assert await world.used(ann) == 0
    await world.check()
    await arrive(world, conversation)
    found = await world.the(conversation)
    assert (found.state, found.assignee_id, await world.used(ann)) == (State.OPEN, ann, 1)
    assert ConversationWoken(by_customer=True) in await world.events(conversation)
    await world.check()


async def test_what_the_customer_wakes_goes_over_the_cap_by_one_and_no_further(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    await world.cap(ann, "async", 1)
    asleep = [await world.conversation(team) for _ in range(3)]
    for conversation in asleep:
        await put_in_hands(world, conversation, ann)
        await snooze(world, conversation)
    for conversation in asleep:
        await arrive(world, conversation)
    assert await world.used(ann) == 2
    assert (await world.the(asleep[2])).assignee_id is None
    await world.check()


async def test_a_snooze_that_falls_due_comes_back_even_to_an_owner_who_is_gone(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await put_in_hands(world, conversation, ann)
    await snooze(world, conversation)
    await world.leaves(ann)
    assert await sweep(world.ground) == 0
    async with world.session() as session:
        (await session.get_one(Conversation, conversation)).snoozed_until = now()
    assert await sweep(world.ground) == 1
    found = await world.the(conversation)
    assert (found.state, found.snoozed_until, found.assignee_id) == (State.OPEN, None, ann)
    assert await world.events(conversation) == [
        ConversationAssigned(agent_id=ann, team_id=team, reasons=("claimed",)),
        ConversationWoken(),
    ]
    await world.check()


async def test_a_waiting_chat_of_somebody_who_is_gone_goes_back_to_the_queue(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    chat, idle, mail = [await world.conversation(team) for _ in range(3)]
    for conversation, kind in ((chat, "live"), (idle, "live"), (mail, "async")):
        await put_in_hands(world, conversation, ann, kind)
    async with world.session() as session:
        for conversation in (chat, mail):
            (await session.get_one(Conversation, conversation)).waiting_since = now()
    assert await sweep(world.ground) == 0
    await world.leaves(ann, timedelta(seconds=61))
    assert await sweep(world.ground) == 1
    owners = [(await world.the(conversation)).assignee_id for conversation in (chat, idle, mail)]
    assert owners == [None, ann, ann]
    await world.check()


async def test_availability_is_told_once_and_a_sign_of_life_keeps_it(world: World) -> None:
    ann = await world.agent(intent="offline")
    for _ in range(2):
        async with world.session() as session:
            await set_intent(session, ann, "available")
    async with world.session() as session:
        await seen(session, [ann], at=now() + timedelta(minutes=1))
    assert await world.events() == [AvailabilityChanged(agent_id=ann, intent="available")]
    async with world.session() as session:
        desk = await session.get_one(Desk, ann)
    assert desk.seen_at is not None
    assert (desk.intent, desk.seen_at > now()) == ("available", True)


async def test_a_first_sign_of_life_makes_a_desk_that_takes_nothing_yet(world: World) -> None:
    ann = await world.agent()
    async with world.session() as session:
        await session.delete(await session.get_one(Desk, ann))
    async with world.session() as session:
        await seen(session, [ann])
    async with world.session() as session:
        assert (await session.get_one(Desk, ann)).intent == "offline"


async def test_a_thing_that_moved_meanwhile_is_not_moved_twice(world: World) -> None:
    team = await world.team()
    await world.agent(team)
    conversation = await world.conversation(team)
    await arrive(world, conversation)
    async with world.session() as session:
        item = (await session.scalars(select(WorkItem))).one()
    assert await actions.look(world.ground) == 1
    assert await actions.look(world.ground) == 0
    assert (await world.item(conversation) or item).version == item.version + 1


async def test_work_of_somebody_who_is_disabled_goes_back_to_the_queue(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await put_in_hands(world, conversation, ann)
    async with world.session() as session:
        (await session.get_one(Agent, ann)).disabled_at = now()
    assert await sweep(world.ground) == 1
    assert (await world.the(conversation)).assignee_id is None
    assert await world.waiting(team) == 1
    await world.check()


async def test_what_a_removed_team_leaves_is_served_by_everybody(world: World) -> None:
    team = await world.team()
    conversation = await world.conversation(team)
    await arrive(world, conversation)
    async with world.session() as session:
        await session.delete(await session.get_one(Team, team))
        await session.flush()
        assert await queue_for(session, team) == EVERYBODY
    ann = await world.agent()
    assert await sweep(world.ground) == 1
    found = await world.the(conversation)
    assert (found.team_id, found.assignee_id) == (None, ann)
    await world.check()


async def test_the_loop_hears_the_bell_and_stops_when_told(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    stop = asyncio.Event()
    loop = asyncio.create_task(clocks.run(world.ground, stop))
    took = []
    for _ in range(5):
        conversation = await world.conversation(team)
        began = time.monotonic()
        await arrive(world, conversation)
        async with asyncio.timeout(5):
            while (await world.the(conversation)).assignee_id != ann:
                await asyncio.sleep(0.005)
        took.append(time.monotonic() - began)
    stop.set()
    async with asyncio.timeout(2):
        await loop
    assert sorted(took)[2] < 0.6, "by the bell, not by the sweep"
