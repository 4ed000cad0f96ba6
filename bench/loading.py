"""A load process: raw HTTP/1.1 over persistent connections; closed loop at full speed, or open loop at a rate."""

import argparse
import asyncio
import json
import sys
import time

import uvloop

from bench.kit import percentile

MAIL = """From: Ana Bakker <ana{n}@customers.example>\r
To: Support <support@support.example>\r
Subject: Order {n} not delivered\r
Date: Mon, 05 Jan 2026 08:00:00 +0000\r
Message-ID: <{run}.{n}@customers.example>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset="utf-8"\r
\r
Hello,\r
\r
{text}\r
"""
TEXT = "I ordered this on Monday and the tracking page has not moved since. Could you tell me when it arrives?\r\n" * 22


class Connection(asyncio.Protocol):
    """One persistent connection; one request at a time."""

    def __init__(self) -> None:
        self.waiting: asyncio.Future[int] | None = None
        self.buffer = b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) >= length:
            self.buffer = b""
            self.waiting.set_result(int(head[9:12]))

    def connection_lost(self, _) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(0)

    async def ask(self, request: bytes) -> int:
        self.waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.waiting


def requests_of(options) -> list[bytes]:
    requests = []
    for n in range(options.requests):
        body = MAIL.format(n=n, run=options.run, text=TEXT).encode()
        head = (
            f"POST {options.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {options.bearer}\r\n"
            f"Content-Type: message/rfc822\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


async def run(options) -> dict:
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(Connection, "127.0.0.1", options.port))[1] for _ in range(options.connections)
    ]
    requests = requests_of(options)
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    spent, statuses = [], {}
    began = time.monotonic()
    ready = iter(enumerate(requests))

    async def sender(connection: Connection) -> None:
        for n, request in ready:
            planned_at = time.monotonic()
            if options.rate:
                planned_at = began + n / options.rate
                await asyncio.sleep(max(0.0, planned_at - time.monotonic()))
            status = await connection.ask(request)
            spent.append(time.monotonic() - planned_at)
            statuses[status] = statuses.get(status, 0) + 1

    await asyncio.gather(*(sender(connection) for connection in connections))
    wall = time.monotonic() - began
    for connection in connections:
        connection.transport.close()
    return {
        "rate": len(spent) / wall,
        "p50_ms": 1e3 * percentile(spent, 0.5),
        "p99_ms": 1e3 * percentile(spent, 0.99),
        "max_ms": 1e3 * max(spent),
        "statuses": statuses,
        "wall_s": wall,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--bearer", required=True)
    parser.add_argument("--run", required=True, help="makes the bodies differ from those of other runs")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=0.0, help="open loop at so many a second; 0: closed loop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(parser.parse_args()))), flush=True)
