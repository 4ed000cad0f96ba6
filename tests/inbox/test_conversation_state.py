"""Assignment, state, tags and notes of a conversation."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.access.errors import TeamUnknown
from hub.access.rights import Right, Role, Viewer
from hub.errors import BadInput, Forbidden, NotFound
from hub.events.definitions import (
    ConversationAssigned,
    ConversationReopened,
    ConversationResolved,
    ConversationSnoozed,
    ConversationWoken,
    DraftDropped,
    DraftKept,
    Event,
    NoteAdded,
    ReadMarked,
    State,
    TagsChanged,
)
from hub.inbox import actions, drafts, read_marks
from hub.inbox.errors import AssigneeUnknown, TooManyTags
from hub.inbox.locking import locked
from hub.inbox.models import Draft, Mention, ReadMark
from hub.inbox.notes import note
from hub.inbox.requests import Assignment, Drafting, Note, Reading
from hub.inbox.tags import changed, tag_of
from hub.storage.database import new_id, now
from hub.timeline.errors import AlreadyResolved
from hub.timeline.models import Conversation
from tests.support.case import Case
from tests.support.company import viewer


async def do(case: Case, who: Viewer, act: Callable[..., object], *args: object, **more: object) -> list[Event]:
    """Run an action as a request would; return the events it recorded."""
    before = len(await case.company.events(case.conversation))
    async with case.company.session() as session:
        done = act(session, who, await locked(session, who, case.conversation), *args, **more)
        if hasattr(done, "__await__"):
            await done
    await case.company.check()
    return (await case.company.events(case.conversation))[before:]


async def test_a_claim_takes_it_once(case: Case) -> None:
    taken = ConversationAssigned(agent_id=case.ann.agent_id, team_id=case.team, reasons=("claimed",))
    assert await do(case, case.ann, actions.claim) == [taken]
    assert await do(case, case.ann, actions.claim) == []
    assert (await case.the()).assigned_why == ["claimed"]


async def test_only_supervisors_take_work_from_a_colleague(case: Case) -> None:
    await do(case, case.ann, actions.claim)
    with pytest.raises(Forbidden):
        await do(case, case.ben, actions.claim)
    leader = viewer(await case.company.agent(role=Role.SUPERVISOR), role=Role.SUPERVISOR)
    assert leader.may(Right.CONVERSATIONS_REASSIGN)
    await do(case, leader, actions.assign, Assignment(agent_id=case.ben.agent_id))
    assert (await case.the()).assignee_id == case.ben.agent_id
    assert await case.company.used(case.ann.agent_id) == 0


async def test_an_assignment_may_change_team_and_agent_at_once(case: Case) -> None:
    other = await case.company.team("Other")
    cleo = await case.company.agent(other)
    told = await do(case, case.ann, actions.assign, Assignment(agent_id=cleo, team_id=other))
    assert told == [ConversationAssigned(agent_id=cleo, team_id=other, reasons=("assigned",))]
    found, item = await case.the(), await case.company.item(case.conversation)
    assert item is not None
    assert (found.team_id, found.assignee_id, item.agent_id) == (other, cleo, cleo)
    assert (await case.company.waiting(case.team), await case.company.waiting(other)) == (0, 0)


async def test_an_agent_without_a_team_keeps_the_team(case: Case) -> None:
    await do(case, case.ann, actions.assign, Assignment(agent_id=case.ben.agent_id, team_id=None))
    assert (await case.the()).team_id == case.team


async def test_giving_it_back_puts_it_in_a_queue(case: Case) -> None:
    await do(case, case.ann, actions.claim)
    told = await do(case, case.ann, actions.assign, Assignment(agent_id=None))
    assert told == [ConversationAssigned(agent_id=None, team_id=case.team, reasons=("transferred",))]
    assert await do(case, case.ann, actions.assign, Assignment(agent_id=None)) == []
    await do(case, case.ann, actions.assign, Assignment(agent_id=None, team_id=None))
    assert (await case.company.waiting(case.team), await case.company.waiting(None)) == (0, 1)


async def test_work_is_assigned_only_to_agents_who_can_answer(case: Case) -> None:
    auditor = await case.company.agent(role=Role.AUDITOR)
    for wanted in (Assignment(agent_id=auditor), Assignment(agent_id=new_id())):
        with pytest.raises(AssigneeUnknown):
            await do(case, case.ann, actions.assign, wanted)
    with pytest.raises(TeamUnknown):
        await do(case, case.ann, actions.assign, Assignment(agent_id=None, team_id=new_id()))


async def test_resolving_ends_the_item_once_and_reopening_assigns_it_again(case: Case) -> None:
    await do(case, case.ann, actions.claim)
    assert await do(case, case.ann, actions.resolve, "sold") == [ConversationResolved(wrap_up="sold")]
    assert await do(case, case.ann, actions.resolve) == []
    assert await do(case, case.ben, actions.resolve, "returned") == [ConversationResolved(wrap_up="returned")]
    assert (await case.the()).waiting_since is None
    assert await do(case, case.ann, actions.reopen) == [ConversationReopened()]
    assert await do(case, case.ann, actions.reopen) == []
    found = await case.the()
    assert (found.state, found.assignee_id, found.resolved_at) == (State.OPEN, case.ann.agent_id, None)


async def test_a_reopened_conversation_waits_when_its_assignee_is_away(case: Case) -> None:
    await do(case, case.ann, actions.claim)
    await do(case, case.ann, actions.resolve)
    async with case.company.session() as session:
        (await session.get_one(Conversation, case.conversation)).resolved_at = now() - timedelta(hours=1)
    await do(case, case.ben, actions.reopen)
    assert (await case.the()).assignee_id is None
    assert await case.company.waiting(case.team) == 1


async def test_a_slip_is_undone_as_if_it_had_not_been(case: Case) -> None:
    waiting = (await case.the()).waiting_since
    await do(case, case.ann, actions.claim)
    await do(case, case.ben, actions.resolve)
    await do(case, case.ben, actions.reopen)
    found = await case.the()
    assert (found.assignee_id, found.waiting_since) == (case.ann.agent_id, waiting)
    await do(case, case.ann, actions.assign, Assignment(agent_id=case.ben.agent_id))
    await do(case, case.ann, actions.assign, Assignment(agent_id=case.ann.agent_id))
    assert (await case.the()).assignee_id == case.ann.agent_id


async def test_a_snooze_sleeps_and_wakes(case: Case) -> None:
    await do(case, case.ann, actions.claim)
    until = now() + timedelta(hours=2)
    assert await do(case, case.ann, actions.snooze, until) == [ConversationSnoozed(until=until)]
    assert await case.company.used(case.ann.agent_id) == 0
    later = until + timedelta(days=1)
    assert await do(case, case.ann, actions.snooze, later) == [ConversationSnoozed(until=later)]
    assert await do(case, case.ben, actions.wake) == [ConversationWoken()]
    assert await do(case, case.ben, actions.wake) == []
    assert (await case.the()).assignee_id == case.ann.agent_id
    assert await case.company.used(case.ann.agent_id) == 1


async def test_a_snooze_has_its_limits(case: Case) -> None:
    for until in (now(), now() + timedelta(days=1000)):
        with pytest.raises(BadInput):
            await do(case, case.ann, actions.snooze, until)
    await do(case, case.ann, actions.resolve)
    with pytest.raises(AlreadyResolved):
        await do(case, case.ann, actions.snooze, now() + timedelta(hours=1))


async def test_a_snoozed_conversation_can_be_handed_on_in_its_sleep(case: Case) -> None:
    await do(case, case.ann, actions.claim)
    await do(case, case.ann, actions.snooze, now() + timedelta(hours=1))
    await do(case, case.ann, actions.assign, Assignment(agent_id=case.ben.agent_id))
    await do(case, case.ben, actions.assign, Assignment(agent_id=None))
    await do(case, case.ann, actions.claim)
    assert await case.company.used(case.ann.agent_id) == 0
    await do(case, case.ann, actions.wake)
    assert await case.company.used(case.ann.agent_id) == 1


async def test_tags_are_written_in_one_way(case: Case) -> None:
    told = await do(case, case.ann, actions.tag, add=(" VIP ", "late  delivery"), remove=())
    assert told == [TagsChanged(added=("late delivery", "vip"))]
    told = await do(case, case.ann, actions.tag, add=("vip", "new"), remove=("Late delivery", "none"))
    assert told == [TagsChanged(added=("new",), removed=("late delivery",))]
    assert (await case.the()).tags == ["vip", "new"]
    assert await do(case, case.ann, actions.tag, add=("vip",), remove=()) == []


def test_a_tag_too_long_or_one_too_many_is_refused() -> None:
    for bad in ("", " ", "x" * 51, "a\x00b"):
        with pytest.raises(BadInput):
            tag_of(bad)
    full = [f"tag{number}" for number in range(30)]
    with pytest.raises(TooManyTags):
        changed(full, ["one more"], [])
    assert changed(full, ["one more"], ["tag3"]) == (["one more"], ["tag3"])


async def test_a_note_names_colleagues_who_can_read_it(case: Case) -> None:
    written = Note(id=new_id(), text=" Ben, please look ", mentions=(case.ben.agent_id, case.ann.agent_id))
    told = await do(case, case.ann, note, written)
    assert told == [NoteAdded(message_id=written.id, mentions=(case.ben.agent_id,))]
    assert await do(case, case.ann, note, written) == []
    stranger = await case.company.agent()
    for mentions in ((stranger,), (new_id(),)):
        with pytest.raises(BadInput):
            await do(case, case.ann, note, Note(id=new_id(), text="Hm", mentions=mentions))
    with pytest.raises(BadInput):
        await do(case, case.ann, note, Note(id=new_id(), text="  "))
    found = await case.the()
    assert (found.last_direction, found.waiting_since is not None) == ("inbound", True)


async def test_a_mention_is_seen_when_it_is_read(case: Case) -> None:
    await do(case, case.ann, note, Note(id=new_id(), text="Look", mentions=(case.ben.agent_id,)))
    for _ in range(2):
        async with case.company.session() as session:
            await read_marks.mark_read(session, case.ben, case.conversation, Reading(inbound_read=1))
    async with case.company.session() as session:
        assert (await session.scalars(select(Mention.seen_at))).one() is not None
    marked = ReadMarked(agent_id=case.ben.agent_id, inbound_read=1)
    assert (await case.company.events(case.conversation)).count(marked) == 1


async def test_a_read_mark_goes_forward_and_back_only_when_asked(case: Case) -> None:
    await case.hear("Hello?")
    marks = []
    for asked in (
        Reading(inbound_read=2),
        Reading(inbound_read=1),
        Reading(inbound_read=99),
        Reading(inbound_read=1, back=True),
    ):
        async with case.company.session() as session:
            await read_marks.mark_read(session, case.ann, case.conversation, asked)
        async with case.company.session() as session:
            marks.append(await session.scalar(select(ReadMark.inbound_read)))
    assert marks == [2, 2, 2, 1]
    with pytest.raises(NotFound):
        async with case.company.session() as session:
            await read_marks.mark_read(session, viewer(new_id()), case.conversation, Reading(inbound_read=1))


async def test_drafts_tell_only_that_there_is_one_and_the_last_wins(case: Case) -> None:
    async def keep(text: str, channel: object = None) -> None:
        async with case.company.session() as session:
            drafting = Drafting(channel_id=case.channel if channel else None, text=text)
            await drafts.keep(session, case.ann, case.conversation, drafting)

    await keep("Dear")
    await keep("Dear Cleo")
    await keep("Hello", channel=True)
    async with case.company.session() as session:
        texts = set(await session.scalars(select(Draft.text)))
    assert texts == {"Dear Cleo", "Hello"}
    await keep("")
    await keep(" ", channel=True)
    await keep("")
    assert await case.company.events(case.conversation) == [
        DraftKept(agent_id=case.ann.agent_id),
        DraftDropped(agent_id=case.ann.agent_id),
    ]


async def test_each_change_is_a_new_version(case: Case) -> None:
    versions = [(await case.the()).version]
    for act, more in (
        (actions.claim, ()),
        (actions.snooze, (now() + timedelta(hours=1),)),
        (actions.wake, ()),
        (actions.resolve, ()),
    ):
        await do(case, case.ann, act, *more)
        versions.append((await case.the()).version)
    assert versions == sorted(set(versions))
