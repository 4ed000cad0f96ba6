"""The visitors' door over HTTP: a token for each browser, files up and down, and the widget itself."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, Router, get, post, route
from litestar.datastructures import State, UploadFile
from litestar.enums import HttpMethod
from litestar.params import FromPath

from hub.access.guard import browser_of
from hub.channels.chat_contract import MAX_FILE_BYTES
from hub.errors import TooLarge
from hub.runtime.context import AppContext
from hub.runtime.http import Context, download
from hub.storage.database import now
from hub.timeline import blobs, uploads
from hub.visitors import queries
from hub.visitors.admission import (
    Barred,
    Chat,
    admit,
    arrival_limit,
    chat_of,
    paced,
    upload_limits,
    visitor_of,
    vouched_for,
)
from hub.visitors.errors import WidgetNotBuilt
from hub.visitors.models import Visitor
from hub.visitors.protocol import Admitted, Code, NewVisitor, RequestRefused, Stored
from hub.visitors.socket import converse

Knock = Request[Any, Any, State]

WIDGET = Path(__file__).parents[1] / "static" / "widget" / "chat.js"
SMALL_BODY = 16_384  # bytes
UPLOAD_BODY = MAX_FILE_BYTES + uploads.FORM_OVERHEAD  # bytes


@post("/visitors", operation_id="ChatAdmit", status_code=201, request_max_body_size=SMALL_BODY)
async def new_visitor(request: Knock, key: FromPath[str], context: Context) -> Response[Admitted]:
    """Give a browser its own token: anonymous, or the signed-in customer's whom the site vouches for."""
    chat = await _chat(request, context, key)
    asked = _asked(await request.body())
    browser = browser_of(request)
    verified = vouched_for(chat, asked, now())
    await paced(context, arrival_limit(browser.address))
    async with context.transaction() as session:
        visitor, token = await admit(session, chat, asked, verified=verified, user_agent=browser.user_agent)
    admitted = Admitted(token=token, visitor=visitor.id, verified=verified is not None)
    return Response(admitted, status_code=201, headers=_shared(request))


@post("/files", operation_id="ChatUpload", status_code=201, request_max_body_size=UPLOAD_BODY)
async def upload(request: Knock, key: FromPath[str], context: Context) -> Response[Stored]:
    """Store a file of a visitor, to be said afterwards."""
    _, visitor = await _known(request, context, key)
    for limit in upload_limits(visitor.id, browser_of(request).address):
        await paced(context, limit)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise Barred(Code.BAD_FRAME)
    try:
        received = await uploads.receive(context.files, file, MAX_FILE_BYTES)
    except TooLarge:
        raise Barred(Code.TOO_LARGE) from None
    if not received.content:
        raise Barred(Code.EMPTY)
    async with context.transaction() as session:
        stored = await uploads.attach(session, received, visitor_id=visitor.id)
    return Response(Stored(id=stored.id), status_code=201, headers=_shared(request))


@get("/files/{file_id:uuid}", operation_id="ChatDownload")
async def fetch(request: Knock, key: FromPath[str], file_id: FromPath[UUID], context: Context) -> Response[bytes]:
    """Give a visitor a file that they sent or were sent."""
    chat, visitor = await _known(request, context, key)
    spot = queries.Spot(channel_id=chat.channel.id, point_value=visitor.point_value)
    async with context.transaction() as session:
        file = await queries.file_of(session, spot, visitor.id, file_id)
        if file is None:
            raise Barred(Code.UNKNOWN_FILE)
        body = await blobs.read(session, context.files, file.digest)
    answer = download(body, filename=file.filename, media_type=file.media_type)
    answer.headers.update({**_shared(request), "Cross-Origin-Resource-Policy": "cross-origin"})
    return answer


@route(["/visitors", "/files", "/files/{file_id:uuid}"], http_method=[HttpMethod.OPTIONS], include_in_schema=False)
async def preflight(request: Knock, key: FromPath[str], context: Context) -> Response[None]:
    """Tell a browser which pages may ask, and how."""
    await _chat(request, context, key)
    allowed = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    return Response(None, status_code=204, headers={**_shared(request), **allowed})


@get("/chat.js", include_in_schema=False)
async def widget(request: Knock) -> Response[bytes]:
    """The widget, for any site's pages."""
    body, tag = _widget()
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=300",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type="text/javascript")
    return Response(body, headers=headers, media_type="text/javascript")


def on_barred(request: Knock, barred: Barred) -> Response[RequestRefused]:
    """Say why, so that the widget can tell the visitor."""
    headers = {} if barred.code in {Code.ORIGIN_REFUSED, Code.UNKNOWN_CHAT} else _shared(request)
    if barred.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(barred.retry_after)))
    bar = RequestRefused(code=barred.code, retry_after=barred.retry_after)
    return Response(bar, status_code=barred.http_status, headers=headers, media_type=MediaType.JSON)


async def _chat(request: Knock, context: AppContext, key: str) -> Chat:
    async with context.transaction() as session:
        chat = await chat_of(session, context, key)
    if not chat.lets_in(request.headers.get("origin") or _own_origin(request)):
        raise Barred(Code.ORIGIN_REFUSED)
    return chat


async def _known(request: Knock, context: AppContext, key: str) -> tuple[Chat, Visitor]:
    chat = await _chat(request, context, key)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    async with context.transaction() as session:
        return chat, await visitor_of(session, chat, token.strip() if scheme.lower() == "bearer" else None)


def _own_origin(request: Knock) -> str | None:
    """A browser leaves Origin out of a GET to the page's own server."""
    host = request.headers.get("host")
    return f"{request.url.scheme}://{host}" if request.headers.get("sec-fetch-site") == "same-origin" else None


def _shared(request: Knock) -> dict[str, str]:
    """Let the page that asked read the answer; its origin was checked."""
    origin = request.headers.get("origin")
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {"Vary": "Origin"}


def _asked(body: bytes) -> NewVisitor:
    try:
        return msgspec.json.decode(body or b"{}", type=NewVisitor)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Barred(Code.BAD_FRAME) from None


@cache
def _widget() -> tuple[bytes, str]:
    try:
        body = WIDGET.read_bytes()
    except FileNotFoundError:
        raise WidgetNotBuilt from None
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


# The pre-flight comes first: Litestar gives a path an OPTIONS handler of its own where it has none yet.
visitors_router = Router(
    path="/api/chat/{key:str}",
    route_handlers=[preflight, new_visitor, upload, fetch, converse],
    exception_handlers={Barred: on_barred},
    tags=["Web chat"],
)
HANDLERS = (visitors_router, widget)
