"""A TCP proxy on loopback that disturbs its connections: late, cut, reset, silent, or closed slowly.

async with Proxy.running("127.0.0.1", 5432) as proxy:
    proxy.latency = 0.05            # delay of each piece in seconds, both ways
    proxy.cut_after = 1000          # bytes from the server after which the connection is closed
    proxy.on_answer = disturb       # a function (connection, bytes) -> bytes | None, called with each piece
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
LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: the close becomes a reset


@dataclass(eq=False)
class ProxiedConnection:
    """One connection through the proxy."""

    number: int
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    bytes_from_client: int = 0  # so far
    bytes_from_server: int = 0  # so far

    def reset(self) -> None:
        """Reset both halves at once."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError, ValueError, AttributeError):  # uvloop: a closed one has no descriptor
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
            writer.transport.abort()


Disturb = Callable[[ProxiedConnection, bytes], bytes | None]
"""Receives each piece and returns the bytes to forward; None: reset the connection instead."""


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
    on_ask: Disturb | None = None
    on_answer: Disturb | None = None
    lines: set[ProxiedConnection] = field(default_factory=set)
    accepted: int = 0
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
            await self._forward(reader, writer)
        except (OSError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        answers, to_server = await asyncio.open_connection(self.host, self.to_port)
        self.accepted += 1
        line = ProxiedConnection(self.accepted, writer, to_server)
        self.lines.add(line)
        try:
            directions = (
                self._pump(line, reader, to_server, from_client=True),
                self._pump(line, answers, writer, from_client=False),
            )
            await asyncio.gather(*directions, return_exceptions=True)
        finally:
            self.lines.discard(line)
            for end in (writer, to_server):
                end.transport.abort()

    async def _pump(
        self, line: ProxiedConnection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        while piece := await reader.read(PIECE):
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.black_hole:
                continue
            passed = self._apply_faults(line, piece, from_client=from_client)
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

    def _apply_faults(self, line: ProxiedConnection, piece: bytes, *, from_client: bool) -> bytes | None:
        """Return the part of a piece to pass on; None: reset the connection here."""
        disturb = self.on_ask if from_client else self.on_answer
        if from_client:
            line.bytes_from_client += len(piece)
        else:
            line.bytes_from_server += len(piece)
            if self.cut_after is not None and line.bytes_from_server > self.cut_after:
                return None
        return disturb(line, piece) if disturb else piece
