"""An identity provider's introspection endpoint on loopback."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qs


class Owner(Protocol):
    """The users of the tokens."""

    @property
    def address(self) -> str: ...

    @property
    def token(self) -> str: ...


class TokenServer:
    """The introspection endpoint: returns the user of a token."""

    def __init__(self, users: Mapping[str, Owner]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                form = self.rfile.read(int(self.headers["Content-Length"])).decode()
                token = parse_qs(form).get("token", [""])[0]
                owner = next((user for user in users.values() if user.token == token), None)
                answer = {"active": "true", "email": owner.address} if owner else {"active": "false"}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/introspect"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
