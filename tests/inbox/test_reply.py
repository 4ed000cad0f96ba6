"""Replies, and undoing them."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.access.rights import AgentKind, Role, Viewer
from hub.channels.errors import FileTooLargeForChannel, NothingToSend
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
from hub.inbox.errors import (
    ChannelPaused,
    ContactMustWriteFirst,
    ContactUnreachable,
    CopyAddressInvalid,
    NewerReply,
    ReplyAlreadySent,
    ReplyChannelGone,
    UploadGone,
)
from hub.inbox.requests import Drafting, TakenBack
from hub.inbox.undo import take_back
from hub.storage.database import new_id, now
from hub.timeline.models import ContactPoint
from tests.support.case import Case
from tests.support.company import viewer


async def test_an_answer_is_queued_and_the_customer_waits_no_longer(case: Case) -> None:
    sent = await case.reply(case.ann, text=" It is on its way. ", undo_seconds=5)
    message, delivery, found = await case.message(sent), await case.delivery(sent), await case.the()
    assert (message.body, message.subject, message.status) == ("It is on its way.", "Re: Parcel", "queued")
    assert message.send_at == message.at + timedelta(seconds=5)
    assert (delivery.state, delivery.due_at, delivery.point_id) == ("due", message.send_at, case.point)
    assert (found.waiting_since, found.reply_count, found.preview) == (None, 1, "It is on its way.")
    assert (found.last_direction, found.last_at) == ("outbound", message.at)


async def test_a_reply_assigns_an_unassigned_conversation_to_its_author(case: Case) -> None:
    sent = await case.reply(case.ann)
    message = await case.message(sent)
    assert message.send_at is not None
    assert await case.company.events(case.conversation) == [
        MessageQueued(message_id=sent, send_at=message.send_at),
        ConversationAssigned(agent_id=case.ann.agent_id, team_id=case.team, reasons=("replied",)),
    ]
    assert await case.company.used(case.ann.agent_id) == 1


async def test_a_bot_answers_at_once_and_leaves_the_conversation_where_it_is(case: Case) -> None:
    agent = await case.company.agent(case.team)
    bot = Viewer(agent_id=agent, role=Role.BOT, kind=AgentKind.BOT, team_ids=frozenset({case.team}))
    message = await case.message(await case.reply(bot))
    assert message.send_at == message.at
    assert (await case.the()).assignee_id is None


async def test_the_same_answer_twice_is_one_and_another_under_its_id_is_refused(case: Case) -> None:
    written = case.written("Yes")
    for _ in range(2):
        await case.reply(case.ann, written)
    assert (await case.the()).reply_count == 1
    with pytest.raises(Conflict):
        await case.reply(case.ann, case.written("No", id=written.id))


async def test_a_colleagues_newer_answer_is_told_before_anything_leaves(case: Case) -> None:
    await case.reply(case.ben, seen=1)
    with pytest.raises(NewerReply):
        await case.reply(case.ann, seen=1)
    await case.reply(case.ann, seen=1, force=True)
    await case.reply(case.ann, seen=1, text="One more thing")
    assert (await case.the()).reply_count == 3


async def test_an_answer_that_was_on_the_screen_is_no_surprise(case: Case) -> None:
    theirs = await case.reply(case.ben, seen=1)
    await case.reply(case.ann, seen=1, last_seen_id=theirs)


async def test_after_the_customers_next_message_old_answers_do_not_matter(case: Case) -> None:
    await case.reply(case.ben, seen=1)
    await case.hear("And now?")
    await case.reply(case.ann, seen=2)


async def test_send_and_resolve_ends_the_work_and_keeps_the_owner(case: Case) -> None:
    await case.reply(case.ann, resolve=True)
    found = await case.the()
    assert (found.state, found.assignee_id) == (State.RESOLVED, case.ann.agent_id)
    assert await case.company.item(case.conversation) is None
    assert await case.company.waiting(case.team) == 0
    assert await case.company.used(case.ann.agent_id) == 0


async def test_a_reply_reopens_a_resolved_conversation(case: Case) -> None:
    await case.reply(case.ann, resolve=True)
    await case.reply(case.ben)
    found = await case.the()
    assert (found.state, found.assignee_id, found.resolved_at) == (State.OPEN, case.ben.agent_id, None)
    assert ConversationReopened() in await case.company.events(case.conversation)


async def test_unsupported_content_is_refused_with_a_reason(case: Case) -> None:
    with pytest.raises(NothingToSend):
        await case.reply(case.ann, text="  ")
    with pytest.raises(ReplyChannelGone):
        await case.reply(case.ann, channel_id=new_id())
    with pytest.raises(ContactUnreachable):
        await case.reply(case.ann, point_id=new_id())
    with pytest.raises(CopyAddressInvalid):
        await case.reply(case.ann, cc=("boss",))
    with pytest.raises(UploadGone):
        await case.reply(case.ann, attachment_ids=(await case.upload(case.ben),))
    with pytest.raises(FileTooLargeForChannel):
        await case.reply(case.ann, attachment_ids=(await case.upload(case.ann, size=2**40),))
    async with case.company.session() as session:
        await session.execute(update(Channel).values(paused_at=now()))
    with pytest.raises(ChannelPaused):
        await case.reply(case.ann)
    assert (await case.the()).reply_count == 0


async def test_a_chat_cannot_be_begun_by_us(case: Case) -> None:
    chat = await case.company.channel("webchat", "shop")
    async with case.company.session() as session:
        point = ContactPoint(contact_id=(await case.the()).contact_id, scheme="webchat", value="v1", display="v1")
        session.add(point)
    with pytest.raises(ContactMustWriteFirst):
        await case.reply(case.ann, channel_id=chat, point_id=point.id)


async def test_somebody_of_another_team_finds_nothing(case: Case) -> None:
    stranger = viewer(await case.company.agent(await case.company.team("Other")))
    with pytest.raises(NotFound):
        await case.reply(stranger)


async def test_files_go_along_once_and_come_back_with_the_words(case: Case) -> None:
    file = await case.upload(case.ann)
    sent = await case.reply(case.ann, attachment_ids=(file,), undo_seconds=30)
    with pytest.raises(BadInput):
        await case.reply(case.ann, attachment_ids=(file,))
    async with case.company.session() as session:
        back = await take_back(session, case.ann, sent)
    assert [one.id for one in back.attachments] == [file]
    await case.reply(case.ann, attachment_ids=(file,))


async def test_an_answer_taken_back_in_time_never_was(case: Case) -> None:
    before = await case.the()
    sent = await case.reply(case.ann, text="Oops", undo_seconds=30, resolve=True)
    async with case.company.session() as session:
        back = await take_back(session, case.ann, sent)
    assert back == TakenBack(text="Oops", subject="Re: Parcel", channel_id=case.channel)
    after = await case.the()
    assert (after.waiting_since, after.preview, after.last_at) == (before.waiting_since, before.preview, before.last_at)
    assert (after.reply_count, after.state, after.assignee_id) == (0, State.OPEN, case.ann.agent_id)
    assert (await case.delivery(sent)).state == "cancelled"
    assert MessageUnsent(message_id=sent) in await case.company.events(case.conversation)
    async with case.company.session() as session:
        assert await take_back(session, case.ann, sent) == back


async def test_a_reply_being_sent_cannot_be_undone(case: Case) -> None:
    sent = await case.reply(case.ann)
    async with case.company.session() as session:
        await session.execute(update(Delivery).values(state="claimed", attempts=1))
    async with case.company.session() as session:
        with pytest.raises(ReplyAlreadySent):
            await take_back(session, case.ann, sent)
        with pytest.raises(NotFound):
            await take_back(session, case.ben, sent)


async def test_sending_drops_the_draft_of_that_channel(case: Case) -> None:
    async with case.company.session() as session:
        await drafts.keep(session, case.ann, case.conversation, Drafting(channel_id=case.channel, text="It is"))
    await case.reply(case.ann)
    events = await case.company.events(case.conversation)
    assert DraftKept(agent_id=case.ann.agent_id) in events
    assert DraftDropped(agent_id=case.ann.agent_id) in events
    assert ConversationResolved() not in events
