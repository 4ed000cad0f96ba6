"""Presence: the agents who are online, look at a conversation, or are typing. Never logged and never replayed."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from uuid import UUID

import msgspec

from hub.live.protocol import Viewing, Writing
from hub.runtime.context import AppContext
from hub.storage.database import new_id
from hub.timeline.conversations import team_and_assignee

SAID = "live"  # topic of frames that go to every process
ROOM = "inbox"  # room of the agents who have the inbox open, and topic of changes in it
PRESENT_FOR = timedelta(seconds=60)
LOOKS_FOR = timedelta(seconds=45)


class Ephemeral(msgspec.Struct, frozen=True, kw_only=True):
    """A frame on its way between processes, with the scope of its conversation: only agents who see that get it."""

    frame: Viewing | Writing
    team_id: UUID | None
    assignee_id: UUID | None


class Presence:
    """Which agents are here and what they look at, over all processes."""

    def __init__(self, context: AppContext) -> None:
        """Begin without agents."""
        self._context = context
        self._process = new_id()
        self._told: dict[UUID, tuple[UUID, ...]] = {}
        self.online: tuple[UUID, ...] = ()  # the agents who have the inbox open, in any process

    async def move(self, came: Collection[UUID], gone: Collection[UUID]) -> None:
        """Note that agents opened the inbox here (or still have it open) and others closed it.

        Brings `online` up to date, and signals other processes when it has changed.
        """
        for agent_id in gone:
            await self._context.signals.leave(ROOM, self._member(agent_id))
        for agent_id in came:
            await self._context.signals.join(ROOM, self._member(agent_id), PRESENT_FOR)
        before = self.online
        self.online = _agents(await self._context.signals.members(ROOM))
        if self.online != before and (came or gone):
            await self._context.signals.publish(ROOM, b"")

    def _member(self, agent_id: UUID) -> str:
        return f"{agent_id}/{self._process}"

    async def still_looks(self, member: str, conversation_id: UUID) -> None:
        """Note that a socket still shows a conversation; announce it when other sockets came or vanished."""
        await self._context.signals.join(f"viewing:{conversation_id}", member, LOOKS_FOR)
        agents = _agents(await self._context.signals.members(f"viewing:{conversation_id}"))
        if self._told.get(conversation_id) != agents:
            await self._tell_viewing(conversation_id)

    async def look(self, member: str, old: UUID | None, new: UUID | None) -> None:
        """Note that a socket shows another conversation (None: none); announce it for the old and the new one."""
        if old is not None and old != new:
            await self._context.signals.leave(f"viewing:{old}", member)
            await self._tell_viewing(old)
        if new is not None:
            await self._context.signals.join(f"viewing:{new}", member, LOOKS_FOR)
            await self._tell_viewing(new)

    async def is_for(self, conversation_id: UUID, allowed: Callable[[UUID | None, UUID | None], bool]) -> bool:
        """Return whether there is such a conversation and `allowed` accepts its team and assignee."""
        async with self._context.transaction() as session:
            place = await team_and_assignee(session, conversation_id)
        return place is not None and allowed(*place)

    async def say(self, frame: Viewing | Writing, *, allowed: Callable[[UUID | None, UUID | None], bool]) -> None:
        """Send a frame to all processes, if `allowed` accepts the team and assignee of its conversation."""
        async with self._context.transaction() as session:
            place = await team_and_assignee(session, frame.conversation_id)
        if place is not None and allowed(*place):
            said = Ephemeral(frame=frame, team_id=place[0], assignee_id=place[1])
            await self._context.signals.publish(SAID, msgspec.json.encode(said))

    async def _tell_viewing(self, conversation_id: UUID) -> None:
        members = await self._context.signals.members(f"viewing:{conversation_id}")
        frame = Viewing(conversation_id=conversation_id, agents=_agents(members))
        self._told[conversation_id] = frame.agents
        if not frame.agents:
            del self._told[conversation_id]
        await self.say(frame, allowed=lambda *_: True)


def _agents(members: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(sorted({UUID(member.partition("/")[0]) for member in members}))
