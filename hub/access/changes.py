"""What the floors above do when people or teams change; `state.changes` holds one of these."""

from typing import Protocol
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from hub.access.models import Purpose
from hub.access.rights import Intent


class Letter(Struct, frozen=True, kw_only=True):
    """A link on its way to somebody by mail."""

    purpose: Purpose
    email: str
    name: str
    language: str
    url: str


class Changes(Protocol):
    """Notes a change in the log, within the same transaction; tells and sends what access cannot know."""

    async def agent(self, session: AsyncSession, agent_id: UUID) -> None:
        """Note that an agent was invited, changed or disabled."""

    async def team(self, session: AsyncSession, team_id: UUID) -> None:
        """Note that a team was made, changed or removed."""

    async def intent(self, session: AsyncSession, agent_id: UUID) -> Intent:
        """Tell whether somebody takes new work."""
        ...

    async def letter(self, letter: Letter) -> None:
        """Mail a link; it is called outside of any transaction."""
