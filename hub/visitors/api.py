"""The HTTP interface of visitors: tokens, file uploads and downloads, and the widget's script."""

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
    AdmissionRefused,
    Chat,
    create_visitor,
    enforce_limit,
    find_chat,
    find_visitor,
    new_visitor_limit,
    upload_limits,
    verified_identity,
)
from hub.visitors.errors import WidgetNotBuilt
from hub.visitors.models import Visitor
from hub.visitors.parts import DEPENDENCIES
from hub.visitors.protocol import Admitted, Code, NewVisitor, RequestRefused, Stored
from hub.visitors.socket import visitor_socket

VisitorRequest = Request[Any, Any, State]

WIDGET = Path(__file__).parents[1] / "static" / "widget" / "chat.js"
SMALL_BODY = 16_384  # bytes
UPLOAD_BODY = MAX_FILE_BYTES + uploads.FORM_OVERHEAD  # bytes


@post("/visitors", operation_id="ChatAdmit", status_code=201, request_max_body_size=SMALL_BODY)
async def new_visitor(request: VisitorRequest, key: FromPath[str], context: Context) -> Response[Admitted]:
    """Create a visitor and return its token: anonymous, or the customer whose identity the site has signed."""
    chat = await _allowed_chat(request, context, key)
    new = _parse_body(await request.body())
    browser = browser_of(request)
    verified = verified_identity(chat, new, now())
    await enforce_limit(context, new_visitor_limit(browser.address))
    async with context.transaction() as session:
        visitor, token = await create_visitor(session, chat, new, verified=verified, user_agent=browser.user_agent)
    admitted = Admitted(token=token, visitor=visitor.id, verified=verified is not None)
    return Response(admitted, status_code=201, headers=_cors(request))


@post("/files", operation_id="ChatUpload", status_code=201, request_max_body_size=UPLOAD_BODY)
async def upload(request: VisitorRequest, key: FromPath[str], context: Context) -> Response[Stored]:
    """Store a file of a visitor, to be attached to a later message."""
    _, visitor = await _signed_in(request, context, key)
    for limit in upload_limits(visitor.id, browser_of(request).address):
        await enforce_limit(context, limit)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise AdmissionRefused(Code.BAD_FRAME)
    try:
        received = await uploads.receive(context.files, file, MAX_FILE_BYTES)
    except TooLarge:
        raise AdmissionRefused(Code.TOO_LARGE) from None
    if not received.content:
        raise AdmissionRefused(Code.EMPTY)
    async with context.transaction() as session:
        stored = await uploads.attach(session, received, visitor_id=visitor.id)
    return Response(Stored(id=stored.id), status_code=201, headers=_cors(request))


@get("/files/{file_id:uuid}", operation_id="ChatDownload")
async def fetch(
    request: VisitorRequest, key: FromPath[str], file_id: FromPath[UUID], context: Context
) -> Response[bytes]:
    """Return a file that the visitor sent or received."""
    chat, visitor = await _signed_in(request, context, key)
    scope = queries.ChatScope(channel_id=chat.channel.id, point_value=visitor.point_value)
    async with context.transaction() as session:
        file = await queries.file_of(session, scope, visitor.id, file_id)
        if file is None:
            raise AdmissionRefused(Code.UNKNOWN_FILE)
        body = await blobs.read(session, context.files, file.digest)
    response = download(body, filename=file.filename, media_type=file.media_type)
    response.headers.update({**_cors(request), "Cross-Origin-Resource-Policy": "cross-origin"})
    return response


@route(["/visitors", "/files", "/files/{file_id:uuid}"], http_method=[HttpMethod.OPTIONS], include_in_schema=False)
async def preflight(request: VisitorRequest, key: FromPath[str], context: Context) -> Response[None]:
    """Answer the browser's CORS pre-flight request."""
    await _allowed_chat(request, context, key)
    allowed = {
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    return Response(None, status_code=204, headers={**_cors(request), **allowed})


@get("/chat.js", include_in_schema=False)
async def widget(request: VisitorRequest) -> Response[bytes]:
    """Serve the widget's script to pages of any site."""
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


def on_refused(request: VisitorRequest, refused: AdmissionRefused) -> Response[RequestRefused]:
    """Return the refusal with its code, for which the widget has a text."""
    headers = {} if refused.code in {Code.ORIGIN_REFUSED, Code.UNKNOWN_CHAT} else _cors(request)
    if refused.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(refused.retry_after)))
    body = RequestRefused(code=refused.code, retry_after=refused.retry_after)
    return Response(body, status_code=refused.http_status, headers=headers, media_type=MediaType.JSON)


async def _allowed_chat(request: VisitorRequest, context: AppContext, key: str) -> Chat:
    async with context.transaction() as session:
        chat = await find_chat(session, context, key)
    if not chat.allows_origin(request.headers.get("origin") or _own_origin(request)):
        raise AdmissionRefused(Code.ORIGIN_REFUSED)
    return chat


async def _signed_in(request: VisitorRequest, context: AppContext, key: str) -> tuple[Chat, Visitor]:
    chat = await _allowed_chat(request, context, key)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    async with context.transaction() as session:
        return chat, await find_visitor(session, chat, token.strip() if scheme.lower() == "bearer" else None)


def _own_origin(request: VisitorRequest) -> str | None:
    """Return the origin of a same-origin GET, in which browsers send no Origin header; None otherwise."""
    host = request.headers.get("host")
    return f"{request.url.scheme}://{host}" if request.headers.get("sec-fetch-site") == "same-origin" else None


def _cors(request: VisitorRequest) -> dict[str, str]:
    """Return the headers that let the requesting page read the answer; its origin has been checked."""
    origin = request.headers.get("origin")
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {"Vary": "Origin"}


def _parse_body(body: bytes) -> NewVisitor:
    try:
        return msgspec.json.decode(body or b"{}", type=NewVisitor)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise AdmissionRefused(Code.BAD_FRAME) from None


@cache
def _widget() -> tuple[bytes, str]:
    try:
        body = WIDGET.read_bytes()
    except FileNotFoundError:
        raise WidgetNotBuilt from None
    return body, f'"{hashlib.sha256(body).hexdigest()[:16]}"'


# The pre-flight handler comes first: Litestar adds its own OPTIONS handler to a path that has none yet.
visitors_router = Router(
    path="/api/chat/{key:str}",
    route_handlers=[preflight, new_visitor, upload, fetch, visitor_socket],
    dependencies=DEPENDENCIES,
    exception_handlers={AdmissionRefused: on_refused},
    tags=["Web chat"],
)
HANDLERS = (visitors_router, widget)
