"""Reading entries of the event log, also those stored by earlier versions."""

from hub.events.definitions import OLD_TAGS, Event, MessageReceived, MessageStatusChanged, Status, tags_of
from hub.events.log import entry_values, event_of, parse_event
from hub.events.models import Entry
from hub.storage.database import new_id

MESSAGE = new_id()


def test_an_event_is_read_as_it_was_written() -> None:
    event = MessageStatusChanged(message_id=MESSAGE, status=Status.SENT)
    row = entry_values(event)
    assert row["event"]["type"] == "message_status_changed"
    assert event_of(Entry(**row)) == event


def test_an_event_that_was_stored_under_its_old_tag_is_read() -> None:
    stored = {"type": "message_moved", "message_id": str(MESSAGE), "status": "failed", "detail": "No such mailbox."}
    expected = MessageStatusChanged(message_id=MESSAGE, status=Status.FAILED, detail="No such mailbox.")
    assert parse_event(stored) == expected
    assert stored["type"] == "message_moved", "the stored event is left as it is"


def test_each_old_tag_was_replaced_by_one_that_is_in_use() -> None:
    tags = {kind.__struct_config__.tag for kind in Event.__args__}
    assert set(OLD_TAGS.values()) <= tags
    assert not set(OLD_TAGS) & tags


def test_the_tags_of_an_event_are_its_own_and_those_it_replaced() -> None:
    assert tags_of(MessageStatusChanged) == ("message_status_changed", "message_moved")
    assert tags_of(MessageReceived) == ("message_received",)
