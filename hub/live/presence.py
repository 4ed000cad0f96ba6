"""Presence: the agents who are online, have a conversation open, or are typing. Never logged and never replayed."""

from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from uuid import UUID

import msgspec

from hub.live.protocol import Viewing, Writing
from hub.runtime.context import AppContext
from hub.storage.database import new_id
from hub.timeline.conversations import team_and_assignee

FRAME_TOPIC = "live"  # topic of frames sent to every process
ONLINE_ROOM = "inbox"  # signal room of the agents who have the inbox open, and topic of its changes
ONLINE_TTL = timedelta(seconds=60)
VIEWING_TTL = timedelta(seconds=45)


class Ephemeral(msgspec.Struct, frozen=True, kw_only=True):
    """A frame sent between processes, with its conversation's team and assignee: only agents who see that get it."""

    frame: Viewing | Writing
    team_id: UUID | None
    assignee_id: UUID | None


class Presence:
    """The agents who are online and the conversations they have open, over all processes."""

    def __init__(self, context: AppContext) -> None:
        """Begin without agents."""
        self._context = context
        self._process = new_id()
        self._announced: dict[UUID, tuple[UUID, ...]] = {}
        self.online: tuple[UUID, ...] = ()  # the agents who have the inbox open, in any process

    async def update_online(self, opened: Collection[UUID], closed: Collection[UUID]) -> None:
        """Record that agents opened the inbox in this process (or still have it open) and others closed it.

        Updates `online`, and signals other processes when it has changed.
        """
        for agent_id in closed:
            await self._context.signals.leave(ONLINE_ROOM, self._member(agent_id))
        for agent_id in opened:
            await self._context.signals.join(ONLINE_ROOM, self._member(agent_id), ONLINE_TTL)
        before = self.online
        self.online = _agents(await self._context.signals.members(ONLINE_ROOM))
        if self.online != before and (opened or closed):
            await self._context.signals.publish(ONLINE_ROOM, b"")

    def _member(self, agent_id: UUID) -> str:
        return f"{agent_id}/{self._process}"

    async def keep_viewing(self, member: str, conversation_id: UUID) -> None:
        """Record that a socket still shows a conversation; announce its viewers if they have changed."""
        await self._context.signals.join(f"viewing:{conversation_id}", member, VIEWING_TTL)
        agents = _agents(await self._context.signals.members(f"viewing:{conversation_id}"))
        if self._announced.get(conversation_id) != agents:
            await self._announce_viewing(conversation_id)

    async def set_viewing(self, member: str, old: UUID | None, new: UUID | None) -> None:
        """Record that a socket shows another conversation (None: none); announce the viewers of the old and the new."""
        if old is not None and old != new:
            await self._context.signals.leave(f"viewing:{old}", member)
            await self._announce_viewing(old)
        if new is not None:
            await self._context.signals.join(f"viewing:{new}", member, VIEWING_TTL)
            await self._announce_viewing(new)

    async def is_allowed(self, conversation_id: UUID, allowed: Callable[[UUID | None, UUID | None], bool]) -> bool:
        """Return whether the conversation exists and `allowed` accepts its team and assignee."""
        async with self._context.transaction() as session:
            place = await team_and_assignee(session, conversation_id)
        return place is not None and allowed(*place)

    async def broadcast(self, frame: Viewing | Writing, *, allowed: Callable[[UUID | None, UUID | None], bool]) -> None:
        """Send a frame to all processes, if `allowed` accepts the team and assignee of its conversation."""
        async with self._context.transaction() as session:
            place = await team_and_assignee(session, frame.conversation_id)
        if place is not None and allowed(*place):
            ephemeral = Ephemeral(frame=frame, team_id=place[0], assignee_id=place[1])
            await self._context.signals.publish(FRAME_TOPIC, msgspec.json.encode(ephemeral))

    async def _announce_viewing(self, conversation_id: UUID) -> None:
        members = await self._context.signals.members(f"viewing:{conversation_id}")
        frame = Viewing(conversation_id=conversation_id, agents=_agents(members))
        self._announced[conversation_id] = frame.agents
        if not frame.agents:
            del self._announced[conversation_id]
        await self.broadcast(frame, allowed=lambda *_: True)


def _agents(members: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(sorted({UUID(member.partition("/")[0]) for member in members}))
