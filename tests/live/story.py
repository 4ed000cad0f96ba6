"""The story of one customer, and the registry of actions."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.channels.accounts import Connections
from hub.delivery import worker
from hub.storage.database import new_id, now
from tests.fakes.provider import Provider
from tests.live.client import Screen
from tests.live.company import Customer, LiveCompany, until

Act = Callable[["Story"], Awaitable[None]]

PROVIDERS: list[Provider] = []


@dataclass
class Story:
    """One action and its parameters."""

    live: LiveCompany
    customer: Customer
    mail_id: str = ""

    @property
    def olga(self) -> Screen:
        return self.live.screens["olga"]

    @property
    def ann(self) -> Screen:
        return self.live.screens["ann"]

    @property
    def zoe(self) -> Screen:
        return self.live.screens["zoe"]

    def id_of(self, name: str) -> str:
        return str(self.live.people[name])

    async def put(self, what: str, body: object) -> Any:
        """Ann does something with the conversation."""
        return await self.ann.ask("PUT", f"{self.customer.path}/{what}", body)

    async def reply(self, **more: object) -> str:
        written = {**self.customer.reply(), "undo_seconds": 30, **more}
        await self.ann.ask("POST", f"{self.customer.path}/replies", written)
        return str(written["id"])

    async def note(self, *mentions: str) -> None:
        written = {"id": str(new_id()), "text": "Look at this.", "mentions": [self.id_of(name) for name in mentions]}
        await self.ann.ask("POST", f"{self.customer.path}/notes", written)

    async def assign(self, agent: str | None = None, team: UUID | None = None) -> None:
        body = {"agent_id": self.id_of(agent) if agent else None, "team_id": str(team) if team else None}
        await self.olga.ask("PUT", f"{self.customer.path}/assignment", body)

    async def snooze(self) -> None:
        await self.put("snooze", {"until": (now() + timedelta(hours=1)).isoformat()})

    async def resolve(self) -> None:
        await self.put("resolution", {})

    async def sent(self, *script: str) -> None:
        """Reply, and let the worker send until the message has reached its final state.

        The script holds for this message alone: replies of earlier actions may fall due at the same time.
        """
        text = f"Answer {new_id()}"
        PROVIDERS[-1].scripts[text] = deque(script)
        await self.live.caught_up(self.ann)
        await self.ann.follow()  # so that the history is on her screen
        message_id = await self.reply(undo_seconds=0, text=text)
        wanted = {"sent", "failed", "doubtful"}

        def there() -> bool:
            thread = self.ann.state.threads[self.customer.contact_id]
            return thread.get(message_id, {}).get("status") in wanted

        async with _sending(self.live):
            await until(there)

    async def delivery(self, state: str) -> str:
        """Return the id of this conversation's delivery in a state."""
        page = await self.olga.ask("GET", f"/deliveries?state={state}")
        return str(next(one["id"] for one in page["items"] if one["conversation_id"] == self.customer.conversation_id))


@asynccontextmanager
async def _sending(live: LiveCompany) -> AsyncIterator[None]:
    stop = asyncio.Event()
    loop = asyncio.create_task(worker.run(live.context, live.context.shared(Connections), stop))
    try:
        yield
    finally:
        stop.set()
        await loop


@dataclass
class Action:
    """An action: its preparation, the action to verify, and the events that must report it."""

    act: Act
    tells: frozenset[str]
    first: tuple[Act, ...] = ()
    hidden: bool = True  # an agent of another team receives no event of it
    operation: str | None = None  # the operation id that it verifies; None: none, or another action does


ACTIONS: dict[str, Action] = {}


def action(
    *tells: str, first: tuple[Act, ...] = (), hidden: bool = True, operation: str | None = None
) -> Callable[[Act], Act]:
    def add(act: Act) -> Act:
        ACTIONS[act.__name__] = Action(act, frozenset(tells), first, hidden, operation)
        return act

    return add
