"""A small real provider over HTTP: it records which messages took effect, and follows a script of failures."""

import asyncio
import json
from collections import deque
from contextlib import suppress
from typing import Any


class Provider:
    """Responds with the next step of the script; with an empty script it accepts everything.

    Steps: "ok", "429:SECONDS", "503", "400", "401", "lost" (takes effect, then the connection breaks), "cut" (the
    connection breaks without effect), "hang" (takes effect, then never responds), "wait:EVENT" (takes effect, responds
    once `release` is called).
    """

    def __init__(self) -> None:
        self.ledger: list[dict[str, str]] = []
        self.script: deque[str] = deque()
        self.scripts: dict[str, deque[str]] = {}  # scripts of single messages, by their text
        self.updates: list[dict[str, Any]] = []
        self.idempotent = False
        self.calls = 0
        self.underway = 0
        self.most_underway = 0
        self.released = asyncio.Event()
        self.auth: list[str] = []
        self._fresh = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def ids(self) -> list[str]:
        return [entry["id"] for entry in self.ledger]

    @property
    def texts(self) -> list[str]:
        return [entry["text"] for entry in self.ledger]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self.released.set()
        self._server.close()
        for line in list(self._lines):
            line.transport.abort()
        await self._server.wait_closed()

    def say(self, sender: str, text: str, *, id_: str | None = None) -> None:
        n = len(self.updates) + 1
        said = {"id": id_ or f"in-{n}", "sender": sender, "text": text}
        self.updates.append({"n": n, "id": said["id"], "said": said})
        self._fresh.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._request(reader, writer):
                pass
        self._lines.discard(writer)
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = (await reader.readuntil(b"\r\n")).decode()
        headers = {}
        while field := (await reader.readuntil(b"\r\n")).decode().strip():
            name, _, value = field.partition(": ")
            headers[name.lower()] = value
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = line.split(" ")
        self.auth.append(headers.get("authorization", ""))
        answered = await (self._post(body) if method == "POST" else self._get(path))
        if answered is None:
            writer.transport.abort()
            return False
        status, told, more = answered
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(told)}\r\nContent-Type: application/json\r\n{more}\r\n"
        writer.write(head.encode() + told)
        await writer.drain()
        return True

    async def _post(self, body: bytes) -> tuple[int, bytes, str] | None:
        self.calls += 1
        self.underway += 1
        self.most_underway = max(self.most_underway, self.underway)
        try:
            entry: dict[str, str] = json.loads(body)
            script = self.scripts.get(entry["text"], self.script)
            return await self._act(entry, *(script.popleft() if script else "ok").split(":"))
        finally:
            self.underway -= 1

    async def _act(self, entry: dict[str, str], step: str, how: str = "") -> tuple[int, bytes, str] | None:
        if step in {"429", "503", "400", "401"}:
            return int(step), b"no", f"Retry-After: {how}\r\n" if how else ""
        if step == "cut":
            return None
        if not (self.idempotent and entry["id"] in self.ids):
            self.ledger.append(entry)
        if step == "lost":
            return None
        if step in {"hang", "wait"}:
            await (self.released.wait() if step == "wait" else asyncio.Event().wait())
        return 200, json.dumps({"id": f"p-{entry['id']}"}).encode(), ""

    async def _get(self, path: str) -> tuple[int, bytes, str]:
        if path == "/me":
            step = self.script.popleft() if self.script else "ok"
            return (200, b'{"id": "me"}', "") if step == "ok" else (int(step), b"no", "")
        if path.startswith("/updates"):
            return 200, json.dumps(await self._after(int(path.rpartition("=")[2]))).encode(), ""
        name = path.rpartition("/")[2]
        return (200, json.dumps({"id": f"p-{name}"}).encode(), "") if name in self.ids else (404, b"no", "")

    async def _after(self, n: int) -> list[dict[str, Any]]:
        if len(self.updates) <= n:
            self._fresh.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await self._fresh.wait()
        return self.updates[n:]
