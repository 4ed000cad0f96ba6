"""One event to 5,000 agents' sockets, with checks of rights, against `websockets.broadcast` of as many bytes."""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

from bench.agents import SocketProcesses, create_agents, crowds
from bench.hub_process import Process, started
from bench.kit import Result, context_on, database, median, run
from hub.events.definitions import TagsChanged
from hub.events.log import record
from hub.runtime.context import AppContext
from hub.storage.database import new_id, now
from hub.timeline.models import Contact, Conversation

EACH = 10
Event = Callable[[], None]


async def conversation(context: AppContext) -> tuple[UUID, UUID]:
    contact = Contact(name="Ana Bakker")
    opened = Conversation(contact_id=contact.id, reply_key=new_id().hex[:26], subject="An order", last_at=now())
    async with context.transaction() as session:
        session.add(contact)
        await session.flush()
        session.add(opened)
    return contact.id, opened.id


async def happen(context: AppContext, about: tuple[UUID, UUID], n: int) -> None:
    event = TagsChanged(added=(f"tag-{n}",), removed=())
    async with context.transaction() as session:
        record(session, event, contact_id=about[0], conversation_id=about[1])


def deliver(
    process: Process, sockets: SocketProcesses, event: Event, count: int, idle: float
) -> tuple[float, float, int]:
    """Return CPU in us for each delivery beyond that of idle sockets, ms until all had it, and bytes of one."""
    frames, received_bytes = sockets.sum("frames"), sockets.sum("bytes")
    began, before = time.monotonic(), process.cpu
    event()
    took = sockets.until("frames", frames + count, within=30)
    time.sleep(0.2)
    spent = process.cpu - before - idle * (time.monotonic() - began)
    return 1e6 * spent / count, 1e3 * took, (sockets.sum("bytes") - received_bytes) // count


def idling(process: Process, seconds: float) -> float:
    """Return the part of a core that idle sockets use."""
    before = process.cpu
    time.sleep(seconds)
    return (process.cpu - before) / seconds


def main(quick: bool = False) -> list[Result]:
    count, rounds = (500, 5) if quick else (5000, 15)
    loop = asyncio.new_event_loop()
    with database() as server, LoopGround(loop, server.url) as context:
        tokens = loop.run_until_complete(create_agents(context, count // EACH))
        about = loop.run_until_complete(conversation(context))
        with (
            started("bench.hub_process", "serve", server.url) as product,
            started("bench.bare_broadcast") as bare,
            crowds(product.port, tokens, each=EACH) as ours,
            crowds(bare.port, ["", ""], each=count // 2) as raw,
        ):
            time.sleep(4 if quick else 12)  # until presence is sent and counts have settled
            idle = idling(product, 2 if quick else 10), idling(bare, 2)
            spent, limit, size = [], [], 400
            for n in range(rounds):
                happens = lambda n=n: loop.run_until_complete(happen(context, about, n))
                spent.append(deliver(product, ours, happens, count, idle[0]))
                size = spent[-1][2]
                tell = lambda size=size: bare.popen.stdin.write(f"{size}\n") and bare.popen.stdin.flush()
                limit.append(deliver(bare, raw, tell, count, idle[1]))
    return [_result(spent[2:], limit[2:], count, idle)]


def _result(spent: list, limit: list, count: int, idle: tuple[float, float]) -> Result:
    figure, raw = median([one[0] for one in spent]), median([one[0] for one in limit])
    more = {
        "sockets": count,
        "agents": count // EACH,
        "bytes of the event": spent[0][2],
        "rounds": [round(one[0], 1) for one in spent],
        "raw rounds": [round(one[0], 1) for one in limit],
        "idle CPU, part of a core (limit)": f"{idle[0]:.3f} ({idle[1]:.3f}), not counted above",
        "ratio": "CPU of the limit for a delivery / ours: reading the log, rights and all",
    }
    ratio = median([b[0] / a[0] for a, b in zip(spent, limit, strict=True)])
    return Result("fan-out of one event, CPU a delivery", figure, "us", raw, ratio, ">= 0.8", more)


class LoopGround:
    """Open a context on an event loop that runs only during a call."""

    def __init__(self, loop: asyncio.AbstractEventLoop, url: str) -> None:
        self._loop, self._opened = loop, context_on(url, pool=2)

    def __enter__(self) -> AppContext:
        return self._loop.run_until_complete(self._opened.__aenter__())

    def __exit__(self, *error) -> None:
        self._loop.run_until_complete(self._opened.__aexit__(*error))


if __name__ == "__main__":
    run("fan_out", main)
