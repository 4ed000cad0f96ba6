"""A TCP proxy on loopback that disturbs its connections: late, cut, reset, silent, or closed slowly.

async with Proxy.running("127.0.0.1", 5432) as proxy:
    proxy.latency = 0.05            # delay of each piece in seconds, both ways
    proxy.cut_after = 1000          # bytes from the server after which the connection is closed
    proxy.on_reply = cut_at         # a function (connection, bytes) -> Fault | None on each piece
    proxy.black_hole = True         # drop everything from now on, both ways
    proxy.reset()                   # reset every connection now
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Self

PIECE = 64 * 1024
HARD = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: the close becomes a reset


@dataclass(eq=False)
class Line:
    """One connection through the proxy."""

    number: int
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    asked: int = 0  # bytes from the client so far
    answered: int = 0  # bytes from the server so far

    def reset(self) -> None:
        """Reset both halves at once."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError, ValueError, AttributeError):  # uvloop: a closed one has no descriptor
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HARD)
            writer.transport.abort()


Toxic = Callable[[Line, bytes], bytes | None]
"""Gets each piece; gives what is passed on, or None: break the line instead."""


@dataclass(eq=False)
class Proxy:
    """A running proxy; its faults can be changed at any time."""

    host: str
    to_port: int
    port: int = 0
    latency: float = 0.0
    linger: float = 0.0  # seconds a half-closed connection is kept
    cut_after: int | None = None
    black_hole: bool = False
    down: bool = False  # refuse new connections
    on_ask: Toxic | None = None
    on_answer: Toxic | None = None
    lines: set[Line] = field(default_factory=set)
    taken: int = 0
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, host: str, to_port: int) -> AsyncIterator[Self]:
        """Listen on a port of its own until the block ends."""
        proxy = cls(host, to_port)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            proxy.reset()
            for task in list(proxy._tasks):
                task.cancel()
            await asyncio.gather(*proxy._tasks, return_exceptions=True)
            await server.wait_closed()

    def reset(self) -> None:
        """Reset every connection."""
        for line in list(self.lines):
            line.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._carry(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        answers, to_server = await asyncio.open_connection(self.host, self.to_port)
        self.taken += 1
        line = Line(self.taken, writer, to_server)
        self.lines.add(line)
        try:
            both = (self._pump(line, reader, to_server, asks=True), self._pump(line, answers, writer, asks=False))
            await asyncio.gather(*both, return_exceptions=True)
        finally:
            self.lines.discard(line)
            for end in (writer, to_server):
                end.transport.abort()

    async def _pump(
        self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool
    ) -> None:
        while piece := await reader.read(PIECE):
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.black_hole:
                continue
            passed = self._harm(line, piece, asks=asks)
            if passed is None:
                await writer.drain()
                line.reset()
                return
            writer.write(passed)
            await writer.drain()
        if self.linger:
            await asyncio.sleep(self.linger)
        if writer.can_write_eof():
            writer.write_eof()

    def _harm(self, line: Line, piece: bytes, *, asks: bool) -> bytes | None:
        """Return the part of a piece to pass on; None: reset the connection here."""
        toxic = self.on_ask if asks else self.on_answer
        if asks:
            line.asked += len(piece)
        else:
            line.answered += len(piece)
            if self.cut_after is not None and line.answered > self.cut_after:
                return None
        return toxic(line, piece) if toxic else piece
