"""What is not in the log and never replayed: who has the inbox open, who looks at what, who is writing."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

import msgspec

from hub.ground import Ground
from hub.inbox.queries import place_of
from hub.inbox.wire import Viewing, Writing

SAID = "live"
ROOM = "inbox"
PRESENT_FOR = timedelta(seconds=60)
LOOKS_FOR = timedelta(seconds=45)


class Ephemeral(msgspec.Struct, frozen=True, kw_only=True):
    """Looking and writing, between processes: with what it takes to know who may be told."""

    frame: Viewing | Writing
    team_id: UUID | None
    assignee_id: UUID | None


class Presence:
    """Who is here, over all processes."""

    def __init__(self, ground: Ground) -> None:
        """Begin with nobody."""
        self._ground = ground
        self._members: frozenset[str] = frozenset()

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def online(self) -> tuple[UUID, ...]:
        """Who has the inbox open."""
        return _agents(self._members)

    async def enter(self, member: str) -> None:
        """Somebody opened the inbox, or still has it open."""
        await self._ground.signals.join(ROOM, member, PRESENT_FOR)

    async def leave(self, member: str) -> None:
        """Somebody closed it."""
        await self._ground.signals.leave(ROOM, member)

    async def refresh(self) -> bool:
        """Look who is here; whether that has changed."""
        before = self.online
        self._members = await self._ground.signals.members(ROOM)
        return self.online != before

    async def tell(self) -> None:
        """Have every process look, when somebody came or went."""
        if await self.refresh():
            await self._ground.signals.publish(ROOM, b"")

    async def look(self, member: str, old: UUID | None, new: UUID | None) -> None:
        """Somebody looks at another conversation; tell those who look at the old and at the new one."""
        if old is not None and old != new:
            await self._ground.signals.leave(f"viewing:{old}", member)
            await self._tell_viewing(old)
        if new is not None:
            await self._ground.signals.join(f"viewing:{new}", member, LOOKS_FOR)
            await self._tell_viewing(new)

    async def say(self, frame: Viewing | Writing, *, allowed: Callable[[UUID | None, UUID | None], bool]) -> None:
        """Tell all processes, if `allowed` by the team and the assignee of the conversation."""
        async with self._ground.transaction() as session:
            place = await place_of(session, frame.conversation_id)
        if place is not None and allowed(*place):
            said = Ephemeral(frame=frame, team_id=place[0], assignee_id=place[1])
            await self._ground.signals.publish(SAID, msgspec.json.encode(said))

    async def _tell_viewing(self, conversation_id: UUID) -> None:
        members = await self._ground.signals.members(f"viewing:{conversation_id}")
        frame = Viewing(conversation_id=conversation_id, agents=_agents(members))
        await self.say(frame, allowed=lambda *_: True)


def _agents(members: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(sorted({UUID(member.partition("/")[0]) for member in members}))
