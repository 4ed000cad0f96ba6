"""A process full of agents' sockets: opens them, then counts the frames they receive, and when."""

import argparse
import asyncio
import base64
import json
import os
import re
import sys
import time

import uvloop

from bench.kit import percentile

SENT_AT = re.compile(rb"@(\d+)@")  # CLOCK_MONOTONIC in ns, written into the customers' messages


class Socket(asyncio.Protocol):
    """One socket: opens the connection, then passes every text frame to `heard`. Never compresses or sends."""

    def __init__(self, crowd: "Crowd", head: bytes) -> None:
        self.crowd, self.head, self.buffer = crowd, head, b""
        self.open = asyncio.get_running_loop().create_future()
        self.code = 0

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(self.head)

    def connection_lost(self, _) -> None:
        self.crowd.lost += 1
        if not self.open.done():
            self.open.set_exception(ConnectionError("lost before it was open"))

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        if not self.open.done():
            head, found, data_ = data.partition(b"\r\n\r\n")
            if not found:
                self.buffer = data
                return
            if b" 101 " not in head[:20]:
                self.open.set_exception(ConnectionError(head[:60].decode()))
                return
            data = data_
            self.open.set_result(None)
        self.buffer = self.frames(data)

    def frames(self, data: bytes) -> bytes:
        at, end = 0, len(data)
        while end - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if end < start + length:
                break
            if data[at] & 0x0F == 8:
                self.crowd.closed.append(int.from_bytes(data[start : start + 2]))
            else:
                self.crowd.heard(data[start : start + length])
            at = start + length
        return data[at:]


class Crowd:
    """All sockets of this process, and the frames they have received since the last request."""

    def __init__(self) -> None:
        self.lost, self.closed = 0, []
        self.reset()

    def reset(self) -> None:
        self.frames = self.bytes = self.marked = 0
        self.late: list[float] = []
        self.known: dict[tuple[int, bytes], list[int]] = {}
        self.first = self.last = 0.0

    def heard(self, frame: bytes) -> None:
        now = time.monotonic_ns()
        self.frames += 1
        self.bytes += len(frame)
        key = len(frame), frame[:160]  # begins with its cursor: a frame that other sockets also receive is read once
        stamps = self.known.get(key)
        if stamps is None:
            stamps = self.known[key] = [int(sent) for sent in set(SENT_AT.findall(frame))]
        self.marked += len(stamps)
        self.late.extend((now - sent) / 1e6 for sent in stamps)

    def told(self, *, counts_only: bool = False) -> dict:
        """Return the received frames; reading a million delays takes a second, in which no frame is received."""
        late = [] if counts_only else self.late
        found = {"frames": self.frames, "bytes": self.bytes, "marked": self.marked, "lost": self.lost}
        found["cpu"] = time.process_time()
        found["closed"] = sorted(set(self.closed))
        if late:
            found |= {"p50_ms": percentile(late, 0.5), "p99_ms": percentile(late, 0.99), "max_ms": max(late)}
        return found


def head_of(options, token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    cookie = f"Cookie: hub_session={token}\r\nOrigin: http://localhost:{options.port}\r\n" if token else ""
    return (
        f"GET {options.path} HTTP/1.1\r\nHost: localhost:{options.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{cookie}\r\n"
    ).encode()


async def open_all(options, crowd: Crowd, tokens: list[str]) -> None:
    loop = asyncio.get_running_loop()
    waiting = iter([token for token in tokens for _ in range(options.each)])
    address = f"127.0.{options.number}.1"  # an address of its own, so that ports do not run out

    async def opener() -> None:
        for token in waiting:
            local = (address, 0)
            make = lambda token=token: Socket(crowd, head_of(options, token))
            _, socket = await loop.create_connection(make, "127.0.0.1", options.port, local_addr=local)
            async with asyncio.timeout(120):
                await socket.open

    await asyncio.gather(*(opener() for _ in range(options.openers)))


async def run(options) -> None:
    tokens = sys.stdin.readline().split(",")
    crowd = Crowd()
    began = time.monotonic()
    await open_all(options, crowd, [token.strip() for token in tokens])
    print(json.dumps({"open_s": time.monotonic() - began}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "reset":
            crowd.reset()
        print(json.dumps(crowd.told(counts_only=line.strip() == "count")), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/api/live")
    parser.add_argument("--each", type=int, default=1, help="sockets for each token")
    parser.add_argument("--openers", type=int, default=50, help="handshakes at the same time")
    parser.add_argument("--number", type=int, default=0, help="of this process")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(parser.parse_args()))
