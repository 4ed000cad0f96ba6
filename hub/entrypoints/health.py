"""Health, readiness and metrics, for monitors."""

from hmac import compare_digest
from typing import Any

from litestar import Request, Response, get, route
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text

import hub
from hub.entrypoints.errors import MetricsTokenWrong
from hub.entrypoints.metrics import refresh
from hub.entrypoints.pages import READING
from hub.errors import HubError
from hub.runtime.http import Context
from hub.storage.database import is_outage

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
