"""The limit of durable acknowledgement: a bare ASGI program with group commit over asyncpg, storing the same rows."""

import asyncio
import hashlib
import hmac
import socket
import sys
import time
import uuid

import asyncpg
import uvicorn
import uvloop

from hub.storage.database import new_id

ARRIVALS = (
    "insert into arrival (id, channel_id, dedupe_key, meta, digest, size, state, attempts, due_at)"
    " select v.id, $2, v.key, v.meta::jsonb, v.digest, v.size, 'kept', 0, '2000-01-01'"
    " from unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[]) as v(id, key, meta, digest, size)"
    " on conflict (channel_id, dedupe_key) do nothing returning id"
)
BLOBS = (
    "insert into blob (digest, body) select v.digest, v.body from unnest($1::text[], $2::bytea[]) as v(digest, body)"
    " on conflict (digest) do nothing"
)
META = '{"url":"/api/callbacks","headers":{"content-type":"message/rfc822"}}'


class Program:
    def __init__(self, url: str, channel_id: uuid.UUID, bearer: str) -> None:
        self.url, self.channel_id, self.bearer = url, channel_id, f"Bearer {bearer}".encode()
        self.waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self.busy: asyncio.Task[None] | None = None
        self.line: asyncpg.Connection | None = None

    async def __call__(self, scope, receive, send) -> None:
        if not hmac.compare_digest(dict(scope["headers"]).get(b"authorization", b""), self.bearer):
            raise PermissionError
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        done = asyncio.get_running_loop().create_future()
        self.waiting.append((body, done))
        if self.busy is None or self.busy.done():
            self.busy = asyncio.create_task(self.drain())
        await done
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def drain(self) -> None:
        self.line = self.line or await asyncpg.connect(self.url)
        while self.waiting:
            batch, self.waiting = self.waiting[:500], self.waiting[500:]
            digests = [hashlib.sha256(body).hexdigest() for body, _ in batch]
            async with self.line.transaction():
                keys = [f"sha256:{digest}" for digest in digests]
                ids, sizes = [new_id() for _ in batch], [len(body) for body, _ in batch]
                await self.line.fetch(ARRIVALS, ids, self.channel_id, keys, [META] * len(batch), digests, sizes)
                await self.line.execute(BLOBS, digests, [body for body, _ in batch])
            for _, done in batch:
                done.set_result(None)


async def main(url: str, channel_id: str, bearer: str) -> None:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    program = Program(url, uuid.UUID(channel_id), bearer)
    settings = {"access_log": False, "log_config": None, "proxy_headers": False, "server_header": False}
    config = uvicorn.Config(program, lifespan="off", date_header=False, backlog=2048, **settings)
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    time.sleep(0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:4]))
