"""Reading entries of the event log, also those stored by earlier versions."""

from hub.events import log
from hub.events.definitions import OLD_TAGS, Event, MessageReceived, MessageStatusChanged, Status, tags_of
from hub.events.log import Position, entry_values, event_of, parse_event
from hub.events.models import Entry
from hub.storage.database import new_id
from tests.events.journal import Journal

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


async def test_the_log_is_read_by_its_index(journal: Journal) -> None:
    many = (
        "insert into entry (xid, at, shown, event) select pg_current_xact_id(), now(), false,"
        """ '{"type": "conversation_opened"}' from generate_series(1, 5000)"""
    )
    await journal.change(many)
    await journal.change("analyze entry")
    async with journal.context.transaction() as session:
        end = await log.current_position(session)
        query = log.select_after(Position(end.xid - 1, 0), limit=50)
        written = query.compile(journal.context.engine.sync_engine)
        values = tuple(written.params[name] for name in written.positiontup or ())
        found = await (await session.connection()).exec_driver_sql(f"explain {written}", values)
        plan = "\n".join(found.scalars())
    assert "entry_reader_idx" in plan
    assert "Seq Scan" not in plan
    assert "Sort" not in plan
