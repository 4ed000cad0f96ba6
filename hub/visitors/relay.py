"""One reader of the log for all visitors of this process: it hands each what has become theirs to see."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.events.definitions import MessageStatusChanged, tags_of
from hub.events.log import Position, behind, now_at, since
from hub.events.models import Entry
from hub.live.presence import SAID, Ephemeral
from hub.live.protocol import Writing
from hub.runtime.context import BELL, AppContext
from hub.signals import Signal, Subscription
from hub.timeline.models import ContactPoint, Message
from hub.visitors.queries import Spot

FLOOR = 1.5  # seconds between looks when no bell is heard
SOON = 0.005  # and while a running transaction hides what was rung for, twice as long each time
AGAIN = 0.5  # seconds after a failure
BATCH = 500
STATUS_CHANGED = tags_of(MessageStatusChanged)
log = structlog.get_logger("hub.visitors")


class Watcher(Protocol):
    """Somebody who wants to know of new messages at one spot."""

    spot: Spot

    async def news(self, session: AsyncSession, places: dict[UUID, Position]) -> None:
        """These messages may be new."""

    async def read(self, session: AsyncSession) -> None:
        """The team has read something."""

    def typing(self, author: str | None) -> None:
        """Somebody answers just now."""


class Relay:
    """Reads the log once for everybody who watches."""

    def __init__(self, context: AppContext) -> None:
        """Begin with nobody watching."""
        self._context = context
        self._watchers: defaultdict[Spot, set[Watcher]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._reading = asyncio.Event()

    async def watch(self, watcher: Watcher) -> None:
        """Tell this one of all that is committed from now on."""
        self._watchers[watcher.spot].add(watcher)
        if self._task is None or self._task.done():
            self._reading.clear()
            self._task = asyncio.create_task(self._run(), name="visitors")
        await self._reading.wait()

    def leave(self, watcher: Watcher) -> None:
        """Tell this one no more."""
        self._watchers[watcher.spot].discard(watcher)
        if not self._watchers[watcher.spot]:
            del self._watchers[watcher.spot]

    def watchers(self, spot: Spot) -> tuple[Watcher, ...]:
        """Tell who watches this spot."""
        return tuple(self._watchers.get(spot, ()))

    def count(self, spot: Spot) -> int:
        """How many watch this spot."""
        return len(self._watchers.get(spot, ()))

    async def close(self) -> None:
        """Stop reading."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        bell = await self._context.signals.subscribe(BELL, SAID, limit=1000)
        try:
            await self._read(bell)
        finally:
            await self._context.signals.unsubscribe(bell)

    async def _read(self, bell: Subscription) -> None:
        after, soon = None, SOON
        while True:
            try:
                after, hidden = await self._look(after)
                self._reading.set()
                soon = min(2 * soon, FLOOR)
                async with asyncio.timeout(soon if hidden else FLOOR):
                    await self._hear(bell)
                    soon = SOON
            except TimeoutError:
                continue
            except Exception as error:
                log.warning("visitors wait for the database", error=str(error))
                await asyncio.sleep(AGAIN)

    async def _hear(self, bell: Subscription) -> None:
        """Wait until there may be something new in the log; pass on who is typing meanwhile."""
        while True:
            heard = await bell.batch()
            for signal in heard:
                if isinstance(signal, Signal) and signal.topic == SAID:
                    await self._typing(signal.payload)
            if any(not isinstance(signal, Signal) or signal.topic == BELL for signal in heard):
                return

    async def _typing(self, payload: bytes) -> None:
        frame = msgspec.json.decode(payload, type=Ephemeral).frame
        if not isinstance(frame, Writing) or frame.agent_id is None or frame.mode != "reply" or not self._watchers:
            return
        async with self._context.transaction() as session:
            author = await session.scalar(select(Agent.name).where(Agent.id == frame.agent_id))
            for watcher in await self._watching(session, {frame.conversation_id}):
                watcher.typing(author)

    async def _look(self, after: Position | None) -> tuple[Position, bool]:
        """Read on; tell how far, and whether more is written that a running transaction may still precede."""
        async with self._context.transaction() as session:
            if after is None or not self._watchers:
                return await now_at(session), False
            while entries := await since(session, after, limit=BATCH):
                after = Position(entries[-1].xid, entries[-1].position)
                await self._tell(session, entries)
            return after, await behind(session, after, limit=1) > 0

    async def _tell(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        places = {UUID(e.event["message_id"]): Position(e.xid, e.position) for e in entries if _appears(e)}
        for spot, some in (await _spots(session, places, self._watchers)).items():
            for watcher in tuple(self._watchers.get(spot, ())):
                await watcher.news(session, some)
        read = {e.conversation_id for e in entries if e.event["type"] == "read_marked" and e.conversation_id}
        if read:
            await self._tell_read(session, read)

    async def _tell_read(self, session: AsyncSession, conversations: set[UUID]) -> None:
        for watcher in await self._watching(session, conversations):
            await watcher.read(session)

    async def _watching(self, session: AsyncSession, conversations: set[UUID]) -> list[Watcher]:
        """Find who has one of these conversations open in the chat."""
        found = select(Message.channel_id, ContactPoint.value).join(ContactPoint, ContactPoint.id == Message.point_id)
        rows = await session.execute(found.where(Message.conversation_id.in_(conversations)).distinct())
        spots = [Spot(channel_id=id_, point_value=value) for id_, value in rows if id_ is not None]
        return [watcher for spot in spots for watcher in self._watchers.get(spot, ())]


def _appears(entry: Entry) -> bool:
    event: dict[str, object] = entry.event
    return event["type"] == "message_received" or (event["type"] in STATUS_CHANGED and event["status"] == "sent")


async def _spots(
    session: AsyncSession,
    places: dict[UUID, Position],
    watched: dict[Spot, set[Watcher]],
) -> dict[Spot, dict[UUID, Position]]:
    """Sort messages by the spots that somebody watches."""
    sorted_: dict[Spot, dict[UUID, Position]] = defaultdict(dict)
    if not places:
        return sorted_
    found = select(Message.id, Message.channel_id, ContactPoint.value)
    rows = await session.execute(
        found.join(ContactPoint, ContactPoint.id == Message.point_id).where(Message.id.in_(places)),
    )
    for message_id, channel_id, value in rows:
        if channel_id is not None and (spot := Spot(channel_id=channel_id, point_value=value)) in watched:
            sorted_[spot][message_id] = places[message_id]
    return sorted_
