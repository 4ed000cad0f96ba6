"""One reader of the log for all visitors of this process: passes on to each what has become visible to them."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Agent
from hub.events.definitions import MessageStatusChanged, tags_of
from hub.events.log import Position, position_of, read_after
from hub.events.models import Entry
from hub.events.tail import Tail
from hub.live.presence import SAID, Ephemeral
from hub.live.protocol import Writing
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel, failures_logged
from hub.signals import Signal
from hub.timeline.models import ContactPoint, Message
from hub.visitors.queries import Spot

BATCH = 500
STATUS_CHANGED = tags_of(MessageStatusChanged)
log = structlog.get_logger("hub.visitors")


class Watcher(Protocol):
    """Receives new messages of one spot: a visitor's open chat."""

    spot: Spot

    async def news(self, session: AsyncSession, places: dict[UUID, Position]) -> None:
        """Show the messages at these positions, as far as they are new."""

    async def read(self, session: AsyncSession) -> None:
        """Show how far the team has read."""

    def typing(self, author: str | None) -> None:
        """Show that an agent is typing an answer."""


class Relay:
    """Reads the log once for all watchers of this process."""

    def __init__(self, context: AppContext) -> None:
        """Begin without watchers; reading starts with the first one."""
        self._context = context
        self._watchers: defaultdict[Spot, set[Watcher]] = defaultdict(set)
        self._tail = Tail(context, "visitors", self._read, is_wanted=lambda: bool(self._watchers))
        self._tasks: list[asyncio.Task[None]] = []

    async def watch(self, watcher: Watcher) -> None:
        """Pass on to this watcher all that is committed once this returns."""
        self._watchers[watcher.spot].add(watcher)
        if not self._tasks:
            self._tasks = [asyncio.create_task(loop) for loop in (self._tail.run(), self._hear())]
        await self._tail.started.wait()

    def leave(self, watcher: Watcher) -> None:
        """Pass on nothing more to this watcher."""
        self._watchers[watcher.spot].discard(watcher)
        if not self._watchers[watcher.spot]:
            del self._watchers[watcher.spot]

    def watchers(self, spot: Spot) -> tuple[Watcher, ...]:
        """Return the watchers of a spot."""
        return tuple(self._watchers.get(spot, ()))

    def count(self, spot: Spot) -> int:
        """Return how many watchers a spot has."""
        return len(self._watchers.get(spot, ()))

    async def close(self) -> None:
        """Stop reading."""
        await cancel(*self._tasks)

    async def _hear(self) -> None:
        """Pass on which agents are typing an answer."""
        subscription = await self._context.signals.subscribe(SAID, limit=1000)
        async for signal in subscription:
            if isinstance(signal, Signal):
                with failures_logged(log, "visitors.typing_failed"):
                    await self._typing(signal.payload)

    async def _typing(self, payload: bytes) -> None:
        frame = msgspec.json.decode(payload, type=Ephemeral).frame
        if not isinstance(frame, Writing) or frame.agent_id is None or frame.mode != "reply" or not self._watchers:
            return
        async with self._context.transaction() as session:
            author = await session.scalar(select(Agent.name).where(Agent.id == frame.agent_id))
            for watcher in await self._watching(session, {frame.conversation_id}):
                watcher.typing(author)

    async def _read(self, after: Position) -> Position | None:
        """Pass on the entries after a position; return the position of the last of them, None where there is none."""
        async with self._context.transaction() as session:
            entries = await read_after(session, after, limit=BATCH)
            await self._tell(session, entries)
        return position_of(entries[-1]) if entries else None

    async def _tell(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        if not entries:
            return
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
        """Return the watchers who have one of these conversations open in the chat."""
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
    """Return the positions of messages by the watched spots at which they appear."""
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
