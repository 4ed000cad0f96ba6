"""The conversation that a message belongs to, decided without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from hub.events.definitions import State
from hub.timeline.threading import REOPENS_WITHIN, IncomingMessage, KnownConversation, KnownThreads, belongs_to

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANA, EVE = uuid4(), uuid4()
POINT, OTHER = uuid4(), uuid4()
BOX, SECOND = uuid4(), uuid4()
FIRST, LATER = uuid4(), uuid4()
Answered = dict[str, dict[UUID | None, UUID]]


def said(
    *,
    contact: UUID = ANA,
    point: UUID = POINT,
    threads: bool = True,
    reply_keys: tuple[str, ...] = (),
    answers: tuple[str, ...] = (),
) -> IncomingMessage:
    return IncomingMessage(
        contact_id=contact,
        point_id=point,
        channel_id=BOX,
        at=NOW,
        threads=threads,
        reply_keys=reply_keys,
        answers=answers,
    )


def around(
    *,
    state: State = State.OPEN,
    resolved: datetime | None = None,
    by_key: dict[str, UUID] | None = None,
    by_answer: Answered | None = None,
    pending: Answered | None = None,
    parties: dict[UUID, set[UUID]] | None = None,
    latest: dict[UUID, UUID] | None = None,
) -> KnownThreads:
    known = {
        id_: KnownConversation(id=id_, contact_id=ANA, state=state, last_at=NOW, resolved_at=resolved)
        for id_ in (FIRST, LATER)
    }
    return KnownThreads(
        by_key=by_key or {},
        by_answer=by_answer or {},
        pending=pending or {},
        parties=parties or {},
        latest=latest or {},
        conversations=known,
    )


def test_the_reply_key_is_enough_for_anybody() -> None:
    found = belongs_to(said(contact=EVE, reply_keys=("k",)), around(by_key={"k": FIRST}))
    assert found == FIRST


def test_the_nearest_answered_message_decides() -> None:
    answered: Answered = {"<a>": {BOX: FIRST}, "<b>": {BOX: LATER}}
    assert belongs_to(said(answers=("<b>", "<a>")), around(by_answer=answered)) == LATER


def test_a_message_id_alone_lets_no_stranger_in() -> None:
    answered: Answered = {"<a>": {BOX: FIRST}}
    assert belongs_to(said(contact=EVE, answers=("<a>",)), around(by_answer=answered)) is None


def test_a_party_of_the_conversation_may_answer_in_it() -> None:
    surroundings = around(by_answer={"<a>": {BOX: FIRST}}, parties={FIRST: {OTHER}})
    assert belongs_to(said(contact=EVE, point=OTHER, answers=("<a>",)), surroundings) == FIRST


def test_the_own_mailbox_goes_before_another_that_holds_the_same_message() -> None:
    answered: Answered = {"<a>": {SECOND: LATER, BOX: FIRST}}
    assert belongs_to(said(answers=("<a>",)), around(by_answer=answered)) == FIRST


def test_a_mail_without_a_reference_begins_a_conversation() -> None:
    assert belongs_to(said(), around(latest={ANA: FIRST})) is None


@pytest.mark.parametrize("state", [State.OPEN, State.SNOOZED])
def test_a_chat_goes_on_where_the_customer_is_not_done(state: State) -> None:
    assert belongs_to(said(threads=False), around(state=state, latest={ANA: FIRST})) == FIRST


@pytest.mark.parametrize("ago, found", [(timedelta(hours=1), FIRST), (REOPENS_WITHIN + timedelta(seconds=1), None)])
def test_a_chat_reopens_only_a_recently_resolved_conversation(ago: timedelta, found: UUID | None) -> None:
    surroundings = around(state=State.RESOLVED, resolved=NOW - ago, latest={ANA: FIRST})
    assert belongs_to(said(threads=False), surroundings) == found


def test_a_mail_that_was_answered_before_it_came_joins_its_answer() -> None:
    late = replace(said(), email_id="<a>")
    assert belongs_to(late, around(pending={"<a>": {BOX: FIRST}})) == FIRST
    assert belongs_to(replace(late, contact_id=EVE), around(pending={"<a>": {BOX: FIRST}})) is None
