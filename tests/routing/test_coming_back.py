"""Work that comes back: out of a snooze, and from agents and teams who are gone."""

from datetime import timedelta

from hub.access.models import Agent, Team
from hub.events.definitions import ConversationAssigned, ConversationWoken, State
from hub.routing.queues import EVERYBODY, queue_for
from hub.routing.worker import sweep
from hub.storage.database import now
from hub.timeline.models import Conversation
from tests.routing.world import World


async def test_what_comes_back_while_its_owner_is_gone_waits_for_anybody(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    await world.leaves(ann)
    conversation = await world.conversation(team, assignee_id=ann)
    await world.arrive(conversation)
    assert (await world.the(conversation)).assignee_id is None
    assert await world.events(conversation) == [
        ConversationAssigned(agent_id=None, team_id=team, reasons=("owner_not_free",))
    ]
    await world.check()


async def test_a_snooze_frees_the_hand_and_the_customers_message_brings_it_back_to_its_owner(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await world.put_in_hands(conversation, ann)
    await world.snooze(conversation)
    assert await world.used(ann) == 0
    await world.check()
    await world.arrive(conversation)
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
        await world.put_in_hands(conversation, ann)
        await world.snooze(conversation)
    for conversation in asleep:
        await world.arrive(conversation)
    assert await world.used(ann) == 2
    assert (await world.the(asleep[2])).assignee_id is None
    await world.check()


async def test_a_snooze_that_falls_due_comes_back_even_to_an_owner_who_is_gone(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await world.put_in_hands(conversation, ann)
    await world.snooze(conversation)
    await world.leaves(ann)
    assert await sweep(world.context) == 0
    async with world.session() as session:
        (await session.get_one(Conversation, conversation)).snoozed_until = now()
    assert await sweep(world.context) == 1
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
        await world.put_in_hands(conversation, ann, kind)
    async with world.session() as session:
        for conversation in (chat, mail):
            (await session.get_one(Conversation, conversation)).waiting_since = now()
    assert await sweep(world.context) == 0
    await world.leaves(ann, timedelta(seconds=61))
    assert await sweep(world.context) == 1
    owners = [(await world.the(conversation)).assignee_id for conversation in (chat, idle, mail)]
    assert owners == [None, ann, ann]
    await world.check()


async def test_work_of_somebody_who_is_disabled_goes_back_to_the_queue(world: World) -> None:
    team = await world.team()
    ann = await world.agent(team)
    conversation = await world.conversation(team)
    await world.put_in_hands(conversation, ann)
    async with world.session() as session:
        (await session.get_one(Agent, ann)).disabled_at = now()
    assert await sweep(world.context) == 1
    assert (await world.the(conversation)).assignee_id is None
    assert await world.waiting(team) == 1
    await world.check()


async def test_what_a_removed_team_leaves_is_served_by_everybody(world: World) -> None:
    team = await world.team()
    conversation = await world.conversation(team)
    await world.arrive(conversation)
    async with world.session() as session:
        await session.delete(await session.get_one(Team, team))
        await session.flush()
        assert await queue_for(session, team) == EVERYBODY
    ann = await world.agent()
    assert await sweep(world.context) == 1
    found = await world.the(conversation)
    assert (found.team_id, found.assignee_id) == (None, ann)
    await world.check()
