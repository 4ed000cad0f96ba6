"""An adapter for the fake provider, over real HTTP."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

import httpx
import msgspec
from msgspec import Meta, Struct

from hub.channels.contract import (
    Adapter,
    Appearance,
    AttachmentRule,
    Callback,
    Capabilities,
    Colour,
    DeliveryReceipt,
    FetchedBatch,
    Inbound,
    InboundMessage,
    Label,
    OutboundMessage,
    Point,
    RawItem,
    Resend,
    Unreadable,
)
from hub.channels.send_errors import Doubtful, Misconfigured, Notice, Rejected, Throttled, Unreachable
from hub.errors import Forged, Internal


class PostGone(Unreachable):
    """The provider is not there."""


class PostSilent(Doubtful):
    """No answer ({problem})."""

    problem: str


class PostSlow(Throttled):
    """{said}"""

    reply: int
    said: str


class PostTokenRefused(Misconfigured):
    """The provider does not accept the token."""

    reply: int


class PostAway(Unreachable):
    """{said}"""

    reply: int
    said: str


class PostRefused(Rejected):
    """{said}"""

    reply: int
    said: str


class PostForged(Forged):
    """The signature does not match."""


class PostMalformed(Internal):
    """Nothing can be read here ({problem})."""

    problem: str


class PostKnown(Notice):
    """The provider knows us."""


CAPABILITIES = Capabilities(
    scheme="post",
    max_chars=200,
    attachments=AttachmentRule(max_count=2, max_bytes=1000, max_total_bytes=1500),
    lines=4,
)


def with_resend(capabilities: Capabilities, resend: Resend) -> Capabilities:
    return msgspec.structs.replace(capabilities, resend=resend)


class PostAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The provider's address and our credentials there."""

    url: Annotated[str, Meta(title="URL", pattern="^http")]
    token: Annotated[str, Meta(title="Token", extra_json_schema={"format": "password", "goesTo": ["url"]})] = ""
    address: str = "post"
    patience: float = 1.0


class Said(Struct, forbid_unknown_fields=True):
    id: str
    sender: str
    text: str
    signature: str = "good"


class PostAdapter(Adapter):
    """Adapter for the fake provider."""

    appearance: ClassVar[Appearance] = Appearance(
        label=Label(en="Post", es="Correo postal"), icon="m3 11 18-7-7 18-3-8z", colour=Colour.ORANGE
    )
    Account: ClassVar[type[Struct]] = PostAccount

    def __init__(self, account: PostAccount) -> None:
        self.account = account
        self._client = httpx.AsyncClient(
            base_url=account.url,
            headers={"Authorization": f"Bearer {account.token}".strip()},
            timeout=account.patience,
            trust_env=False,
        )

    async def send(self, message: OutboundMessage) -> str:
        body = {"id": message.id, "to": message.to.value, "text": message.text}
        try:
            answer = await self._client.post("/messages", json=body)
        except httpx.ConnectError as error:
            raise PostGone from error
        except httpx.HTTPError as error:
            raise PostSilent(problem=type(error).__name__) from error
        return _id_in(answer)

    async def find_sent(self, message: OutboundMessage) -> str | None:
        answer = await self._client.get(f"/messages/{message.id}")
        return str(answer.json()["id"]) if answer.is_success else None

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        try:
            said = msgspec.json.decode(callback.body, type=Said)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return (Unreadable(external_id="?", reason=PostMalformed(problem=str(error)).reason),)
        if said.signature != "good":
            raise PostForged
        if said.sender == "receipt":
            return (DeliveryReceipt(external_id=said.id, status="delivered"),)
        return (InboundMessage(external_id=said.id, sender=Point(scheme="post", value=said.sender), text=said.text),)

    async def listen(self, bookmark: str | None) -> AsyncIterator[FetchedBatch]:
        while True:
            try:
                answer = await self._client.get("/updates", params={"after": bookmark or "0"}, timeout=5)
            except httpx.HTTPError as error:
                raise PostGone from error
            if not answer.is_success:
                _id_in(answer)
            for update in answer.json():
                bookmark = str(update["n"])
                item = RawItem(dedupe_key=update["id"], body=msgspec.json.encode(update["said"]))
                yield FetchedBatch(items=(item,), bookmark=bookmark)

    async def check(self) -> Sequence[Notice]:
        try:
            answer = await self._client.get("/me")
        except httpx.HTTPError as error:
            raise PostGone from error
        _id_in(answer)
        return (PostKnown(),)

    async def close(self) -> None:
        await self._client.aclose()


def _id_in(answer: httpx.Response) -> str:
    if answer.is_success:
        return str(answer.json()["id"])
    reply, said = answer.status_code, answer.text[:100]
    match reply:
        case 429:
            raise PostSlow(reply=reply, said=said, retry_after=timedelta(seconds=float(answer.headers["Retry-After"])))
        case 401:
            raise PostTokenRefused(reply=reply)
        case status if status >= 500:
            raise PostAway(reply=reply, said=said)
        case _:
            raise PostRefused(reply=reply, said=said)
