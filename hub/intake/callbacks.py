"""A provider's HTTP callback: checked on its raw bytes, committed, and only then answered."""

import hashlib
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.middleware import ASGIMiddleware
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.asgi_types import HTTPScope

from hub.channels.contract import Callback, CallbackResponse, RawItem
from hub.errors import TooLarge
from hub.intake import pipeline
from hub.intake.errors import CallbackCutOff, CallbackEmpty, CallbackLengthInvalid, CallbackTooLarge
from hub.intake.parsing import Readers
from hub.runtime.http import context_of

REFUSAL = "hub.refusal"
KEPT_HEADERS = frozenset({"content-type", "user-agent"})


class Door(ASGIMiddleware):
    """Answers in place of the handler below it, in plain ASGI: through this door strangers' machines hurry."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Acknowledge what could be kept; what could not is told by the handler below, like any other error."""
        try:
            told = await self._keep(cast("HTTPScope", scope), receive)
        except Exception as error:
            scope["state"][REFUSAL] = error
            await next_app(scope, receive, send)
        else:
            await _answer(send, told)

    async def _keep(self, asked: HTTPScope, receive: Receive) -> CallbackResponse:
        context, channel_id = context_of(asked["litestar_app"].state), cast("UUID", asked["path_params"]["channel_id"])
        adapter = await context.one(Readers).adapter(channel_id)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in asked["headers"]}
        body = await _body(receive, headers, context.settings.max_mail_bytes)
        base = context.settings.public_url or f"{asked['scheme']}://{headers.get('host', '')}"
        adapter.verify(Callback(url=base + _path(asked), headers=headers, body=body))
        kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
        item = RawItem(dedupe_key=f"sha256:{hashlib.sha256(body).hexdigest()}", body=body)
        taken = await pipeline.keep(context, channel_id, [item], meta={"url": asked["path"], "headers": kept})
        return adapter.acknowledge(taken)


@post(
    "/api/callbacks/{channel_id:uuid}",
    operation_id="receiveCallback",
    status_code=200,
    tags=["Channels"],
    middleware=[Door()],
)
async def receive(request: Request[Any, Any, State], channel_id: FromPath[UUID]) -> Response[bytes]:
    """Take what a channel's provider brings. 2xx means it is stored for good; anything else: bring it again."""
    del channel_id
    raise cast("Exception", request.scope["state"][REFUSAL])


def _path(asked: HTTPScope) -> str:
    query = asked["query_string"].decode("latin-1")
    return asked["raw_path"].decode("latin-1") + (f"?{query}" if query else "")


async def _body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    told = headers.get("content-length", "0")
    if not (told.isascii() and told.isdigit()):
        raise CallbackLengthInvalid
    if int(told) > limit:
        raise _too_large(limit)
    pieces, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise CallbackCutOff
        pieces.append(message["body"])
        size, more = size + len(message["body"]), message["more_body"]
        if size > limit:
            raise _too_large(limit)
    if not size:
        raise CallbackEmpty
    return b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return CallbackTooLarge(limit_mb=limit >> 20)


async def _answer(send: Send, told: CallbackResponse) -> None:
    headers = [(b"content-length", str(len(told.body)).encode())] if told.status not in {204, 304} else []
    if told.body:
        headers.append((b"content-type", told.media_type.encode()))
    await send({"type": "http.response.start", "status": told.status, "headers": headers})
    await send({"type": "http.response.body", "body": told.body, "more_body": False})
