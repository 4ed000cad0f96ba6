from typing import ClassVar

import pytest
from msgspec import Struct

from hub.channels.chat_contract import ChatAccount
from hub.channels.contract import Adapter, Callback
from hub.channels.email.account import Account
from hub.channels.email.adapter import EmailAdapter
from hub.channels.webchat.adapter import WebchatAdapter
from tests.channels.contract import ChannelContract, problem_of_path

MAIL = b"From: Ann <ann@customer.example>\r\nTo: help@shop.example\r\nSubject: Hi\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"
SAID = (
    b'{"type":"said","id":"0190a0b0-0000-7000-8000-000000000001","visitor":"0190a0b0-0000-7000-8000-000000000002",'
    b'"point":"v1","at":"2026-01-01T00:00:00Z","text":"Hello"}'
)


@pytest.mark.parametrize(
    "data", ["", "4 4", "4M4 4", "M4", "M4 4h", "M4 4 8", "M4 4X2", "M4 4h#", "M4 4z1", "M4 4a2 2 0 0 1 2"]
)
def test_an_icon_that_cannot_be_drawn_is_noticed(data: str) -> None:
    assert problem_of_path(data)


@pytest.mark.parametrize(
    "data", ["M4 4h16v16H4z", "m3 11 18-7-7 18-3-8z", "M4 4a2 2 0 012 2", "M.5.5L-1-1", "M4,4 8,8"]
)
def test_an_icon_that_can_be_drawn_is_accepted(data: str) -> None:
    assert problem_of_path(data) is None


class TestEmail(ChannelContract):
    adapter_type: ClassVar[type[Adapter]] = EmailAdapter
    account: ClassVar[Struct] = Account(
        address="help@shop.example",
        imap_host="127.0.0.1",
        imap_port=9,
        imap_security="none",
        imap_user="help",
        imap_password="s3cret-imap",
        smtp_host="127.0.0.1",
        smtp_port=9,
        smtp_security="none",
        smtp_user="help",
        smtp_password="s3cret-smtp",
    )
    secrets: ClassVar[tuple[str, ...]] = ("s3cret-imap", "s3cret-smtp")
    samples: ClassVar[tuple[Callback, ...]] = (Callback(url="", headers={}, body=MAIL),)


class TestWebchat(ChannelContract):
    adapter_type: ClassVar[type[Adapter]] = WebchatAdapter
    account: ClassVar[Struct] = ChatAccount(site_name="Shop", identity_secret="s3cret-identity", key="abc")
    secrets: ClassVar[tuple[str, ...]] = ("s3cret-identity",)
    samples: ClassVar[tuple[Callback, ...]] = (Callback(url="", headers={"dedupe-key": "k"}, body=SAID),)

    async def test_a_message_sent_twice_is_one(self) -> None:
        adapter = self.adapter()
        assert await adapter.send(self.message()) == await adapter.send(self.message())
