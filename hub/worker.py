"""The worker's door: every loop that is not a request, in one task group."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from hub.ground import Ground
from hub.inbox import delivery, intake, listeners, mail_doors, sweeping
from hub.inbox.demo_mailboxes import DemoMailboxes
from hub.routing import clocks

Loop = Callable[[Ground, asyncio.Event], Awaitable[None]]
LOOPS: dict[str, Loop] = {
    "intake": intake.run,
    "routing": clocks.run,
    "delivery": delivery.run,
    "listeners": partial(listeners.run, keep=intake.keep),
    "mail doors": partial(mail_doors.run, keep=intake.keep, stranger=DemoMailboxes()),
    "sweeping": sweeping.run,
}
RESTART = 1.0  # seconds before a loop that fell is started again

log = structlog.get_logger("hub.worker")


async def run(ground: Ground, stop: asyncio.Event) -> None:
    """Run all loops until told to stop; a loop that falls is told of and started again."""
    async with asyncio.TaskGroup() as group:
        for name, loop in LOOPS.items():
            group.create_task(_keep_running(name, loop, ground, stop), name=name)


async def _keep_running(name: str, loop: Loop, ground: Ground, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await loop(ground, stop)
        except Exception as error:
            log.error("worker.fell", loop=name, exc_info=error)
            try:
                async with asyncio.timeout(RESTART):
                    await stop.wait()
            except TimeoutError:
                continue
