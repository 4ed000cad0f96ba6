"""Sends frames to many sockets in one pass: directly if a socket accepts them, else through a bounded queue."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, cast

from hub.runtime.websocket import FRAME_KEY

MAX_QUEUED_BYTES = 1024 * 1024  # bytes a slow reader may leave unread
Send = Callable[[Any], Awaitable[None]]
Sending = Coroutine[Any, Any, None]


@types.coroutine
def _resume(sending: Sending, awaited: object) -> Generator[object, Any, None]:
    """Continue, inside a task, a coroutine that has already run to its first wait."""
    try:
        while True:
            value = yield awaited
            try:
                awaited = sending.send(value)
            except StopIteration:
                return
    finally:
        sending.close()


class SocketWriter:
    """Writes to one socket without ever blocking the caller."""

    __slots__ = ("_queue", "_queued_bytes", "_send", "_task", "overrun")

    def __init__(self, send: Send) -> None:
        """Write with `send`, the ASGI callable that accepts encoded frames."""
        self._send = send
        self._queue: deque[bytes] | None = None
        self._queued_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self.overrun = False

    def put(self, frame: bytes) -> None:
        """Send a frame at once if none is queued and the socket accepts it, else queue it; never blocks.

        Beyond `MAX_QUEUED_BYTES` unread bytes, or when the connection is gone, `overrun` is set: close the socket; its
        client connects again with its cursor and misses nothing.
        """
        if self._queue is not None:
            self._enqueue(frame)
            return
        sending = cast("Sending", self._send({FRAME_KEY: frame}))
        try:
            awaited = sending.send(None)
        except StopIteration:
            return
        except (RuntimeError, OSError):
            self.overrun = True  # the connection is gone, and its task has not noticed yet
            return
        self._queue = deque()
        self._task = asyncio.ensure_future(self._drain(sending, awaited))

    def close(self) -> None:
        """Drop the queued frames."""
        if self._task is not None:
            self._task.cancel()

    def _enqueue(self, frame: bytes) -> None:
        if self._queue is not None and not self.overrun:
            self._queued_bytes += len(frame)
            self._queue.append(frame)
            self.overrun = self._queued_bytes > MAX_QUEUED_BYTES

    async def _drain(self, sending: Sending, awaited: object) -> None:
        try:
            await _resume(sending, awaited)
            while self._queue:
                frame = self._queue.popleft()
                self._queued_bytes -= len(frame)
                await self._send({FRAME_KEY: frame})
        except (RuntimeError, OSError):
            self.overrun = True  # the connection is gone; the task that reads from it notices too
        finally:
            self._queue, self._task, self._queued_bytes = None, None, 0
