"""The security headers of every response, unless its handler sets them itself."""

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; media-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
TLS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
CACHED = b"cache-control"
LONG = (CACHED, b"public, max-age=31536000, immutable")
NEVER = (CACHED, b"no-store")
Raw = list[tuple[bytes, bytes]]


class Headers(ASGIMiddleware):
    """Adds missing headers to every HTTP response; websockets are left alone."""

    def __init__(self, headers: dict[str, str]) -> None:
        """Add these headers."""
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Call the next application and complete the headers of its response."""
        if scope["type"] != ScopeType.HTTP:
            await next_app(scope, receive, send)
            return
        path = scope["path"]

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._completed(list(message["headers"]), path)
            await send(message)

        await next_app(scope, receive, answer)

    def _completed(self, headers: Raw, path: str) -> Raw:
        named = {name.lower() for name, _ in headers}
        headers += [header for header in self.headers if header[0] not in named]
        if path.startswith("/assets/"):
            return [header for header in headers if header[0].lower() != CACHED] + [LONG]
        if path.startswith("/api/") and CACHED not in named:
            headers.append(NEVER)
        return headers


def with_headers(*, secure: bool) -> ASGIMiddleware:
    """Return the middleware; `secure` makes browsers insist on TLS from then on."""
    return Headers({**ALWAYS, **(TLS if secure else {})})
