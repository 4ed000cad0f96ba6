"""The e-mail channel as a whole: receiving, replying, and finding out whether a reply was sent."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from msgspec.structs import replace

from hub.channels.contract import Callback, InboundMessage, OutboundMessage, Point, Unreadable
from hub.channels.email.account import Account
from hub.channels.email.adapter import EmailAdapter
from hub.channels.email.errors import MailPasswordRefused, SmtpHostMissing
from hub.channels.email.imap.responses import Folder
from hub.channels.email.imap.sent_folder import sent_folder
from hub.channels.email.parse.reader import MAX_RAW
from tests.fakes.dovecot import Dovecot, User
from tests.fakes.smtp_server import SmtpServer

KEY = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def server(dovecot: Dovecot) -> Iterator[SmtpServer]:
    with SmtpServer.running(dovecot.certificates, users={"me": "secret"}, relay_to=dovecot.lmtp_port) as running:
        yield running


@pytest.fixture
def shop(account: Account, server: SmtpServer) -> Account:
    return replace(
        account,
        display_name="The Shop",
        smtp_host="localhost",
        smtp_port=server.port,
        smtp_user="me",
        smtp_password="secret",
    )


@pytest.fixture
async def adapter(shop: Account) -> AsyncIterator[EmailAdapter]:
    adapter = EmailAdapter(shop)
    yield adapter
    await adapter.close()


def answer_to(customer: User, *answers: str) -> OutboundMessage:
    return OutboundMessage(
        id="0190-abc",
        to=Point(scheme="mailto", value=customer.address, name="Anna"),
        subject="Re: Where is it?",
        text="On its way.",
        reply_key=KEY,
        references=answers,
        created_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
    )


def parsed(adapter: EmailAdapter, raw: bytes) -> InboundMessage:
    [message] = adapter.parse(Callback(url="", headers={}, body=raw))
    assert isinstance(message, InboundMessage)
    return message


async def test_a_mail_comes_in_and_the_reply_reaches_the_customer_in_its_thread(
    adapter: EmailAdapter, shop: Account, dovecot: Dovecot
) -> None:
    customer = dovecot.add_user()
    question = (
        f"From: Anna <{customer.address}>\r\nTo: {shop.address}\r\nMessage-ID: <q@customer.test>\r\n\r\nWhere?\r\n"
    )
    dovecot.deliver(shop.address, question.encode())
    fetched = await anext(adapter.listen(None))
    [item] = fetched.items
    asked = parsed(adapter, item.body)
    assert (asked.external_id, asked.sender.value) == (item.dedupe_key, customer.address)
    sent = await adapter.send(answer_to(customer, asked.message_id or ""))

    mailbox = replace(shop, address=customer.address, imap_user=customer.address, imap_password=customer.password)
    received = await anext(EmailAdapter(mailbox).listen(None))
    answer = parsed(EmailAdapter(mailbox), received.items[0].body)
    assert answer.text.strip() == "On its way."
    assert answer.message_id == sent
    assert answer.references == ("<q@customer.test>",)
    assert answer.sender.name == "The Shop"


async def test_a_reply_to_the_reply_carries_the_conversations_key(adapter: EmailAdapter, shop: Account) -> None:
    local, _, domain = shop.address.partition("@")
    raw = f"From: anna@customer.test\r\nTo: {local}+{KEY}@{domain}\r\n\r\nThanks\r\n"
    assert parsed(adapter, raw.encode()).reply_keys == (KEY,)


async def test_a_sent_mail_is_found_by_its_message_id(adapter: EmailAdapter, shop: Account, dovecot: Dovecot) -> None:
    message = answer_to(dovecot.add_user())
    assert await adapter.find_sent(message) is None
    await adapter.send(message)
    raw = b"Message-ID: <0190-abc@shop.test>\r\n\r\nOn its way.\r\n"
    dovecot.fill(shop.address, [raw])
    dovecot.doveadm("move", "-u", shop.address, "Sent", "mailbox", "INBOX", "all")
    assert await adapter.find_sent(message) == "<0190-abc@shop.test>"


async def test_a_check_signs_in_at_both_ends(adapter: EmailAdapter) -> None:
    assert [(one.code, one.reason.params) for one in await adapter.check()] == [
        ("mailbox_checked", {"folder": "INBOX", "where": "localhost", "count": 0}),
        ("smtp_checked", {"where": "localhost"}),
    ]


@pytest.mark.parametrize("field", ["imap_password", "smtp_password"])
async def test_a_check_tells_the_password_that_is_wrong(shop: Account, field: str) -> None:
    with pytest.raises(MailPasswordRefused):
        await EmailAdapter(replace(shop, **{field: "wrong"})).check()


async def test_a_mailbox_without_servers_only_receives(shop: Account, dovecot: Dovecot) -> None:
    bare = EmailAdapter(Account(address=shop.address))
    assert [one.code for one in await bare.check()] == ["mail_only_pushed"]
    assert await bare.find_sent(answer_to(dovecot.add_user())) is None
    with pytest.raises(SmtpHostMissing):
        await bare.send(answer_to(dovecot.add_user()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):  # without a mailbox, listening yields nothing and raises no error
            await anext(bare.listen(None))


async def test_a_mail_bomb_is_unreadable(adapter: EmailAdapter) -> None:
    [told] = adapter.parse(Callback(url="", headers={}, body=b"Subject: x\r\n\r\n" + b"x" * MAX_RAW))
    assert isinstance(told, Unreadable)
    assert told.reason.code == "mail_too_large"


def test_the_folder_of_sent_mail_is_found_by_its_mark_or_its_name() -> None:
    marked = Folder(name="Verschickt", attributes=frozenset({"\\Sent"}))
    called = Folder(name="Sent Items", attributes=frozenset())
    other = Folder(name="Sentimental", attributes=frozenset())
    assert sent_folder([other, called, marked]) == "Verschickt"
    assert sent_folder([other, called]) == "Sent Items"
    assert sent_folder([other]) is None


def test_an_account_is_checked_and_its_secrets_are_marked() -> None:
    schema = msgspec.json.schema(Account)["$defs"]["Account"]["properties"]
    secrets = {name for name, field in schema.items() if field.get("format") == "password"}
    assert secrets == {"imap_password", "smtp_password", "oauth_token", "push_key"}
    assert all("title" in field and "description" in field for field in schema.values())
    for wrong in (
        {},
        {"address": "no address"},
        {"address": "a@b.test", "colour": 1},
        {"address": "a@b", "imap_port": 0},
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, Account)
