"""Who has a conversation, how it stands, and what agents keep on it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from hub.access.rights import Right, Role, Viewer
from hub.errors import BadInput, Conflict, Forbidden, NotFound
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
from hub.inbox.locking import locked
from hub.inbox.models import Draft, Mention, ReadMark
from hub.inbox.notes import note
from hub.inbox.requests import Assignment, Drafting, Note, Reading
from hub.inbox.tags import changed, tag_of
from hub.storage.database import new_id, now
from hub.timeline.models import Conversation
from tests.inbox.actions.desk import Desk
from tests.routing.world import viewer


async def do(desk: Desk, who: Viewer, act: Callable[..., object], *args: object, **more: object) -> list[Event]:
    """Do something as a request would; gives what it wrote into the log."""
    before = len(await desk.world.events(desk.conversation))
    async with desk.world.session() as session:
        done = act(session, who, await locked(session, who, desk.conversation), *args, **more)
        if hasattr(done, "__await__"):
            await done
    await desk.world.check()
    return (await desk.world.events(desk.conversation))[before:]


async def test_a_claim_takes_it_once(desk: Desk) -> None:
    taken = ConversationAssigned(agent_id=desk.ann.agent_id, team_id=desk.team, reasons=("claimed",))
    assert await do(desk, desk.ann, actions.claim) == [taken]
    assert await do(desk, desk.ann, actions.claim) == []
    assert (await desk.the()).assigned_why == ["claimed"]


async def test_only_who_leads_takes_work_from_a_colleague(desk: Desk) -> None:
    await do(desk, desk.ann, actions.claim)
    with pytest.raises(Forbidden):
        await do(desk, desk.ben, actions.claim)
    leader = viewer(await desk.world.agent(role=Role.SUPERVISOR), role=Role.SUPERVISOR)
    assert leader.may(Right.CONVERSATIONS_REASSIGN)
    await do(desk, leader, actions.assign, Assignment(agent_id=desk.ben.agent_id))
    assert (await desk.the()).assignee_id == desk.ben.agent_id
    assert await desk.world.used(desk.ann.agent_id) == 0


async def test_an_assignment_may_change_team_and_agent_at_once(desk: Desk) -> None:
    other = await desk.world.team("Other")
    cleo = await desk.world.agent(other)
    told = await do(desk, desk.ann, actions.assign, Assignment(agent_id=cleo, team_id=other))
    assert told == [ConversationAssigned(agent_id=cleo, team_id=other, reasons=("assigned",))]
    found, item = await desk.the(), await desk.world.item(desk.conversation)
    assert item is not None
    assert (found.team_id, found.assignee_id, item.agent_id) == (other, cleo, cleo)
    assert (await desk.world.waiting(desk.team), await desk.world.waiting(other)) == (0, 0)


async def test_an_agent_without_a_team_keeps_the_team(desk: Desk) -> None:
    await do(desk, desk.ann, actions.assign, Assignment(agent_id=desk.ben.agent_id, team_id=None))
    assert (await desk.the()).team_id == desk.team


async def test_giving_it_back_puts_it_in_a_queue(desk: Desk) -> None:
    await do(desk, desk.ann, actions.claim)
    told = await do(desk, desk.ann, actions.assign, Assignment(agent_id=None))
    assert told == [ConversationAssigned(agent_id=None, team_id=desk.team, reasons=("transferred",))]
    assert await do(desk, desk.ann, actions.assign, Assignment(agent_id=None)) == []
    await do(desk, desk.ann, actions.assign, Assignment(agent_id=None, team_id=None))
    assert (await desk.world.waiting(desk.team), await desk.world.waiting(None)) == (0, 1)


async def test_work_goes_only_to_who_can_do_it(desk: Desk) -> None:
    auditor = await desk.world.agent(role=Role.AUDITOR)
    for wanted in (Assignment(agent_id=auditor), Assignment(agent_id=new_id())):
        with pytest.raises(BadInput, match="no such agent"):
            await do(desk, desk.ann, actions.assign, wanted)
    with pytest.raises(BadInput, match="no such team"):
        await do(desk, desk.ann, actions.assign, Assignment(agent_id=None, team_id=new_id()))


async def test_resolving_settles_it_once_and_reopening_gives_it_back(desk: Desk) -> None:
    await do(desk, desk.ann, actions.claim)
    assert await do(desk, desk.ann, actions.resolve, "sold") == [ConversationResolved(wrap_up="sold")]
    assert await do(desk, desk.ann, actions.resolve) == []
    assert await do(desk, desk.ben, actions.resolve, "returned") == [ConversationResolved(wrap_up="returned")]
    assert (await desk.the()).waiting_since is None
    assert await do(desk, desk.ann, actions.reopen) == [ConversationReopened()]
    assert await do(desk, desk.ann, actions.reopen) == []
    found = await desk.the()
    assert (found.state, found.assignee_id, found.resolved_at) == (State.OPEN, desk.ann.agent_id, None)


async def test_what_a_colleague_reopens_waits_when_its_owner_is_not_there(desk: Desk) -> None:
    await do(desk, desk.ann, actions.claim)
    await do(desk, desk.ann, actions.resolve)
    async with desk.world.session() as session:
        (await session.get_one(Conversation, desk.conversation)).resolved_at = now() - timedelta(hours=1)
    await do(desk, desk.ben, actions.reopen)
    assert (await desk.the()).assignee_id is None
    assert await desk.world.waiting(desk.team) == 1


async def test_a_slip_is_undone_as_if_it_had_not_been(desk: Desk) -> None:
    waiting = (await desk.the()).waiting_since
    await do(desk, desk.ann, actions.claim)
    await do(desk, desk.ben, actions.resolve)
    await do(desk, desk.ben, actions.reopen)
    found = await desk.the()
    assert (found.assignee_id, found.waiting_since) == (desk.ann.agent_id, waiting)
    await do(desk, desk.ann, actions.assign, Assignment(agent_id=desk.ben.agent_id))
    await do(desk, desk.ann, actions.assign, Assignment(agent_id=desk.ann.agent_id))
    assert (await desk.the()).assignee_id == desk.ann.agent_id


async def test_a_snooze_sleeps_and_wakes(desk: Desk) -> None:
    await do(desk, desk.ann, actions.claim)
    until = now() + timedelta(hours=2)
    assert await do(desk, desk.ann, actions.snooze, until) == [ConversationSnoozed(until=until)]
    assert await desk.world.used(desk.ann.agent_id) == 0
    later = until + timedelta(days=1)
    assert await do(desk, desk.ann, actions.snooze, later) == [ConversationSnoozed(until=later)]
    assert await do(desk, desk.ben, actions.wake) == [ConversationWoken()]
    assert await do(desk, desk.ben, actions.wake) == []
    assert (await desk.the()).assignee_id == desk.ann.agent_id
    assert await desk.world.used(desk.ann.agent_id) == 1


async def test_a_snooze_has_its_limits(desk: Desk) -> None:
    for until in (now(), now() + timedelta(days=1000)):
        with pytest.raises(BadInput):
            await do(desk, desk.ann, actions.snooze, until)
    await do(desk, desk.ann, actions.resolve)
    with pytest.raises(Conflict, match="reopen"):
        await do(desk, desk.ann, actions.snooze, now() + timedelta(hours=1))


async def test_a_snoozed_conversation_can_be_handed_on_in_its_sleep(desk: Desk) -> None:
    await do(desk, desk.ann, actions.claim)
    await do(desk, desk.ann, actions.snooze, now() + timedelta(hours=1))
    await do(desk, desk.ann, actions.assign, Assignment(agent_id=desk.ben.agent_id))
    await do(desk, desk.ben, actions.assign, Assignment(agent_id=None))
    await do(desk, desk.ann, actions.claim)
    assert await desk.world.used(desk.ann.agent_id) == 0
    await do(desk, desk.ann, actions.wake)
    assert await desk.world.used(desk.ann.agent_id) == 1


async def test_tags_are_written_in_one_way(desk: Desk) -> None:
    told = await do(desk, desk.ann, actions.tag, add=(" VIP ", "late  delivery"), remove=())
    assert told == [TagsChanged(added=("late delivery", "vip"))]
    told = await do(desk, desk.ann, actions.tag, add=("vip", "new"), remove=("Late delivery", "none"))
    assert told == [TagsChanged(added=("new",), removed=("late delivery",))]
    assert (await desk.the()).tags == ["vip", "new"]
    assert await do(desk, desk.ann, actions.tag, add=("vip",), remove=()) == []


def test_a_tag_too_long_or_one_too_many_is_refused() -> None:
    for bad in ("", " ", "x" * 51, "a\x00b"):
        with pytest.raises(BadInput):
            tag_of(bad)
    full = [f"tag{number}" for number in range(30)]
    with pytest.raises(BadInput, match="at most 30"):
        changed(full, ["one more"], [])
    assert changed(full, ["one more"], ["tag3"]) == (["one more"], ["tag3"])


async def test_a_note_names_colleagues_who_can_read_it(desk: Desk) -> None:
    written = Note(id=new_id(), text=" Ben, please look ", mentions=(desk.ben.agent_id, desk.ann.agent_id))
    told = await do(desk, desk.ann, note, written)
    assert told == [NoteAdded(message_id=written.id, mentions=(desk.ben.agent_id,))]
    assert await do(desk, desk.ann, note, written) == []
    stranger = await desk.world.agent()
    for mentions in ((stranger,), (new_id(),)):
        with pytest.raises(BadInput):
            await do(desk, desk.ann, note, Note(id=new_id(), text="Hm", mentions=mentions))
    with pytest.raises(BadInput):
        await do(desk, desk.ann, note, Note(id=new_id(), text="  "))
    found = await desk.the()
    assert (found.last_direction, found.waiting_since is not None) == ("inbound", True)


async def test_a_mention_is_seen_when_it_is_read(desk: Desk) -> None:
    await do(desk, desk.ann, note, Note(id=new_id(), text="Look", mentions=(desk.ben.agent_id,)))
    for _ in range(2):
        async with desk.world.session() as session:
            await read_marks.mark_read(session, desk.ben, desk.conversation, Reading(inbound_read=1))
    async with desk.world.session() as session:
        assert (await session.scalars(select(Mention.seen_at))).one() is not None
    marked = ReadMarked(agent_id=desk.ben.agent_id, inbound_read=1)
    assert (await desk.world.events(desk.conversation)).count(marked) == 1


async def test_a_read_mark_goes_forward_and_back_only_when_asked(desk: Desk) -> None:
    await desk.hear("Hello?")
    marks = []
    for asked in (
        Reading(inbound_read=2),
        Reading(inbound_read=1),
        Reading(inbound_read=99),
        Reading(inbound_read=1, back=True),
    ):
        async with desk.world.session() as session:
            await read_marks.mark_read(session, desk.ann, desk.conversation, asked)
        async with desk.world.session() as session:
            marks.append(await session.scalar(select(ReadMark.inbound_read)))
    assert marks == [2, 2, 2, 1]
    with pytest.raises(NotFound):
        async with desk.world.session() as session:
            await read_marks.mark_read(session, viewer(new_id()), desk.conversation, Reading(inbound_read=1))


async def test_drafts_tell_only_that_there_is_one_and_the_last_wins(desk: Desk) -> None:
    async def keep(text: str, channel: object = None) -> None:
        async with desk.world.session() as session:
            drafting = Drafting(channel_id=desk.channel if channel else None, text=text)
            await drafts.keep(session, desk.ann, desk.conversation, drafting)

    await keep("Dear")
    await keep("Dear Cleo")
    await keep("Hello", channel=True)
    async with desk.world.session() as session:
        texts = set(await session.scalars(select(Draft.text)))
    assert texts == {"Dear Cleo", "Hello"}
    await keep("")
    await keep(" ", channel=True)
    await keep("")
    assert await desk.world.events(desk.conversation) == [
        DraftKept(agent_id=desk.ann.agent_id),
        DraftDropped(agent_id=desk.ann.agent_id),
    ]


async def test_each_change_is_a_new_version(desk: Desk) -> None:
    versions = [(await desk.the()).version]
    for act, more in (
        (actions.claim, ()),
        (actions.snooze, (now() + timedelta(hours=1),)),
        (actions.wake, ()),
        (actions.resolve, ()),
    ):
        await do(desk, desk.ann, act, *more)
        versions.append((await desk.the()).version)
    assert versions == sorted(set(versions))
