"""Run the worker: every loop that does not answer requests, in one task group, and the command `hub work`."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hub.admin import cleanup
from hub.channels.accounts import Connections
from hub.delivery import worker as delivery
from hub.demo.mailboxes import DemoMailboxes
from hub.entrypoints import process
from hub.intake import listeners, mail_server, pipeline
from hub.intake.pipeline import Intake
from hub.routing import worker as routing
from hub.runtime import logs
from hub.runtime.context import AppContext
from hub.runtime.loops import log_failure, pause
from hub.settings import Settings

Loop = Callable[[asyncio.Event], Awaitable[None]]
RESTART = 1.0  # seconds before a loop that failed is started again

log = structlog.get_logger("hub.worker")


def main(settings: Settings) -> None:
    """Run the worker alone: `hub work`."""
    logs.set_up(settings)
    process.run(_work_alone(settings, process.database_url(settings, None)))


async def _work_alone(settings: Settings, url: str) -> None:
    async with process.context_for(settings, url) as context:
        await run(context, process.stop_event())


def loops(context: AppContext) -> dict[str, Loop]:
    """Return the worker's loops by name, each with the parts that it needs; each runs until its event is set."""
    intake, connections = context.shared(Intake), context.shared(Connections)
    return {
        "intake": lambda stop: pipeline.run(context, intake.readers, stop),
        "routing": lambda stop: routing.run(context, stop),
        "delivery": lambda stop: delivery.run(context, connections, stop),
        "listeners": lambda stop: listeners.run(context, stop, intake.keep),
        "mail server": lambda stop: mail_server.run(context, stop, intake.keep, DemoMailboxes()),
        "cleanup": lambda stop: cleanup.run(context, stop),
    }


async def run(context: AppContext, stop: asyncio.Event) -> None:
    """Run all loops until `stop` is set; log the failure of a loop and start it again."""
    async with asyncio.TaskGroup() as group:
        for name, loop in loops(context).items():
            group.create_task(_keep_running(name, loop, stop), name=name)


async def _keep_running(name: str, loop: Loop, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await loop(stop)
        except Exception as error:
            log_failure(log, "worker.loop_failed", error, loop=name)
            await pause(stop, RESTART)
