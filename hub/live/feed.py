"""The live feed of one process: relays the log to the agents' sockets, each seeing only what they may."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from uuid import UUID

import msgspec

from hub.access import sessions as access
from hub.access.rights import Viewer
from hub.access.scope import sees
from hub.access.sessions import AccessSignal
from hub.errors import Unavailable
from hub.events import definitions as events
from hub.events import log
from hub.inbox.queries import tally
from hub.inbox.views import Tally
from hub.live.connections import Connection, is_meant, kind_of
from hub.live.frames import Batch, payload
from hub.live.last_scope import LastScopes
from hub.live.presence import ROOM, SAID, Ephemeral, Presence
from hub.live.protocol import Close, Counted, Present, Reset
from hub.live.replay import Replay
from hub.routing import availability
from hub.runtime.context import BELL, AppContext
from hub.runtime.loops import log_failure, run_every
from hub.runtime.websocket import framed
from hub.signals import Gap, Signal, Subscription
from hub.storage.database import now

POLL = 1.5  # seconds; the floor under every bell
SOON = 0.005
GATHERS = 0.1  # seconds: after a batch it rests as long as that took, at most this, so that a crowd gets larger batches
BEAT = 25.0
SLICE = 500  # sockets served before others get a turn
MOVES_EVERY = 1.0
SEEN_EVERY = 20.0
CHECK_EVERY = 4.0
COUNT_EVERY = 0.5
COUNT_WITHIN = 2.0  # numbers are never older than this and what it takes to count
NOTHING = framed(b"[]")


class Feed:
    """All sockets of one process, and the loops that keep them up to date."""

    def __init__(self, context: AppContext) -> None:
        """Begin without sockets; the loops start with the first one."""
        self._context = context
        self._tasks: list[asyncio.Task[None]] = []
        self._starting = asyncio.Lock()
        self._relaying = asyncio.Lock()
        self._stale = asyncio.Event()
        self._replay = Replay(context)
        self._places = LastScopes()
        self._moved = asyncio.Event()
        self._came: set[UUID] = set()
        self._gone: set[UUID] = set()
        self.presence = context.one(Presence)
        self.connections: dict[UUID, Connection] = {}
        self.sockets: dict[UUID, int] = {}  # how many each agent has
        self.at = log.Position(0, 0)

    async def start(self) -> None:
        """Start the loops, once."""
        async with self._starting:
            if self._tasks:
                return
            self.at = await self._replay.begin()
            loops = [self._relay(), self._hear(), self._beat(), self._count(), self._announce()]
            loops += [run_every(CHECK_EVERY, self._check), run_every(SEEN_EVERY, self._see)]
            self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def close(self) -> None:
        """Tell everybody to come back, and stop."""
        for connection in self.connections.values():
            connection.end(Close.RESTART)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def join(self, connection: Connection, after: log.Position | None) -> None:
        """Replay what a socket has missed, then let it have everything that comes."""
        await self.start()
        if after is not None:
            after = await self._catch_up(connection, after)
        async with self._relaying:  # so that nothing falls between the replay and the relay
            if after is not None and after < self.at:
                await self._catch_up(connection, after)
            self.connections[connection.id] = connection
            connection.live = True
        agent_id = connection.viewer.agent_id
        self.sockets[agent_id] = self.sockets.get(agent_id, 0) + 1
        self._came.add(agent_id)
        self._moved.set()
        self._stale.set()

    async def leave(self, connection: Connection) -> None:
        """Forget a socket."""
        connection.outlet.close()
        if self.connections.pop(connection.id, None) is not None:
            self._left(connection.viewer.agent_id)
        await self.presence.look(connection.member, connection.looks_at, None)

    def _left(self, agent_id: UUID) -> None:
        self.sockets[agent_id] -= 1
        if not self.sockets[agent_id]:
            del self.sockets[agent_id]
            self._gone.add(agent_id)
            self._moved.set()

    async def _catch_up(self, connection: Connection, after: log.Position) -> log.Position:
        """Send what lies between a place and where the relay is; gives the place that is reached."""
        if not await self._replay.may_go_on(after, self.at):
            connection.send(Reset(reason="too_old", cursor=str(self.at)))
            return self.at
        while after < (at := self.at):
            batch = await self._replay.between(after, at)
            if batch is not None:
                connection.put(payload(batch, connection.viewer, connection.kind) or NOTHING)
            after = at if batch is None else batch.position
        return after

    async def _relay(self) -> None:
        """Read on in the log at every bell, and at least each `POLL`."""
        bell, soon = await self._context.signals.subscribe(BELL), SOON
        while True:
            batch, began = None, time.monotonic()
            try:
                async with self._relaying:
                    batch = await self._replay.read(self.at, self._places)
                    if batch is not None:
                        self._pass_on(batch)
                if batch is not None:
                    await self._adapt(line.event for line in batch.lines)
            except Exception as error:
                log_failure("feed.relay_failed", error)
                await asyncio.sleep(0.5)
            if batch is None:
                soon = await self._rest(bell, soon)
            else:
                soon = SOON
                await asyncio.sleep(min(GATHERS, time.monotonic() - began))

    async def _rest(self, bell: Subscription, soon: float) -> float:
        """Wait for a bell; where a running transaction still hides what was rung for, look again `soon`."""
        with contextlib.suppress(TimeoutError, Unavailable):
            hidden = await self._replay.is_hidden(self.at)
            async with asyncio.timeout(soon if hidden else POLL):
                await bell.batch()
                return SOON
        return min(2 * soon, POLL)

    def _pass_on(self, batch: Batch) -> None:
        self.at = batch.position
        for connection in list(self.connections.values()):
            frame = payload(batch, connection.viewer, connection.kind)
            if frame:
                connection.put(frame)
        self._stale.set()

    async def _adapt(self, happened: Iterable[events.Event]) -> None:
        """Give agents whose role or teams changed their new rights, and have them look afresh."""
        changed = {event.agent_id for event in happened if isinstance(event, events.AgentChanged)}
        concerned = [one for one in self.connections.values() if one.viewer.agent_id in changed]
        if concerned:
            await self._renew(concerned)

    async def _renew(self, concerned: list[Connection]) -> None:
        """Ask again what these may do; whoever may do nothing any more is shown out."""
        async with self._context.transaction() as session:
            viewers = await access.current_viewers(session, [one.sign_in for one in concerned])
            who = [one.sign_in for one in concerned]
            alive = await access.still_valid(session, who, settings=self._context.settings, now=now())
        for connection in concerned:
            viewer = viewers.get(connection.viewer.agent_id)
            if viewer is None or (connection.sign_in.sign_in_id or connection.sign_in.token_id) not in alive:
                connection.end(Close.SIGNED_OUT)
            elif viewer != connection.viewer:
                self._give(connection, msgspec.structs.replace(viewer, scopes=connection.viewer.scopes))

    def _give(self, connection: Connection, viewer: Viewer) -> None:
        if kind_of(viewer) != connection.kind:
            connection.viewer, connection.kind = viewer, kind_of(viewer)
            connection.send(Reset(reason="rights_changed", cursor=str(self.at)))

    async def _hear(self) -> None:
        """Pass on what other processes and sockets say: looking, writing, presence, revoked sessions."""
        heard = await self._context.signals.subscribe(SAID, ROOM, access.TOPIC)
        async for signal in heard:
            try:
                await self._on_signal(signal)
            except Exception as error:
                log_failure("feed.signal_failed", error)

    async def _on_signal(self, signal: Signal | Gap) -> None:
        if isinstance(signal, Gap):
            await self._renew(list(self.connections.values()))
        elif signal.topic == SAID:
            said = msgspec.json.decode(signal.payload, type=Ephemeral)
            self._to(lambda one: sees(one.viewer, said.team_id, said.assignee_id), said.frame)
        elif signal.topic == ROOM:
            self._moved.set()
        else:
            await self._nudged(msgspec.json.decode(signal.payload, type=AccessSignal))

    async def _nudged(self, nudge: AccessSignal) -> None:
        """Show out whose session has ended; ask again what the others may do."""
        meant = [one for one in self.connections.values() if is_meant(nudge, one)]
        if not nudge.revoked:
            await self._renew(meant)
            return
        for connection in meant:
            connection.end(Close.SIGNED_OUT)

    def _to(self, wanted: Callable[[Connection], bool], frame: object) -> None:
        written = framed(msgspec.json.encode([frame]))
        for connection in list(self.connections.values()):
            if wanted(connection):
                connection.put(written)

    async def _beat(self) -> None:
        """Send everybody an empty frame, so that clients know the line is open; in slices, so that nobody waits."""
        while True:
            await asyncio.sleep(BEAT)
            for n, connection in enumerate(list(self.connections.values())):
                connection.put(NOTHING)
                if n % SLICE == 0:
                    await asyncio.sleep(0)

    async def _announce(self) -> None:
        """Tell who came and who went, however many in one go; what costs more is done less often."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            began = time.monotonic()
            try:
                await self._tell_moves()
            except Exception as error:
                self._moved.set()
                log_failure("feed.presence_failed", error)
            await asyncio.sleep(max(MOVES_EVERY, 5 * (time.monotonic() - began)))

    async def _tell_moves(self) -> None:
        gone, self._gone = self._gone - self.sockets.keys(), set()
        came = {agent_id for agent_id in self._came if agent_id in self.sockets}
        await self.presence.move(came, gone)
        async with self._context.transaction() as session:
            await availability.seen(session, came)
        self._came -= came
        present = framed(msgspec.json.encode([Present(online=self.presence.online)]))
        for connection in list(self.connections.values()):
            if connection.present != present:
                connection.present = present
                connection.put(present)

    async def _check(self) -> None:
        """Close the sockets of sessions that have ended; two queries for all."""
        await self._renew(list(self.connections.values()))

    async def _see(self) -> None:
        """Tell the router and the other processes who is still here."""
        self._came |= self.sockets.keys()
        self._moved.set()
        for one in list(self.connections.values()):
            if one.looks_at is not None:
                await self.presence.still_looks(one.member, one.looks_at)

    async def _count(self) -> None:
        """Count anew after changes, at most each `COUNT_EVERY`, and tell those whose numbers changed."""
        while True:
            await self._stale.wait()
            self._stale.clear()
            began = time.monotonic()
            try:
                async with self._context.transaction() as session:
                    counted = await tally(session)
                self._tell_counts(counted)
            except Exception as error:
                log_failure("feed.count_failed", error)
            await asyncio.sleep(max(COUNT_EVERY, min(COUNT_WITHIN, 10 * (time.monotonic() - began))))

    def _tell_counts(self, counted: Tally) -> None:
        by_agent: dict[UUID, bytes] = {}
        for connection in list(self.connections.values()):
            agent_id = connection.viewer.agent_id
            if agent_id not in by_agent:
                counts = Counted(counts=counted.counts(connection.viewer))
                by_agent[agent_id] = framed(msgspec.json.encode([counts]))
            if connection.counts != by_agent[agent_id]:
                connection.counts = by_agent[agent_id]
                connection.put(connection.counts)
