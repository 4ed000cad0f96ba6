from typing import ClassVar

from msgspec import Struct

from hub.channels.chat_contract import ChatAccount
from hub.channels.contract import Adapter, Callback
from hub.channels.email.account import Account
from hub.channels.email.adapter import EmailAdapter
from hub.channels.webchat.adapter import WebchatAdapter
from tests.channels.contract import ChannelContract

MAIL = b"From: Ann <ann@customer.example>\r\nTo: help@shop.example\r\nSubject: Hi\r\nMessage-ID: <1@x>\r\n\r\nHello\r\n"
SAID = (
    b'{"type":"said","id":"0190a0b0-0000-7000-8000-000000000001","visitor":"0190a0b0-0000-7000-8000-000000000002",'
    b'"point":"v1","at":"2026-01-01T00:00:00Z","text":"Hello"}'
)


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
