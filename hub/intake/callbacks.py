"""Receives providers' HTTP callbacks: verify the raw bytes, store them, and only then acknowledge them."""

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
from hub.intake.errors import CallbackCutOff, CallbackEmpty, CallbackLengthInvalid, CallbackTooLarge
from hub.intake.parts import provide_intake
from hub.runtime.http import context_of

REFUSAL = "hub.refusal"  # key of the request's state: the error that the handler raises
KEPT_HEADERS = frozenset({"content-type", "user-agent"})  # stored with the arrival


class CallbackMiddleware(ASGIMiddleware):
    """Stores and acknowledges callbacks without Litestar's request handling: this is a hot path."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Acknowledge a callback that was stored; pass an error to the handler, which raises it like any other."""
        try:
            reply = await self._store(cast("HTTPScope", scope), receive)
        except Exception as error:
            scope["state"][REFUSAL] = error
            await next_app(scope, receive, send)
        else:
            await _respond(send, reply)

    async def _store(self, scope: HTTPScope, receive: Receive) -> CallbackResponse:
        state, channel_id = scope["litestar_app"].state, cast("UUID", scope["path_params"]["channel_id"])
        intake, settings = provide_intake(state), context_of(state).settings
        adapter = await intake.parser.adapter(channel_id)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive, headers, settings.max_mail_bytes)
        base = settings.public_url or f"{scope['scheme']}://{headers.get('host', '')}"
        adapter.verify(Callback(url=base + _path(scope), headers=headers, body=body))
        kept_headers = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
        item = RawItem(dedupe_key=f"sha256:{hashlib.sha256(body).hexdigest()}", body=body)
        stored = await intake.receive(channel_id, [item], meta={"url": scope["path"], "headers": kept_headers})
        return adapter.acknowledge(stored)


@post(
    "/api/callbacks/{channel_id:uuid}",
    operation_id="receiveCallback",
    status_code=200,
    tags=["Channels"],
    middleware=[CallbackMiddleware()],
)
async def receive(request: Request[Any, Any, State], channel_id: FromPath[UUID]) -> Response[bytes]:
    """Receive a callback from a channel's provider. 2xx: it is stored for good; anything else: send it again."""
    del channel_id
    raise cast("Exception", request.scope["state"][REFUSAL])


def _path(scope: HTTPScope) -> str:
    query = scope["query_string"].decode("latin-1")
    return scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")


async def _body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """Read a request's body of at most `limit` bytes; raises BadInput, TooLarge, Unavailable, NotFound if empty."""
    length = headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()):
        raise CallbackLengthInvalid
    if int(length) > limit:
        raise _too_large(limit)
    pieces, size, more_body = [], 0, True
    while more_body:
        message = await receive()
        if message["type"] != "http.request":
            raise CallbackCutOff
        pieces.append(message["body"])
        size, more_body = size + len(message["body"]), message["more_body"]
        if size > limit:
            raise _too_large(limit)
    if not size:
        raise CallbackEmpty
    return b"".join(pieces)


def _too_large(limit: int) -> TooLarge:
    return CallbackTooLarge(limit_mb=limit >> 20)


async def _respond(send: Send, reply: CallbackResponse) -> None:
    headers = [(b"content-length", str(len(reply.body)).encode())] if reply.status not in {204, 304} else []
    if reply.body:
        headers.append((b"content-type", reply.media_type.encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body, "more_body": False})
