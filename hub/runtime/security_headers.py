"""The security headers of every response, unless its handler sets them itself."""

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
DEFAULT_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
HSTS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
CACHE_CONTROL = b"cache-control"
CACHE_FOREVER = (CACHE_CONTROL, b"public, max-age=31536000, immutable")
NO_STORE = (CACHE_CONTROL, b"no-store")
RawHeaders = list[tuple[bytes, bytes]]


class SecurityHeaders(ASGIMiddleware):
    """Adds missing headers to every HTTP response, and none to websockets."""

    def __init__(self, headers: dict[str, str]) -> None:
        """Use these headers as defaults."""
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Call the next application and add the missing headers to its response."""
        if scope["type"] != ScopeType.HTTP:
            await next_app(scope, receive, send)
            return
        path = scope["path"]

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._with_defaults(list(message["headers"]), path)
            await send(message)

        await next_app(scope, receive, send_completed)

    def _with_defaults(self, headers: RawHeaders, path: str) -> RawHeaders:
        present = {name.lower() for name, _ in headers}
        headers += [header for header in self.headers if header[0] not in present]
        if path.startswith("/assets/"):
            return [header for header in headers if header[0].lower() != CACHE_CONTROL] + [CACHE_FOREVER]
        if path.startswith("/api/") and CACHE_CONTROL not in present:
            headers.append(NO_STORE)
        return headers


def security_headers_middleware(*, secure: bool) -> ASGIMiddleware:
    """Return the middleware; `secure` adds HSTS, so that browsers use only HTTPS from then on."""
    return SecurityHeaders({**DEFAULT_HEADERS, **(HSTS if secure else {})})
