"""One reader of the log for all visitors of this process: sends each visitor the messages that became visible."""

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
from hub.live.presence import FRAME_TOPIC, Ephemeral
from hub.live.protocol import Writing
from hub.runtime.context import AppContext
from hub.runtime.loops import cancel, failures_logged
from hub.signals import Signal
from hub.timeline.models import ContactPoint, Message
from hub.visitors.queries import ChatScope

BATCH = 500
STATUS_CHANGED = tags_of(MessageStatusChanged)
log = structlog.get_logger("hub.visitors")


class Watcher(Protocol):
    """Receives new messages of one scope: a visitor's open chat."""

    scope: ChatScope

    async def send_new_messages(self, session: AsyncSession, positions: dict[UUID, Position]) -> None:
        """Send those of these messages, by id with their positions, that are new."""

    async def send_read_time(self, session: AsyncSession) -> None:
        """Send the time up to which the team has read."""

    def send_typing(self, author: str | None) -> None:
        """Send that an agent is typing an answer; None: without a name."""


class Relay:
    """Reads the log once for all watchers of this process."""

    def __init__(self, context: AppContext) -> None:
        """Begin without watchers; reading starts with the first one."""
        self._context = context
        self._watchers: defaultdict[ChatScope, set[Watcher]] = defaultdict(set)
        self._tail = Tail(context, "visitors", self._read, is_wanted=lambda: bool(self._watchers))
        self._tasks: list[asyncio.Task[None]] = []

    async def add(self, watcher: Watcher) -> None:
        """Add a watcher; it gets every message that is committed after this returns."""
        self._watchers[watcher.scope].add(watcher)
        if not self._tasks:
            self._tasks = [asyncio.create_task(loop) for loop in (self._tail.run(), self._relay_typing())]
        await self._tail.started.wait()

    def remove(self, watcher: Watcher) -> None:
        """Remove a watcher."""
        self._watchers[watcher.scope].discard(watcher)
        if not self._watchers[watcher.scope]:
            del self._watchers[watcher.scope]

    def watchers_of(self, scope: ChatScope) -> tuple[Watcher, ...]:
        """Return the watchers of a scope."""
        return tuple(self._watchers.get(scope, ()))

    def count(self, scope: ChatScope) -> int:
        """Return how many watchers a scope has."""
        return len(self._watchers.get(scope, ()))

    async def close(self) -> None:
        """Stop reading."""
        await cancel(*self._tasks)

    async def _relay_typing(self) -> None:
        """Pass on which agents are typing an answer."""
        subscription = await self._context.signals.subscribe(FRAME_TOPIC, limit=1000)
        async for signal in subscription:
            if isinstance(signal, Signal):
                with failures_logged(log, "visitors.typing_failed"):
                    await self._send_typing(signal.payload)

    async def _send_typing(self, payload: bytes) -> None:
        frame = msgspec.json.decode(payload, type=Ephemeral).frame
        if not isinstance(frame, Writing) or frame.agent_id is None or frame.mode != "reply" or not self._watchers:
            return
        async with self._context.transaction() as session:
            author = await session.scalar(select(Agent.name).where(Agent.id == frame.agent_id))
            for watcher in await self._watchers_in(session, {frame.conversation_id}):
                watcher.send_typing(author)

    async def _read(self, after: Position) -> Position | None:
        """Send the entries after a position; return the position of the last one, None when there is none."""
        async with self._context.transaction() as session:
            entries = await read_after(session, after, limit=BATCH)
            await self._send_entries(session, entries)
        return position_of(entries[-1]) if entries else None

    async def _send_entries(self, session: AsyncSession, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        positions = {
            UUID(entry.event["message_id"]): Position(entry.xid, entry.position)
            for entry in entries
            if _makes_visible(entry)
        }
        for scope, new in (await _positions_by_scope(session, positions, self._watchers)).items():
            for watcher in tuple(self._watchers.get(scope, ())):
                await watcher.send_new_messages(session, new)
        marked = (entry for entry in entries if entry.event["type"] == "read_marked")
        conversations = {entry.conversation_id for entry in marked if entry.conversation_id}
        if conversations:
            await self._send_read_times(session, conversations)

    async def _send_read_times(self, session: AsyncSession, conversations: set[UUID]) -> None:
        for watcher in await self._watchers_in(session, conversations):
            await watcher.send_read_time(session)

    async def _watchers_in(self, session: AsyncSession, conversations: set[UUID]) -> list[Watcher]:
        """Return the watchers who have one of these conversations open in the chat."""
        query = select(Message.channel_id, ContactPoint.value).join(ContactPoint, ContactPoint.id == Message.point_id)
        rows = await session.execute(query.where(Message.conversation_id.in_(conversations)).distinct())
        scopes = [ChatScope(channel_id=id_, point_value=value) for id_, value in rows if id_ is not None]
        return [watcher for scope in scopes for watcher in self._watchers.get(scope, ())]


def _makes_visible(entry: Entry) -> bool:
    event: dict[str, object] = entry.event
    return event["type"] == "message_received" or (event["type"] in STATUS_CHANGED and event["status"] == "sent")


async def _positions_by_scope(
    session: AsyncSession,
    positions: dict[UUID, Position],
    watched: dict[ChatScope, set[Watcher]],
) -> dict[ChatScope, dict[UUID, Position]]:
    """Group the positions of messages by the watched scope that they belong to."""
    by_scope: dict[ChatScope, dict[UUID, Position]] = defaultdict(dict)
    if not positions:
        return by_scope
    query = select(Message.id, Message.channel_id, ContactPoint.value)
    rows = await session.execute(
        query.join(ContactPoint, ContactPoint.id == Message.point_id).where(Message.id.in_(positions)),
    )
    for message_id, channel_id, value in rows:
        if channel_id is not None and (scope := ChatScope(channel_id=channel_id, point_value=value)) in watched:
            by_scope[scope][message_id] = positions[message_id]
    return by_scope
