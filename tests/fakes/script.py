"""A raw server on loopback that follows a script, for any protocol made of lines.

    async with Script.running(["> 220 hello", "<", "> 250 ok", "hang"]) as script:
        ...                          # script.port; script.heard holds the lines that the client sent

A step is one of:
    "> words"     send a line               "<"         receive a line
    b"raw"        send these bytes          "< body"    receive a message up to its final dot
    "hang"        send nothing more         "< 1000"    receive this many bytes
    "reset"       reset the connection
After the last step the connection is closed. A second list of steps is for the second connection, and so on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Self

Steps = Sequence[str | bytes]


@dataclass
class Script:
    """The running server: its port, the number of connections, and the lines it received."""

    connections: int = 0
    heard: list[bytes] = field(default_factory=list)
    port: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, *scenes: Steps) -> AsyncIterator[Self]:
        """Run the server until the block ends: one scene per connection, the last scene for all further ones."""
        script = cls()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            script._writers.append(writer)
            script.connections += 1
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await script._play(scenes[min(script.connections, len(scenes)) - 1], reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
        script.port = server.sockets[0].getsockname()[1]
        try:
            yield script
        finally:
            server.close()
            await script._end()
            await server.wait_closed()

    async def _play(self, steps: Steps, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in steps:
            if isinstance(step, bytes):
                writer.write(step)
            elif step.startswith("> "):
                writer.write(step[2:].encode() + b"\r\n")
            elif step.startswith("<"):
                self.heard.append(await _hear(reader, step[1:].strip()))
            elif step == "hang":
                await self._over.wait()
            elif step == "reset":
                writer.transport.abort()
            await writer.drain()

    async def _end(self) -> None:
        self._over.set()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _hear(reader: asyncio.StreamReader, what: str) -> bytes:
    if what == "body":
        return await reader.readuntil(b"\r\n.\r\n")
    if what:
        return await reader.readexactly(int(what))
    return await reader.readuntil(b"\r\n")
