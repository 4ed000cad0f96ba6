"""The people of a campaign: customers who write by mail and chat, and bots that answer. They never give up."""

import asyncio
import json
import smtplib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.faults.ledger import Ledger

TIMEOUT = 5.0
Json = dict[str, Any]


def mail(number: str, sender: str, to: str, *, subject: str = "Order", answers: str | None = None) -> bytes:
    """Return one numbered mail, with the same bytes at each call; like a mail program, it names its whole thread."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"], message["Date"] = f"<{number}@customer.example>", "Sun, 01 Nov 2026 10:00:00 +0000"
    if answers:
        message["In-Reply-To"] = f"<{answers}@customer.example>"
        message["References"] = " ".join(f"<{reference}@customer.example>" for reference in thread_of(answers))
    message.set_content(f"number {number}\n")
    return message.as_bytes().replace(b"\n", b"\r\n")


def thread_of(number: str) -> list[str]:
    """Return the numbers of a thread up to this one: the first, and the last ones (RFC 5322 §3.6.4)."""
    name, _, last = number.rpartition("-")
    return [f"{name}-{n:0{len(last)}d}" for n in range(int(last) + 1)][-15:]


def send_mail(port: int, sender: str, to: str, raw: bytes, *, lmtp: bool = True) -> None:
    """Send a mail to an SMTP server; raise an error unless it responds 250."""
    kind = smtplib.LMTP if lmtp else smtplib.SMTP
    with kind("127.0.0.1", port, timeout=TIMEOUT) as line:
        line.sendmail(sender, [to], raw)


async def bring(ledger: Ledger, number: str, send: Callable[[], None]) -> None:
    """Retry until the mail is acknowledged, as a mail server does."""
    while True:
        ledger.invoked[number] += 1
        try:
            await asyncio.to_thread(send)
        except (OSError, smtplib.SMTPException):
            ledger.unknown[number] += 1
            await asyncio.sleep(0.2)
        else:
            ledger.acknowledged.add(number)
            return


@dataclass
class Visitor:
    """A browser with the chat open: repeats messages until they are acknowledged, and reconnects until cancelled."""

    base: str
    key: str
    name: str
    ledger: Ledger
    lines: dict[str, Json] = field(default_factory=dict)  # the messages that the widget shows, by id
    times: dict[str, int] = field(default_factory=dict)
    cursor: str | None = None
    closes: list[int | None] = field(default_factory=list)
    _token: str = ""
    _acks: set[str] = field(default_factory=set)
    _line: ClientConnection | None = None
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Keep the chat open until cancelled."""
        while True:
            with suppress(OSError, WebSocketException, TimeoutError, httpx.HTTPError):
                await self._connect_once()
            self._open.clear()
            self._line = None
            await asyncio.sleep(0.2)

    async def say(self, number: str) -> None:
        """Send a numbered message until it is acknowledged; its id is the same at each attempt."""
        id_ = str(uuid5(NAMESPACE_URL, number))
        while id_ not in self._acks:
            await self._open.wait()
            self.ledger.invoked[number] += 1
            try:
                assert self._line is not None
                await self._line.send(json.dumps({"type": "say", "id": id_, "text": f"number {number}"}))
                await self._wait_for_ack(id_)
            except (TimeoutError, WebSocketException, AssertionError):
                self.ledger.unknown[number] += 1
                await asyncio.sleep(0.05)  # a closed connection fails at once: let `run` notice it and open another
        self.ledger.acknowledged.add(number)

    async def _wait_for_ack(self, id_: str) -> None:
        async with asyncio.timeout(2):
            while id_ not in self._acks:
                if self._line is None:
                    raise TimeoutError
                await asyncio.sleep(0.02)

    async def _new_token(self) -> str:
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as client:
            answer = await client.post(f"http://{self.base}/api/chat/{self.key}/visitors", json={})
            answer.raise_for_status()
            return str(answer.json()["token"])

    async def _connect_once(self) -> None:
        self._token = self._token or await self._new_token()
        url = f"ws://{self.base}/api/chat/{self.key}/socket"
        offered = [Subprotocol("hub.chat.v1"), Subprotocol(f"token.{self._token}")]
        async with connect(url, subprotocols=offered, open_timeout=TIMEOUT, compression=None) as line:
            await line.send(json.dumps({"type": "hello", "cursor": self.cursor}))
            try:
                async for text in line:
                    self._on_frame(json.loads(text), line)
            finally:
                self.closes.append(line.close_code)

    def _on_frame(self, frame: Json, line: ClientConnection) -> None:
        match frame["type"]:
            case "welcome":
                if not frame["resumed"]:
                    self.lines.clear()
                for message in frame["messages"]:
                    self._show(message)
                self.cursor = frame["cursor"]
                self._line = line
                self._open.set()
            case "message":
                self._show(frame)
                self.cursor = frame["cursor"]
            case "ack":
                self._acks.add(frame["id"])

    def _show(self, message: Json) -> None:
        self.lines[message["id"]] = message
        self.times[message["id"]] = self.times.get(message["id"], 0) + 1

    def shown(self, sender: str = "agent") -> list[str]:
        """Return the numbers on the screen, from top to bottom."""
        lines = [line for line in self.lines.values() if line["from"] == sender]
        lines.sort(key=lambda line: [int(part) for part in line["cursor"].split(".")])
        return [number_of(line["text"]) for line in lines]


@dataclass
class Bot:
    """An agent who answers through the public API, and repeats requests until they succeed."""

    base: str
    token: str
    ledger: Ledger
    refused: list[str] = field(default_factory=list)
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=0)
        self.http = httpx.AsyncClient(
            base_url=f"http://{self.base}/api", headers=headers, timeout=TIMEOUT, trust_env=False, limits=limits
        )

    async def get(self, path: str) -> Any:
        """Read a resource; retry until it succeeds."""
        while True:
            with suppress(httpx.HTTPError):
                answer = await self.http.get(path)
                if answer.is_success:
                    return answer.json()
            await asyncio.sleep(0.2)

    async def reach(self, conversation_id: UUID | str) -> Json:
        """Return the reply target for the customer who wrote last."""
        detail = await self.get(f"/conversations/{conversation_id}")
        ways: list[Json] = detail["reach"]
        return next((way for way in ways if way["last_used"]), ways[0])

    async def reply(self, conversation_id: UUID | str, way: Json, number: str, elsewhere: "Bot | None" = None) -> None:
        """Answer with a number until the answer is accepted, here or elsewhere; its id is the same each time."""
        id_ = str(uuid5(NAMESPACE_URL, f"reply {number}"))
        body = {"id": id_, "channel_id": way["channel_id"], "point_id": way["point_id"]}
        body |= {"text": f"number {number}"}
        http = self.http
        while True:
            self.ledger.invoked[number] += 1
            try:
                body = body | {"undo_seconds": 0, "force": True}
                answer = await http.post(
                    f"/conversations/{conversation_id}/replies", json=body, headers={"Idempotency-Key": id_}
                )
            except httpx.HTTPError:
                self.ledger.unknown[number] += 1
            else:
                if answer.is_success:
                    self.ledger.acknowledged.add(number)
                    return
                if answer.status_code < 500 and answer.status_code != 429:
                    self.refused.append(f"{answer.status_code} {answer.text}")
            if elsewhere is not None:
                http = elsewhere.http if http is self.http else self.http
            await asyncio.sleep(0.2)


def number_of(text: str) -> str:
    """Return the number in a text."""
    return text.partition("number ")[2].split()[0]
