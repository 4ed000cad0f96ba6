"""The web application: all routes, the static files, health, metrics, and the headers of every response."""

import json
import re
from collections.abc import Mapping
from hmac import compare_digest
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get, route
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Contact as OpenApiContact
from litestar.openapi.spec import OpenAPI
from litestar.serialization import encode_json
from litestar.static_files import create_static_files_router
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

import hub
from hub.access import guard, idempotency
from hub.access.api import MeController, SignInController
from hub.access.people_api import AgentController, TeamController
from hub.admin import channels_api
from hub.admin.access_hooks import AdminAccessHooks
from hub.customers import api as customers
from hub.delivery import api as deliveries
from hub.demo import api as demo_api
from hub.demo import pages as demo_pages
from hub.entrypoints.errors import MetricsTokenWrong
from hub.entrypoints.metrics import refresh
from hub.entrypoints.openapi import DocumentConfig
from hub.errors import HubError
from hub.inbox import actions_api
from hub.inbox import api as inbox
from hub.intake import api as arrivals
from hub.intake import callbacks
from hub.live import snapshot
from hub.live.socket import live
from hub.routing.api import set_availability
from hub.runtime import http
from hub.runtime.context import AppContext
from hub.runtime.http import Context
from hub.runtime.security_headers import ALWAYS, with_headers
from hub.storage.database import is_outage
from hub.timeline import api as timeline
from hub.visitors import api as visitors

DEPENDENCIES = {**http.DEPENDENCIES, **guard.DEPENDENCIES, **idempotency.DEPENDENCIES}
STATIC = Path(hub.__file__).parent / "static"
LONGEST_BODY = 1024 * 1024
READING = (HttpMethod.GET, HttpMethod.HEAD)  # monitors and link checkers send HEAD
PARAMETER = re.compile(r":(\w+)")  # of a path as the web app writes it
PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-real-ip")  # headers that proxies add


@route("/healthz", http_method=READING, operation_id="health", include_in_schema=False)
async def health() -> dict[str, str]:
    """Report that this process runs."""
    return {"status": "ok", "version": hub.__version__}


@route("/readyz", http_method=READING, operation_id="ready", include_in_schema=False)
async def ready(context: Context) -> Response[dict[str, str]]:
    """Report whether this process can work: 503 while the database does not answer."""
    try:
        async with context.engine.connect() as connection:
            await connection.execute(text("select 1"))
    except Exception as error:
        if not isinstance(error, HubError) and not is_outage(error):
            raise
        return Response({"status": "the database does not answer"}, status_code=503)
    return Response({"status": "ok", "signals": "ok" if context.signals.healthy else "alone"})


@get("/metrics", operation_id="metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, State], context: Context) -> Response[bytes]:
    """Return the metrics for Prometheus to a request from this machine, or with the token."""
    wanted = context.settings.metrics_token
    sent = request.headers.get("authorization", "")
    if not (compare_digest(sent.encode(), f"Bearer {wanted}".encode()) if wanted else _from_here(request)):
        raise MetricsTokenWrong
    await refresh(context)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _from_here(request: Request[Any, Any, State]) -> bool:
    """Return whether the request comes from this machine, and not through a proxy on it."""
    local = request.client is not None and request.client.host in {"127.0.0.1", "::1"}
    return local and not any(name in request.headers for name in PASSED_ON)


def _pages() -> HTTPRouteHandler:
    """Serve the app's one page at each path in pages.json, which the web build writes from the app's routes."""
    listed = STATIC / "app" / "pages.json"
    patterns = msgspec.json.decode(listed.read_bytes(), type=list[str]) if listed.exists() else ["/"]
    paths = [PARAMETER.sub(r"{\1:str}", pattern) for pattern in patterns]
    return route(paths, http_method=READING, include_in_schema=False)(_page_of_app)


async def _page_of_app() -> Response[bytes]:
    return _page()


def _page(status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    index = STATIC / "app" / "index.html"
    if not index.exists():
        return Response(b"The web app is not built yet: run `make web`.", status_code=503, media_type="text/plain")
    headers = {"Cache-Control": "no-cache", **(headers or {})}
    return Response(index.read_bytes(), status_code=status, media_type="text/html", headers=headers)


def on_no_route(request: Request[Any, Any, State], error: NotFoundException) -> Response[Any]:
    """Answer an unknown address: browsers get the app's page with status 404, programs a problem document.

    No middleware runs when no route was found, so the page sets the security headers itself.
    """
    wants_page = "text/html" in request.headers.get("accept", "") or not (STATIC / "app" / "index.html").exists()
    if request.method in READING and wants_page and not request.url.path.startswith("/api/"):
        return _page(404, ALWAYS)
    return http.on_http_error(request, error)


def _assets() -> list[Any]:
    folder = STATIC / "app" / "assets"
    if not folder.is_dir():
        return []
    return [create_static_files_router(path="/assets", directories=[folder], include_in_schema=False)]


def handlers() -> list[Any]:
    """Return all route handlers."""
    return [
        health,
        ready,
        metrics,
        _pages(),
        *_assets(),
        SignInController,
        MeController,
        AgentController,
        TeamController,
        set_availability,
        inbox.router,
        timeline.router,
        snapshot.router,
        customers.router,
        callbacks.receive,
        live,
        *visitors.HANDLERS,
        demo_pages.demo_router,
        demo_api.router,
        *actions_api.CONTROLLERS,
        channels_api.router,
        deliveries.router,
        arrivals.router,
    ]


def create_app(context: AppContext) -> Litestar:
    """Create the web application on an open context, which the caller closes."""
    return Litestar(
        route_handlers=handlers(),
        dependencies=DEPENDENCIES,
        exception_handlers={**http.ERROR_HANDLERS, NotFoundException: on_no_route},
        state=State({"context": context, "access_hooks": AdminAccessHooks(context)}),
        middleware=[with_headers(secure=context.settings.secure)],
        compression_config=CompressionConfig(
            backend="gzip", gzip_compress_level=5, minimum_size=1500, exclude=["/api/attachments", "/api/chat"]
        ),
        request_max_body_size=LONGEST_BODY,
        openapi_config=openapi_config(),
        logging_config=None,
        debug=False,
    )


def described() -> OpenAPI:
    """Return the OpenAPI document without opening a context."""
    app = Litestar(
        route_handlers=handlers(),
        dependencies=DEPENDENCIES,
        openapi_config=openapi_config(),
        logging_config=None,
    )
    return app.openapi_schema


def openapi_json() -> str:
    """Return the OpenAPI document as JSON with sorted keys: the same interface gives the same bytes."""
    schema = json.loads(encode_json(described().to_schema()))
    return json.dumps(schema, sort_keys=True, ensure_ascii=False) + "\n"


def openapi_config() -> DocumentConfig:
    """Return the configuration of the OpenAPI document that web app and bots share."""
    return DocumentConfig(
        title="hub",
        version=hub.__version__,
        path="/api/schema",
        contact=OpenApiContact(name="hub"),
        use_handler_docstrings=True,
    )
