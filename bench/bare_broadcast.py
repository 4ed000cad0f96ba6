"""The limit of fan-out: `websockets.broadcast` of one text to all connected clients."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import broadcast, serve


async def main() -> None:
    connected = set()

    async def hold(line) -> None:
        connected.add(line)
        try:
            await line.wait_closed()
        finally:
            connected.discard(line)

    loop = asyncio.get_running_loop()
    async with serve(hold, "127.0.0.1", 0, compression=None, ping_interval=None, open_timeout=120) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            broadcast(connected, "x" * int(line))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
