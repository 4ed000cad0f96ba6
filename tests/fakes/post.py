"""An adapter for the fake provider, over real HTTP."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar

import httpx
import msgspec
from msgspec import Meta, Struct

from hub.channels.contract import (
    Adapter,
    AttachmentRule,
    Callback,
    Capabilities,
    DeliveryReceipt,
    Doubtful,
    FetchedBatch,
    Inbound,
    InboundMessage,
    Misconfigured,
    OutboundMessage,
    Point,
    RawItem,
    Rejected,
    Resend,
    Throttled,
    Unreachable,
    Unreadable,
)
from hub.errors import Forged

CAPABILITIES = Capabilities(
    scheme="post",
    max_chars=200,
    attachments=AttachmentRule(max_count=2, max_bytes=1000, max_total_bytes=1500),
    lines=4,
)


def with_resend(capabilities: Capabilities, resend: Resend) -> Capabilities:
    return msgspec.structs.replace(capabilities, resend=resend)


class PostAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the provider is, and what it knows us by."""

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
    """Speaks to the fake provider."""

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
            raise Unreachable("The provider is not there.") from error
        except httpx.HTTPError as error:
            raise Doubtful(f"No answer: {type(error).__name__}.") from error
        return _id_in(answer)

    async def find_sent(self, message: OutboundMessage) -> str | None:
        answer = await self._client.get(f"/messages/{message.id}")
        return str(answer.json()["id"]) if answer.is_success else None

    def parse(self, callback: Callback) -> Sequence[Inbound]:
        try:
            said = msgspec.json.decode(callback.body, type=Said)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return (Unreadable(external_id="?", reason=str(error)),)
        if said.signature != "good":
            raise Forged("The signature does not match.")
        if said.sender == "receipt":
            return (DeliveryReceipt(external_id=said.id, status="delivered"),)
        return (InboundMessage(external_id=said.id, sender=Point(scheme="post", value=said.sender), text=said.text),)

    async def listen(self, bookmark: str | None) -> AsyncIterator[FetchedBatch]:
        while True:
            try:
                answer = await self._client.get("/updates", params={"after": bookmark or "0"}, timeout=5)
            except httpx.HTTPError as error:
                raise Unreachable("The provider is not there.") from error
            if not answer.is_success:
                _id_in(answer)
            for update in answer.json():
                bookmark = str(update["n"])
                item = RawItem(dedupe_key=update["id"], body=msgspec.json.encode(update["said"]))
                yield FetchedBatch(items=(item,), bookmark=bookmark)

    async def check(self) -> str:
        try:
            answer = await self._client.get("/me")
        except httpx.HTTPError as error:
            raise Unreachable("The provider is not there.") from error
        _id_in(answer)
        return "The provider knows us."

    async def close(self) -> None:
        await self._client.aclose()


def _id_in(answer: httpx.Response) -> str:
    if answer.is_success:
        return str(answer.json()["id"])
    code, told = str(answer.status_code), answer.text[:100]
    match answer.status_code:
        case 429:
            raise Throttled(told, retry_after=timedelta(seconds=float(answer.headers["Retry-After"])), code=code)
        case 401:
            raise Misconfigured("The provider does not accept the token.", code=code)
        case status if status >= 500:
            raise Unreachable(told, code=code)
        case _:
            raise Rejected(told, code=code)
