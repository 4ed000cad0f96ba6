"""A shop's own server: one page under a strict policy, with the chat, which says who is signed in."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hub.visitors.identity import sign

IDENTITY_SECRET = "only-the-shop-and-the-hub-know-this"  # a secret for tests only
SCRIPT = """
customElements.whenDefined('hub-chat').then(async () => {
  document.querySelector('hub-chat').identify(await (await fetch('/who.json')).json());
});
"""


class Shop:
    """The shop at an address of its own, where Ana is signed in."""

    def __init__(self, hub: str, key: str, email: str) -> None:
        self.hub, self.key, self.email = hub, key, email
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, body = shop.serve(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", shop.policy)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_port}/"

    @property
    def policy(self) -> str:
        """Allow nothing inline, no style but the chat's adopted sheet, and requests to the hub only."""
        there = f"{self.hub} {self.hub.replace('http', 'ws', 1)}"
        return (
            f"default-src 'none'; style-src 'none'; script-src 'self' {self.hub}; connect-src 'self' {there}; "
            "img-src 'self'; require-trusted-types-for 'script'"
        )

    def serve(self, path: str) -> tuple[str, str]:
        """Serve the page, its script, and the signed-in customer."""
        if path == "/shop.js":
            return "text/javascript", SCRIPT
        if path == "/who.json":
            exp = int(time.time()) + 600
            signature = sign(IDENTITY_SECRET, user_id="7", email=self.email, exp=exp)
            return "application/json", json.dumps(
                {"id": "7", "email": self.email, "name": "Ana García", "exp": exp, "signature": signature}
            )
        return "text/html", (
            '<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1>'
            f'<script type="module" src="{self.hub}/chat.js"></script><hub-chat key="{self.key}"></hub-chat>'
            '<script type="module" src="/shop.js"></script>'
        )

    @contextmanager
    def open(self) -> Iterator["Shop"]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(5)
