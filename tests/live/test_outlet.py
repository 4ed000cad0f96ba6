"""One socket among thousands never delays the others, in whatever state it is."""

import asyncio
from collections.abc import Callable

import pytest

from hub.live import outlet as sending
from hub.live.outlet import SocketWriter
from hub.runtime.websocket import FRAME_KEY, encode_text_frame


class Line:
    """The server's side of a socket: open, slow, or closed."""

    def __init__(self) -> None:
        self.took: list[bytes] = []
        self.writable = asyncio.Event()
        self.writable.set()
        self.error: Exception | None = None

    async def send(self, message: dict[str, bytes]) -> None:
        await self.writable.wait()
        if self.error is not None:
            raise self.error
        self.took.append(message[FRAME_KEY])


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


async def test_frames_for_an_open_socket_are_sent_at_once() -> None:
    line = Line()
    SocketWriter(line.send).put(b"one")
    assert line.took == [b"one"]


async def test_frames_for_a_slow_socket_are_sent_in_order_later() -> None:
    line = Line()
    outlet = SocketWriter(line.send)
    line.writable.clear()
    for frame in (b"one", b"two", b"three"):
        outlet.put(frame)
    assert line.took == []
    line.writable.set()
    await eventually(lambda: len(line.took) == 3)
    assert line.took == [b"one", b"two", b"three"]
    outlet.put(b"four")
    await eventually(lambda: line.took[-1] == b"four")


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("closed")])
async def test_a_lost_socket_is_closed_and_delays_no_other(error: Exception) -> None:
    line = Line()
    line.error = error
    outlet = SocketWriter(line.send)
    outlet.put(b"one")
    assert outlet.overrun


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("closed")])
async def test_a_slow_line_that_goes_is_given_up(error: Exception) -> None:
    line = Line()
    outlet = SocketWriter(line.send)
    line.writable.clear()
    outlet.put(b"one")
    line.error = error
    line.writable.set()
    await eventually(lambda: outlet.overrun)


async def test_a_client_with_too_much_unread_data_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MAX_QUEUED_BYTES", 10)
    line = Line()
    outlet = SocketWriter(line.send)
    line.writable.clear()
    outlet.put(b"12345")
    outlet.put(b"12345")
    outlet.put(b"12345")
    assert not outlet.overrun
    outlet.put(b"1")
    assert outlet.overrun
    outlet.close()


@pytest.mark.parametrize("length", [0, 2, 125, 126, 65_535, 65_536])
def test_a_frame_has_the_length_of_its_text(length: int) -> None:
    frame = encode_text_frame(b"x" * length)
    assert frame[0] == 0x81
    assert frame.endswith(b"x" * length)
    assert len(frame) == length + (2 if length < 126 else 4 if length < 65_536 else 10)
