"""A provider's HTTP callback: checked on its raw bytes, committed, and only then answered."""

import hashlib
from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from hub.channels.contract import Callback, RawItem
from hub.errors import NotFound, TooLarge
from hub.http import Grounded
from hub.inbox import intake
from hub.inbox.parsing import Readers

KEPT_HEADERS = frozenset({"content-type", "user-agent"})
Asked = Request[Any, Any, State]


@post(
    "/api/callbacks/{channel_id:uuid}",
    operation_id="receiveCallback",
    status_code=200,
    tags=["Channels"],
    request_max_body_size=None,
)
async def receive(request: Asked, ground: Grounded, channel_id: FromPath[UUID]) -> Response[bytes]:
    """Take what a channel's provider brings. 2xx means it is stored for good; anything else: bring it again."""
    adapter = await ground.one(Readers).adapter(channel_id)
    body = await _body(request, ground.settings.max_mail_bytes)
    headers = {name.lower(): value for name, value in request.headers.items()}
    adapter.verify(Callback(url=str(request.url), headers=headers, body=body))
    kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
    item = RawItem(dedupe_key=f"sha256:{hashlib.sha256(body).hexdigest()}", body=body)
    taken = await intake.keep(ground, channel_id, [item], meta={"url": request.url.path, "headers": kept})
    told = adapter.acknowledge(taken)
    return Response(told.body, status_code=told.status, media_type=told.media_type if told.body else None)


async def _body(request: Asked, limit: int) -> bytes:
    if int(request.headers.get("content-length") or 0) > limit:
        raise TooLarge(f"This is larger than the {limit >> 20} MB that are taken here.")
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise TooLarge(f"This is larger than the {limit >> 20} MB that are taken here.")
        pieces.append(piece)
    if not size:
        raise NotFound("There is nothing in this callback.")
    return b"".join(pieces)
