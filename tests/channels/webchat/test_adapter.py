from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from hub.channels import registry
from hub.channels.chat_contract import (
    ChatAccount,
    StoredFile,
    Verified,
    VisitorMessage,
    VisitorReceipts,
    client_message_id,
    customer_point,
    message_key,
    pack,
    visitor_point,
)
from hub.channels.contract import Callback, DeliveryReceipt, InboundMessage, OutboundMessage, Point, Unreadable
from hub.channels.webchat.adapter import WebchatAdapter

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
ID, VISITOR, OTHER = (UUID(int=n) for n in (1, 2, 3))
ADAPTER = WebchatAdapter(ChatAccount(site_name="Aurora"))


def parse(raw: bytes) -> object:
    (item,) = ADAPTER.parse(Callback(url="", headers={}, body=raw))
    return item


MESSAGE = VisitorMessage(id=ID, visitor=VISITOR, point="v-2", at=NOW, text="hi")


def reason_to_json(**more: object) -> bytes:
    return pack(replace(MESSAGE, **more))


def test_a_claimed_address_opens_no_earlier_thread() -> None:
    message = parse(reason_to_json(name="Ana", email="ana@example.com"))
    assert isinstance(message, InboundMessage)
    sender = Point(scheme="webchat", value="v-2", display="Visitor v-2", name="Ana")
    assert (message.sender, message.verified_points) == (sender, ())


def test_people_see_the_end_of_the_id_of_a_visitor_without_a_name() -> None:
    message = parse(reason_to_json(point="v-0123456789abcdef"))
    assert isinstance(message, InboundMessage)
    assert message.sender.display == "Visitor cdef"


def test_a_signed_address_joins_the_threads_of_that_address() -> None:
    message = parse(
        reason_to_json(email="eve@example.com", verified=Verified(user_id="7", email="ana@example.com", name="Ana"))
    )
    assert isinstance(message, InboundMessage)
    assert message.sender.verified
    assert message.verified_points == (Point(scheme="mailto", value="ana@example.com", name="Ana", verified=True),)


def test_files_come_by_digest() -> None:
    message = parse(reason_to_json(files=(StoredFile(digest="d", filename="a.png", media_type="image/png", size=3),)))
    assert isinstance(message, InboundMessage)
    assert [(f.digest, f.filename, f.content) for f in message.files] == [("d", "a.png", None)]


def test_no_visitor_can_take_the_id_of_anothers_message() -> None:
    assert message_key(VISITOR, ID) != message_key(OTHER, ID)
    assert client_message_id(message_key(VISITOR, ID)) == ID


def test_a_signed_in_customer_is_never_taken_for_an_anonymous_visitor_or_one_of_another_shop() -> None:
    customers = {customer_point("a", "7"), customer_point("b", "7"), customer_point("a", VISITOR.hex)}
    assert len(customers | {visitor_point(VISITOR)}) == 4


def test_read_marks_become_receipts() -> None:
    receipts = ADAPTER.parse(
        Callback(url="", headers={}, body=pack(VisitorReceipts(at=NOW, delivered=("m1",), read=("m2",))))
    )
    assert receipts == (
        DeliveryReceipt(external_id="m1", status="delivered", at=NOW),
        DeliveryReceipt(external_id="m2", status="read", at=NOW),
    )


def test_an_item_in_another_format_is_unreadable() -> None:
    assert isinstance(parse(b'{"type":"said"}'), Unreadable)


async def test_sending_gives_the_messages_own_id_back() -> None:
    message = OutboundMessage(id="m1", to=Point(scheme="webchat", value="v-2"), text="hi", created_at=NOW)
    assert (await ADAPTER.send(message), await ADAPTER.find_sent(message)) == ("m1", "m1")


def test_key_and_secret_are_made_when_left_empty() -> None:
    empty = {"site_name": "Aurora", "identity_secret": "", "key": ""}
    item, two = (registry.account("webchat", empty) for _ in range(2))
    assert isinstance(item, ChatAccount)
    assert isinstance(two, ChatAccount)
    assert len({item.key, two.key, item.identity_secret, two.identity_secret, ""}) == 5
    shown, secret = registry.split_secrets("webchat", item)
    assert shown["key"] == item.key
    assert secret == {"identity_secret": item.identity_secret}
