"""Actions on a conversation: replies and notes, assignment, state."""

from datetime import timedelta

from hub.routing import worker
from hub.storage.database import new_id, now
from tests.live.story import Story, action


@action("message_queued", "conversation_assigned", operation="reply")
async def reply(story: Story) -> None:
    await story.reply()


async def _undo(story: Story) -> None:
    message_id = await story.reply()
    await story.ann.ask("DELETE", f"/messages/{message_id}/queued")


@action("message_unsent", operation="undo_reply")
async def undo(story: Story) -> None:
    await _undo(story)


@action("message_queued", "conversation_resolved")
async def reply_and_resolve(story: Story) -> None:
    await story.reply(resolve=True)


@action("message_unsent", "conversation_reopened")
async def undo_of_a_reply_that_resolved(story: Story) -> None:
    message_id = await story.reply(resolve=True)
    await story.ann.ask("DELETE", f"/messages/{message_id}/queued")


@action("note_added", operation="add_note")
async def note(story: Story) -> None:
    await story.note("olga", "ben")


async def _mention_ann(story: Story) -> None:
    written = {"id": str(new_id()), "text": "Ann?", "mentions": [story.id_of("ann")]}
    await story.olga.ask("POST", f"{story.customer.path}/notes", written)


@action("note_added")
async def note_that_mentions_the_viewer(story: Story) -> None:
    await _mention_ann(story)


async def _claim(story: Story) -> None:
    await story.ann.ask("POST", f"{story.customer.path}/claim")


@action("conversation_assigned", operation="claim")
async def claim(story: Story) -> None:
    await _claim(story)


@action("conversation_assigned", operation="assign")
async def assign_to_an_agent(story: Story) -> None:
    await story.assign("ben", story.live.east)


@action("conversation_assigned", first=(_claim,))
async def assign_to_the_teams_queue(story: Story) -> None:
    await story.assign(None, story.live.east)


@action("conversation_assigned", first=(_claim,), hidden=False)
async def transfer_out_of_sight(story: Story) -> None:
    await story.assign(None, story.live.west)
    await story.live.caught_up()
    assert story.customer.conversation_id not in story.ann.state.rows
    assert story.customer.conversation_id in story.zoe.state.rows


@action("conversation_assigned", first=(_mention_ann,), hidden=False)
async def transfer_of_one_with_a_mention_out_of_sight(story: Story) -> None:
    await story.assign(None, story.live.west)


@action("conversation_assigned", hidden=False)
async def assign_to_an_agent_of_another_team(story: Story) -> None:
    await story.assign("zoe", story.live.east)


async def _to_zoe(story: Story) -> None:
    await story.assign("zoe", story.live.east)


@action("conversation_assigned", first=(_to_zoe,), hidden=False)
async def take_from_an_agent_of_another_team(story: Story) -> None:
    await story.assign("ben", story.live.east)
    await story.live.caught_up()
    assert story.customer.conversation_id not in story.zoe.state.rows


async def _write_again(story: Story) -> None:
    """Begin a second conversation of the same customer, by mail to the same contact."""
    sender = story.live.fresh_name("twice")
    await story.live.mailed(sender)
    first = await story.live.known("mailto", f"{sender}@x.test", story.live.mailbox)
    await story.live.mailed(sender, "And another thing.")
    story.customer = first


async def _second_to_the_west(story: Story) -> None:
    await _write_again(story)
    await story.assign(None, story.live.west)


@action("conversation_assigned", first=(_second_to_the_west,), hidden=False)
async def transfer_into_sight_of_one_of_a_customers_two(story: Story) -> None:
    await story.assign(None, story.live.east)


@action("conversation_assigned", first=(_write_again,), hidden=False)
async def transfer_out_of_sight_of_one_of_a_customers_two(story: Story) -> None:
    await story.assign(None, story.live.west)


async def _resolve(story: Story) -> None:
    await story.resolve()


async def _snooze(story: Story) -> None:
    await story.snooze()


@action("conversation_resolved", operation="resolve")
async def resolve(story: Story) -> None:
    await story.resolve()


@action("conversation_reopened", first=(_resolve,), operation="reopen")
async def reopen(story: Story) -> None:
    await story.ann.ask("DELETE", f"{story.customer.path}/resolution")


@action("conversation_snoozed", operation="snooze")
async def snooze(story: Story) -> None:
    await story.snooze()


@action("conversation_woken", first=(_snooze,), operation="wake")
async def wake(story: Story) -> None:
    await story.ann.ask("DELETE", f"{story.customer.path}/snooze")


@action("conversation_woken", first=(_claim, _snooze))
async def wake_by_time(story: Story) -> None:
    await story.live.change(story.customer.conversation_id, snoozed_until=now() - timedelta(seconds=1))
    await worker.sweep(story.live.context)


@action("tags_changed", operation="change_tags")
async def tag(story: Story) -> None:
    await story.ann.ask("PATCH", f"{story.customer.path}/tags", {"add": ["urgent", story.customer.value]})


async def _tag(story: Story) -> None:
    await tag(story)


@action("tags_changed", first=(_tag,))
async def untag(story: Story) -> None:
    await story.ann.ask("PATCH", f"{story.customer.path}/tags", {"remove": ["urgent"]})


async def _read(story: Story) -> None:
    await story.put("read", {"inbound_read": 1})


@action("read_marked", operation="mark_read")
async def read(story: Story) -> None:
    await _read(story)


@action("read_marked", first=(_mention_ann,))
async def read_a_mention(story: Story) -> None:
    await _read(story)


@action("read_marked", first=(_read,))
async def unread(story: Story) -> None:
    await story.put("read", {"inbound_read": 0, "back": True})


async def _draft(story: Story) -> None:
    await story.put("draft", {"channel_id": None, "text": "Dear"})


@action("draft_kept", operation="keep_draft")
async def draft(story: Story) -> None:
    await _draft(story)


@action("draft_dropped", first=(_draft,))
async def drop_draft(story: Story) -> None:
    await story.put("draft", {"channel_id": None, "text": ""})


@action("draft_dropped", first=(_draft,))
async def draft_becomes_a_note(story: Story) -> None:
    await story.note()
