"""Work items that return: after a snooze, and from agents and teams that were removed."""

from datetime import timedelta

from hub.access.models import Agent, Team
from hub.channels.contract import WorkClass
from hub.events.definitions import ConversationAssigned, ConversationWoken, State
from hub.routing.queues import EVERYBODY, queue_for
from hub.routing.worker import sweep
from hub.storage.database import now
from hub.timeline.models import Conversation
from tests.support.company import Company


async def test_an_item_that_returns_while_its_assignee_is_away_waits_in_the_queue(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    await company.leaves(ann)
    conversation = await company.conversation(team, assignee_id=ann)
    await company.arrive(conversation)
    assert (await company.the(conversation)).assignee_id is None
    assert await company.events(conversation) == [
        ConversationAssigned(agent_id=None, team_id=team, reasons=("owner_not_free",))
    ]
    await company.check()


async def test_a_snooze_frees_capacity_and_a_message_returns_the_item_to_its_assignee(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    conversation = await company.conversation(team)
    await company.assign_to(conversation, ann)
    await company.snooze(conversation)
    assert await company.used(ann) == 0
    await company.check()
    await company.arrive(conversation)
    found = await company.the(conversation)
    assert (found.state, found.assignee_id, await company.used(ann)) == (State.OPEN, ann, 1)
    assert ConversationWoken(by_customer=True) in await company.events(conversation)
    await company.check()


async def test_what_the_customer_wakes_goes_over_the_cap_by_one_and_no_further(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    await company.cap(ann, WorkClass.ASYNC, 1)
    asleep = [await company.conversation(team) for _ in range(3)]
    for conversation in asleep:
        await company.assign_to(conversation, ann)
        await company.snooze(conversation)
    for conversation in asleep:
        await company.arrive(conversation)
    assert await company.used(ann) == 2
    assert (await company.the(asleep[2])).assignee_id is None
    await company.check()


async def test_a_due_snooze_returns_even_to_an_assignee_who_is_away(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    conversation = await company.conversation(team)
    await company.assign_to(conversation, ann)
    await company.snooze(conversation)
    await company.leaves(ann)
    assert await sweep(company.context) == 0
    async with company.session() as session:
        (await session.get_one(Conversation, conversation)).snoozed_until = now()
    assert await sweep(company.context) == 1
    found = await company.the(conversation)
    assert (found.state, found.snoozed_until, found.assignee_id) == (State.OPEN, None, ann)
    assert await company.events(conversation) == [
        ConversationAssigned(agent_id=ann, team_id=team, reasons=("claimed",)),
        ConversationWoken(),
    ]
    await company.check()


async def test_a_waiting_chat_of_an_agent_who_left_returns_to_the_queue(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    chat, idle, mail = [await company.conversation(team) for _ in range(3)]
    for conversation, kind in ((chat, WorkClass.LIVE), (idle, WorkClass.LIVE), (mail, WorkClass.ASYNC)):
        await company.assign_to(conversation, ann, kind)
    async with company.session() as session:
        for conversation in (chat, mail):
            (await session.get_one(Conversation, conversation)).waiting_since = now()
    assert await sweep(company.context) == 0
    await company.leaves(ann, timedelta(seconds=61))
    assert await sweep(company.context) == 1
    owners = [(await company.the(conversation)).assignee_id for conversation in (chat, idle, mail)]
    assert owners == [None, ann, ann]
    await company.check()


async def test_work_of_a_disabled_agent_returns_to_the_queue(company: Company) -> None:
    team = await company.team()
    ann = await company.agent(team)
    conversation = await company.conversation(team)
    await company.assign_to(conversation, ann)
    async with company.session() as session:
        (await session.get_one(Agent, ann)).disabled_at = now()
    assert await sweep(company.context) == 1
    assert (await company.the(conversation)).assignee_id is None
    assert await company.waiting(team) == 1
    await company.check()


async def test_conversations_of_a_removed_team_are_offered_to_all_agents(company: Company) -> None:
    team = await company.team()
    conversation = await company.conversation(team)
    await company.arrive(conversation)
    async with company.session() as session:
        await session.delete(await session.get_one(Team, team))
        await session.flush()
        assert await queue_for(session, team) == EVERYBODY
    ann = await company.agent()
    assert await sweep(company.context) == 1
    found = await company.the(conversation)
    assert (found.team_id, found.assignee_id) == (None, ann)
    await company.check()
