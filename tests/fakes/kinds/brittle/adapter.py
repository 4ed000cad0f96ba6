"""An adapter that fails on some arrivals, like a real one with a bug."""

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct

from hub.channels.contract import (
    Adapter,
    Appearance,
    Callback,
    Capabilities,
    Inbound,
    InboundMessage,
    Label,
    OutboundMessage,
    Point,
)


class BrittleAccount(Struct, frozen=True):
    """An account without fields."""


class BrittleAdapter(Adapter):
    kind: ClassVar[str] = "brittle"
    appearance: ClassVar[Appearance] = Appearance(label=Label(en="Brittle", es="Frágil"), icon="M4 4h16v16H4z")
    Account: ClassVar[type[Struct]] = BrittleAccount
    capabilities: ClassVar[Capabilities] = Capabilities(scheme="brittle")

    def __init__(self, account: BrittleAccount) -> None:
        self.account = account

    async def send(self, message: OutboundMessage) -> str:
        return message.id

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        text = callback.body.decode()
        if "poison" in text:
            raise RuntimeError("a fault nobody knew of")
        return [InboundMessage(external_id=text, sender=Point(scheme="brittle", value="one"), text=text)]
