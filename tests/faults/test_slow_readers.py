"""Clients that stop reading: bounded memory, closed with their own code, and nothing missed after they reconnect."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from hub.runtime.context import open_context
from hub.settings import Settings
from tests.faults.campaign import campaign, size
from tests.faults.installation import KEY, Installation, running_installation
from tests.faults.killer import memory_of, until
from tests.faults.ledger import Ledger
from tests.faults.people import Bot, mail, send_mail
from tests.faults.screens import sign_in
from tests.faults.test_smtp_steps import HELP

pytestmark = pytest.mark.faults
SLOW = size(8, 50)
TEXT = "z" * 40_000
NOTES = size(220, 400)  # more than the kernel's buffers and our megabyte can hold
BOUND = 6 * 1024 * 1024  # bytes a slow reader may cost: our megabyte, the transport's buffer, and data in transit
TOO_SLOW = 4408


async def _line(installation: Installation, cookie: str, cursor: str) -> ClientConnection:
    """Connect a websocket that reads slowly."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", installation.port))
    return await connect(
        f"ws://{installation.base}/api/live?after={cursor}",
        sock=raw,
        origin=Origin(f"http://{installation.base}"),
        additional_headers={"Cookie": f"hub_session={cookie}"},
        max_size=None,
        max_queue=1,
        compression=None,
        ping_interval=None,
    )


async def _read(line: ClientConnection) -> tuple[list[str], str | None, int | None]:
    """Read until the socket is closed or silent: return the ids of notes, the last cursor and the close code."""
    notes: list[str] = []
    cursor = None
    try:
        while True:
            for frame in json.loads(await asyncio.wait_for(line.recv(), 4)):
                cursor = frame.get("cursor", cursor)
                if frame["type"] == "happened" and frame["event"]["type"] == "note_added":
                    notes.append(frame["event"]["message_id"])
    except (ConnectionClosed, TimeoutError):
        return notes, cursor, line.close_code


async def test_a_reader_that_stops_is_disconnected_and_misses_nothing() -> None:
    with campaign("slow-readers") as run:
        async with running_installation() as installation, AsyncExitStack() as stack:
            await installation.channel("email", "Help", {"address": HELP})
            settings = Settings(data_dir=installation.folder, secret_key=KEY)
            async with open_context(settings, database_url=installation.postgres.url) as context:
                people = [await sign_in(context, f"Slow{n}") for n in range(SLOW)]
            bot = Bot(installation.base, await installation.bot(), Ledger())
            sender = "ann@customer.example"
            await asyncio.to_thread(send_mail, installation.lmtp_port, sender, HELP, mail("one", sender, HELP))
            found = await installation.found("select conversation_id from message where direction = 'inbound'")
            cursor = str((await bot.get("/inbox"))["cursor"])
            slow = [await _line(installation, cookie, cursor) for _, cookie, _ in people]
            stack.push_async_callback(_hang_up, slow)
            before = memory_of(installation.serve.pid)
            written, most = await _write(installation, bot, found["conversation_id"])
            run.note(rss_before=before, rss_most=most, bytes_each=(most - before) // SLOW, written=len(written))
            codes, missed = [], 0
            for line, (_, cookie, _) in zip(tuple(slow), people, strict=True):
                seen, last, code = await _read(line)
                again = await _line(installation, cookie, last or cursor)
                slow.append(again)
                rest, _, _ = await _read(again)
                codes.append(code)
                missed += len(set(written) - set(seen) - set(rest))
                assert len(seen) + len(rest) == len(written), "and nothing twice"
            run.note(codes=codes, missed=missed)
            assert set(codes) == {TOO_SLOW}
            assert missed == 0
            assert most - before <= SLOW * BOUND


async def _write(installation: Installation, bot: Bot, conversation_id: UUID) -> tuple[list[str], int]:
    """Write long notes; return their ids and the most memory that the server used meanwhile."""
    written, most = [], 0
    for n in range(NOTES):
        id_ = str(uuid4())
        answer = await bot.http.post(f"/conversations/{conversation_id}/notes", json={"id": id_, "text": f"{n} {TEXT}"})
        answer.raise_for_status()
        written.append(id_)
        most = max(most, memory_of(installation.serve.pid))

    async def quick() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"http://{installation.base}/healthz")).is_success

    await until(quick, within=10, what="the server answers")
    return written, most


async def _hang_up(lines: list[ClientConnection]) -> None:
    for line in lines:
        line.transport.abort()
        await line.wait_closed()
