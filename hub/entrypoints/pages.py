"""The web app's pages and files, and the response to unknown addresses."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, route
from litestar.datastructures import State
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.static_files import create_static_files_router

import hub
from hub.runtime import http
from hub.runtime.security_headers import DEFAULT_HEADERS

STATIC = Path(hub.__file__).parent / "static"

READ_METHODS = (HttpMethod.GET, HttpMethod.HEAD)  # monitors and link checkers send HEAD

PARAMETER = re.compile(r":(\w+)")  # of a path as the web app writes it


def pages() -> HTTPRouteHandler:
    """Return a handler that serves the app's page at each path in pages.json, which the web build writes."""
    listed = STATIC / "app" / "pages.json"
    patterns = msgspec.json.decode(listed.read_bytes(), type=list[str]) if listed.exists() else ["/"]
    paths = [PARAMETER.sub(r"{\1:str}", pattern) for pattern in patterns]
    return route(paths, http_method=READ_METHODS, include_in_schema=False)(_page_of_app)


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
    if request.method in READ_METHODS and wants_page and not request.url.path.startswith("/api/"):
        return _page(404, DEFAULT_HEADERS)
    return http.on_http_error(request, error)


def assets() -> list[Any]:
    """Return the handlers of the web app's built files; an empty list if it is not built."""
    folder = STATIC / "app" / "assets"
    if not folder.is_dir():
        return []
    return [create_static_files_router(path="/assets", directories=[folder], include_in_schema=False)]
