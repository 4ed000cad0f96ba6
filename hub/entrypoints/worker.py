"""Run the worker: every loop that does not answer requests, in one task group, and the command `hub work`."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from hub.admin import cleanup
from hub.delivery import worker as delivery
from hub.demo.mailboxes import DemoMailboxes
from hub.entrypoints import process
from hub.intake import listeners, mail_server, pipeline
from hub.routing import worker as routing
from hub.runtime import logs
from hub.runtime.context import AppContext
from hub.settings import Settings

Loop = Callable[[AppContext, asyncio.Event], Awaitable[None]]
LOOPS: dict[str, Loop] = {
    "intake": pipeline.run,
    "routing": routing.run,
    "delivery": delivery.run,
    "listeners": partial(listeners.run, keep=pipeline.keep),
    "mail doors": partial(mail_server.run, keep=pipeline.keep, stranger=DemoMailboxes()),
    "sweeping": cleanup.run,
}
RESTART = 1.0  # seconds before a loop that failed is started again

log = structlog.get_logger("hub.worker")


def main(settings: Settings) -> None:
    """Run the worker alone: `hub work`."""
    logs.set_up(settings)
    process.run(_work_alone(settings, process.database_url(settings, None)))


async def _work_alone(settings: Settings, url: str) -> None:
    async with process.context_for(settings, url) as context:
        await run(context, process.stop_event())


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Run all loops until `stop` is set; a loop that fails is logged and started again."""
    async with asyncio.TaskGroup() as group:
        for name, loop in LOOPS.items():
            group.create_task(_keep_running(name, loop, context, stop), name=name)


async def _keep_running(name: str, loop: Loop, context: AppContext, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await loop(context, stop)
        except Exception as error:
            log.error("worker.fell", loop=name, exc_info=error)
            try:
                async with asyncio.timeout(RESTART):
                    await stop.wait()
            except TimeoutError:
                continue
