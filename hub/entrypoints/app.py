"""The web application: all routes, the static files, health, metrics, and the headers of every response."""

import json
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.openapi.spec import Contact as OpenApiContact
from litestar.openapi.spec import OpenAPI
from litestar.serialization import encode_json

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
from hub.entrypoints.health import health, metrics, ready
from hub.entrypoints.openapi import DocumentConfig
from hub.entrypoints.pages import assets, on_no_route, pages
from hub.inbox import actions_api
from hub.inbox import api as inbox
from hub.intake import api as arrivals
from hub.intake import callbacks
from hub.live import snapshot
from hub.live.socket import live
from hub.routing.api import set_availability
from hub.runtime import http
from hub.runtime.context import AppContext
from hub.runtime.security_headers import security_headers_middleware
from hub.timeline import api as timeline
from hub.visitors import api as visitors

DEPENDENCIES = {**http.DEPENDENCIES, **guard.DEPENDENCIES, **idempotency.DEPENDENCIES}
LONGEST_BODY = 1024 * 1024


def handlers() -> list[Any]:
    """Return all route handlers."""
    return [
        health,
        ready,
        metrics,
        pages(),
        *assets(),
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
        middleware=[security_headers_middleware(secure=context.settings.secure)],
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
