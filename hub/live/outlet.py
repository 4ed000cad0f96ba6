"""Send to many sockets in one pass: directly where a socket takes it, through a bounded queue where it would block."""

import asyncio
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, cast

from hub.runtime.websocket import FRAME_KEY

MOST_WAITING = 1024 * 1024  # bytes a slow reader may leave unread
Send = Callable[[Any], Awaitable[None]]
Begun = Coroutine[Any, Any, None]


@types.coroutine
def _resume(begun: Begun, waits_for: object) -> Generator[object, Any, None]:
    """Continue, inside a task, a coroutine that has already run to its first wait."""
    try:
        while True:
            value = yield waits_for
            try:
                waits_for = begun.send(value)
            except StopIteration:
                return
    finally:
        begun.close()


class SocketWriter:
    """Writes to one socket without ever making the caller wait."""

    __slots__ = ("_send", "_size", "_task", "_waiting", "overrun")

    def __init__(self, send: Send) -> None:
        """Write by a `send` that takes finished frames."""
        self._send = send
        self._waiting: deque[bytes] | None = None
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self.overrun = False

    def put(self, frame: bytes) -> None:
        """Send a frame at once if nothing waits and the socket takes it, else queue it; never blocks.

        Beyond `MOST_WAITING` unread bytes, or when the connection is gone, `overrun` is set: close the socket; its
        client connects again with its cursor and misses nothing.
        """
        if self._waiting is not None:
            self._wait(frame)
            return
        begun = cast("Begun", self._send({FRAME_KEY: frame}))
        try:
            waits_for = begun.send(None)
        except StopIteration:
            return
        except (RuntimeError, OSError):
            self.overrun = True  # the connection is gone, and its task has not noticed yet
            return
        self._waiting = deque()
        self._task = asyncio.ensure_future(self._drain(begun, waits_for))

    def close(self) -> None:
        """Drop the frames that wait."""
        if self._task is not None:
            self._task.cancel()

    def _wait(self, frame: bytes) -> None:
        if self._waiting is not None and not self.overrun:
            self._size += len(frame)
            self._waiting.append(frame)
            self.overrun = self._size > MOST_WAITING

    async def _drain(self, begun: Begun, waits_for: object) -> None:
        try:
            await _resume(begun, waits_for)
            while self._waiting:
                frame = self._waiting.popleft()
                self._size -= len(frame)
                await self._send({FRAME_KEY: frame})
        except (RuntimeError, OSError):
            self.overrun = True  # the connection is gone; the task that reads from it notices too
        finally:
            self._waiting, self._task, self._size = None, None, 0
