"""Answers, and taking them back."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.access.rights import Role, Viewer
from hub.channels.models import Channel
from hub.delivery.models import Delivery
from hub.errors import BadInput, Conflict, NotFound
from hub.events.definitions import (
    ConversationAssigned,
    ConversationReopened,
    ConversationResolved,
    DraftDropped,
    DraftKept,
    MessageQueued,
    MessageUnsent,
    State,
)
from hub.inbox import drafts
from hub.inbox.collisions import NewerReply
from hub.inbox.requests import Drafting, TakenBack
from hub.inbox.undo import Gone, take_back
from hub.storage.database import new_id, now
from hub.timeline.models import ContactPoint
from tests.inbox.actions.desk import Desk
from tests.routing.world import viewer


async def test_an_answer_is_queued_and_the_customer_waits_no_longer(desk: Desk) -> None:
    sent = await desk.reply(desk.ann, text=" It is on its way. ", undo_seconds=5)
    message, delivery, found = await desk.message(sent), await desk.delivery(sent), await desk.the()
    assert (message.body, message.subject, message.status) == ("It is on its way.", "Re: Parcel", "queued")
    assert message.send_at == message.at + timedelta(seconds=5)
    assert (delivery.state, delivery.due_at, delivery.point_id) == ("due", message.send_at, desk.point)
    assert (found.waiting_since, found.reply_count, found.preview) == (None, 1, "It is on its way.")
    assert (found.last_direction, found.last_at) == ("outbound", message.at)


async def test_who_answers_what_is_nobodys_has_it(desk: Desk) -> None:
    sent = await desk.reply(desk.ann)
    message = await desk.message(sent)
    assert message.send_at is not None
    assert await desk.world.events(desk.conversation) == [
        MessageQueued(message_id=sent, send_at=message.send_at),
        ConversationAssigned(agent_id=desk.ann.agent_id, team_id=desk.team, reasons=("replied",)),
    ]
    assert await desk.world.used(desk.ann.agent_id) == 1


async def test_a_bot_answers_at_once_and_leaves_the_conversation_where_it_is(desk: Desk) -> None:
    agent = await desk.world.agent(desk.team)
    bot = Viewer(agent_id=agent, role=Role.BOT, kind="bot", team_ids=frozenset({desk.team}))
    message = await desk.message(await desk.reply(bot))
    assert message.send_at == message.at
    assert (await desk.the()).assignee_id is None


async def test_the_same_answer_twice_is_one_and_another_under_its_id_is_refused(desk: Desk) -> None:
    written = desk.written("Yes")
    for _ in range(2):
        await desk.reply(desk.ann, written)
    assert (await desk.the()).reply_count == 1
    with pytest.raises(Conflict):
        await desk.reply(desk.ann, desk.written("No", id=written.id))


async def test_a_colleagues_newer_answer_is_told_before_anything_leaves(desk: Desk) -> None:
    await desk.reply(desk.ben, seen=1)
    with pytest.raises(NewerReply):
        await desk.reply(desk.ann, seen=1)
    await desk.reply(desk.ann, seen=1, force=True)
    await desk.reply(desk.ann, seen=1, text="One more thing")
    assert (await desk.the()).reply_count == 3


async def test_an_answer_that_was_on_the_screen_is_no_surprise(desk: Desk) -> None:
    theirs = await desk.reply(desk.ben, seen=1)
    await desk.reply(desk.ann, seen=1, last_seen_id=theirs)


async def test_after_the_customers_next_message_old_answers_do_not_matter(desk: Desk) -> None:
    await desk.reply(desk.ben, seen=1)
    await desk.hear("And now?")
    await desk.reply(desk.ann, seen=2)


async def test_send_and_resolve_ends_the_work_and_keeps_the_owner(desk: Desk) -> None:
    await desk.reply(desk.ann, resolve=True)
    found = await desk.the()
    assert (found.state, found.assignee_id) == (State.RESOLVED, desk.ann.agent_id)
    assert await desk.world.item(desk.conversation) is None
    assert await desk.world.waiting(desk.team) == 0
    assert await desk.world.used(desk.ann.agent_id) == 0


async def test_an_answer_to_what_is_resolved_opens_it_again(desk: Desk) -> None:
    await desk.reply(desk.ann, resolve=True)
    await desk.reply(desk.ben)
    found = await desk.the()
    assert (found.state, found.assignee_id, found.resolved_at) == (State.OPEN, desk.ben.agent_id, None)
    assert ConversationReopened() in await desk.world.events(desk.conversation)


async def test_what_a_channel_cannot_do_is_refused_in_words(desk: Desk) -> None:
    with pytest.raises(BadInput, match="nothing to send"):
        await desk.reply(desk.ann, text="  ")
    with pytest.raises(BadInput, match="channel is not there"):
        await desk.reply(desk.ann, channel_id=new_id())
    with pytest.raises(BadInput, match="cannot be reached"):
        await desk.reply(desk.ann, point_id=new_id())
    with pytest.raises(BadInput, match="no address"):
        await desk.reply(desk.ann, cc=("boss",))
    with pytest.raises(BadInput, match="attach it again"):
        await desk.reply(desk.ann, attachment_ids=(await desk.upload(desk.ben),))
    with pytest.raises(BadInput, match="carries"):
        await desk.reply(desk.ann, attachment_ids=(await desk.upload(desk.ann, size=2**40),))
    async with desk.world.session() as session:
        await session.execute(update(Channel).values(paused_at=now()))
    with pytest.raises(Conflict, match="paused"):
        await desk.reply(desk.ann)
    assert (await desk.the()).reply_count == 0


async def test_a_chat_cannot_be_begun_by_us(desk: Desk) -> None:
    chat = await desk.world.channel("webchat", "shop")
    async with desk.world.session() as session:
        point = ContactPoint(contact_id=(await desk.the()).contact_id, scheme="webchat", value="v1", display="v1")
        session.add(point)
    with pytest.raises(Conflict, match="never written"):
        await desk.reply(desk.ann, channel_id=chat, point_id=point.id)


async def test_somebody_of_another_team_finds_nothing(desk: Desk) -> None:
    stranger = viewer(await desk.world.agent(await desk.world.team("Other")))
    with pytest.raises(NotFound):
        await desk.reply(stranger)


async def test_files_go_along_once_and_come_back_with_the_words(desk: Desk) -> None:
    file = await desk.upload(desk.ann)
    sent = await desk.reply(desk.ann, attachment_ids=(file,), undo_seconds=30)
    with pytest.raises(BadInput):
        await desk.reply(desk.ann, attachment_ids=(file,))
    async with desk.world.session() as session:
        back = await take_back(session, desk.ann, sent)
    assert [one.id for one in back.attachments] == [file]
    await desk.reply(desk.ann, attachment_ids=(file,))


async def test_an_answer_taken_back_in_time_never_was(desk: Desk) -> None:
    before = await desk.the()
    sent = await desk.reply(desk.ann, text="Oops", undo_seconds=30, resolve=True)
    async with desk.world.session() as session:
        back = await take_back(session, desk.ann, sent)
    assert back == TakenBack(text="Oops", subject="Re: Parcel", channel_id=desk.channel)
    after = await desk.the()
    assert (after.waiting_since, after.preview, after.last_at) == (before.waiting_since, before.preview, before.last_at)
    assert (after.reply_count, after.state, after.assignee_id) == (0, State.OPEN, desk.ann.agent_id)
    assert (await desk.delivery(sent)).state == "cancelled"
    assert MessageUnsent(message_id=sent) in await desk.world.events(desk.conversation)
    async with desk.world.session() as session:
        assert await take_back(session, desk.ann, sent) == back


async def test_what_is_on_its_way_cannot_be_taken_back(desk: Desk) -> None:
    sent = await desk.reply(desk.ann)
    async with desk.world.session() as session:
        await session.execute(update(Delivery).values(state="claimed", attempts=1))
    async with desk.world.session() as session:
        with pytest.raises(Gone):
            await take_back(session, desk.ann, sent)
        with pytest.raises(NotFound):
            await take_back(session, desk.ben, sent)


async def test_sending_drops_the_draft_of_that_channel(desk: Desk) -> None:
    async with desk.world.session() as session:
        await drafts.keep(session, desk.ann, desk.conversation, Drafting(channel_id=desk.channel, text="It is"))
    await desk.reply(desk.ann)
    events = await desk.world.events(desk.conversation)
    assert DraftKept(agent_id=desk.ann.agent_id) in events
    assert DraftDropped(agent_id=desk.ann.agent_id) in events
    assert ConversationResolved() not in events
